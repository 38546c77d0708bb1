import type { BootstrappedApp } from '../bootstrap/bootstrap.service.js';
import type { Config } from '../config/config.js';

export interface StartFacts {
  readonly config: Config;
  readonly version: string;
  readonly readyInMs: number;
  readonly database: string;
  readonly bridges: { readonly billing: string; readonly keys: string };
  readonly mailer: string;
  readonly hasher: string;
  readonly defaultApp: BootstrappedApp | undefined;
  /** Present while there is no platform owner. */
  readonly setupToken: string | undefined;
}

/** What a person who has just started the service wants to see: where it is, what is real, and one line to try. */
export function startScreen(facts: StartFacts): string {
  const { config, setupToken } = facts;
  const origin = config.http.publicUrl?.href.replace(/\/$/, '') ?? '';
  const url = origin + config.http.pathPrefix;
  const key = facts.defaultApp?.environments.find(({ isDefault }) => isDefault)?.publishableKey ?? '';
  const rows: [string, string][] = [
    ['API', `${url}/v1`],
    ...(config.http.docs ? [['Docs', `${origin}/docs`] satisfies [string, string]] : []),
    ...(config.mail.driver === 'mailbox' ? [['Mailbox', `${origin}/dev/mailbox`] satisfies [string, string]] : []),
    ['Health', `${origin}/health/ready`],
    ['Database', facts.database],
    ['Bridges', `billing: ${describe(facts.bridges.billing)}   keys: ${describe(facts.bridges.keys)}`],
    ['Mail', facts.mailer],
    ['Passwords', facts.hasher],
    ['Publishable key', key === '' ? 'none: there is no default app' : `${key}   (app "default", development)`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  return [
    '',
    `  Authsome ${facts.version} is ready in ${(facts.readyInMs / 1_000).toFixed(1)} s (${config.mode})`,
    '',
    ...lines,
    ...(setupToken === undefined ? [] : setup(url, setupToken, config)),
    '',
    '  Create an account:',
    '',
    `  curl -X POST ${url}/v1/signup -H 'content-type: application/json' -H 'x-publishable-key: ${key}' \\`,
    `    -d '{"email":"ada@example.com","password":"correct horse battery staple"}'`,
    '',
  ].join('\n');
}

function setup(url: string, token: string, config: Config): string[] {
  const minutes = Math.round(config.challenges.setupTtlMs / 60_000);
  return [
    '',
    `  There is no platform owner yet. Create one (works once, within ${minutes} minutes):`,
    '',
    `  curl -X POST ${url}/v1/setup -H 'content-type: application/json' \\`,
    `    -d '{"token":"${token}","email":"owner@example.com","password":"choose a long passphrase"}'`,
  ];
}

function describe(bridge: string): string {
  return bridge === 'noop' ? 'noop (not connected)' : bridge;
}
