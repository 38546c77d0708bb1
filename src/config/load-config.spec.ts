import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allVariables, ConfigError, type Environment, loadConfig, withValues } from './load-config.js';

const key = (bytes: Buffer, id = 'k1'): string => `${id}:${bytes.toString('base64')}`;

/** The least that production takes. */
const PRODUCTION: Environment = {
  AUTHSOME_MODE: 'production',
  AUTHSOME_DATABASE_URL: 'postgres://authsome:secret@db.internal/authsome',
  AUTHSOME_SECRETS: key(randomBytes(32)),
  AUTHSOME_PUBLIC_URL: 'https://auth.example.com',
  AUTHSOME_MAIL_DRIVER: 'log',
  AUTHSOME_BILLING: 'noop',
};

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const folder = mkdtempSync(path.join(tmpdir(), 'authsome-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileWith(text: string): string {
  const file = path.join(folder, randomBytes(6).toString('hex'));
  writeFileSync(file, text);
  return file;
}

describe('the configuration in development', () => {
  it('needs nothing', () => {
    const config = loadConfig({});
    expect(config.isProduction).toBe(false);
    expect(config.http.host).toBe('127.0.0.1');
    expect(config.mail.driver).toBe('mailbox');
  });

  it('is frozen, so that nothing changes it at run time', () => {
    const config = loadConfig({});
    expect(() => Object.assign(config.http, { port: 1 })).toThrow(TypeError);
    expect(() => Object.assign(config, { http: {} })).toThrow(TypeError);
  });

  it('reads durations as milliseconds, sizes as bytes and rates as counts', () => {
    const config = loadConfig({
      AUTHSOME_ACCESS_TOKEN_TTL: '90s',
      AUTHSOME_BODY_LIMIT: '1mb',
      AUTHSOME_LIMIT_SIGNIN_PER_IP: '3/5m',
    });
    expect(config.sessions.accessTokenTtlMs).toBe(90_000);
    expect(config.http.bodyLimitBytes).toBe(1_048_576);
    expect(config.limits.signInPerIp).toEqual({ count: 3, windowMs: 300_000 });
  });

  it('takes an empty variable for an absent one: Compose files cannot unset', () => {
    expect(loadConfig({ AUTHSOME_PORT: '', AUTHSOME_SECRETS: '', AUTHSOME_SECRETS_FILE: '' }).http.port).toBe(3_000);
  });

  it('replaces single values and keeps the rest', () => {
    const config = loadConfig({ AUTHSOME_PORT: '4000' });
    const changed = withValues(config, { http: { host: '::1' } });
    expect([changed.http.port, changed.http.host, config.http.host]).toEqual([4_000, '::1', '127.0.0.1']);
  });
});

describe('a configuration that cannot be used', () => {
  it('is refused with every problem at once', () => {
    const problems = problemsOf({
      AUTHSOME_PORT: 'http',
      AUTHSOME_LOG_LEVEL: 'loud',
      AUTHSOME_DOCS: 'yes',
      AUTHSOME_ACCESS_TOKEN_TTL: '1 hour',
      AUTHSOME_LIMIT_SIGNIN_PER_IP: '0/1m',
      AUTHSOME_BODY_LIMIT: 'large',
      AUTHSOME_PUBLIC_URL: 'ftp://example.com',
      AUTHSOME_TRUSTED_PROXIES: '10.0.0.0/99, localhost',
      AUTHSOME_OUTBOUND_ALLOW: '10.0.0.1',
      AUTHSOME_PATH_PREFIX: 'auth/',
      AUTHSOME_NO_SUCH_THING: '1',
    });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'AUTHSOME_PORT',
      'AUTHSOME_PUBLIC_URL',
      'AUTHSOME_PATH_PREFIX',
      'AUTHSOME_TRUSTED_PROXIES',
      'AUTHSOME_BODY_LIMIT',
      'AUTHSOME_DOCS',
      'AUTHSOME_OUTBOUND_ALLOW',
      'AUTHSOME_LOG_LEVEL',
      'AUTHSOME_ACCESS_TOKEN_TTL',
      'AUTHSOME_LIMIT_SIGNIN_PER_IP',
      'AUTHSOME_NO_SUCH_THING',
    ]);
  });

  it('is refused with the name that was probably meant', () => {
    expect(problemsOf({ AUTHSOME_SECRET: 'x' })).toEqual([
      'AUTHSOME_SECRET is not a setting of this version; did you mean AUTHSOME_SECRETS?',
    ]);
    expect(problemsOf({ AUTHSOME_DATABSE_URL: 'x' })[0]).toContain('did you mean AUTHSOME_DATABASE_URL?');
    expect(problemsOf({ authsome_port: '1', OTHER: '1', AUTHSOME_TEST_DATABASE_URL: 'x' })).toEqual([]);
  });

  it('is refused for a mode that does not exist, not taken for development', () => {
    expect(problemsOf({ AUTHSOME_MODE: 'prod' })).toContain('AUTHSOME_MODE must be development or production');
    expect(loadConfig({ NODE_ENV: 'test' }).isProduction).toBe(false);
    expect(problemsOf({ NODE_ENV: 'production' })).not.toEqual([]);
  });

  it('is refused when settings contradict or need each other', () => {
    expect(problemsOf({ AUTHSOME_MAIL_DRIVER: 'smtp' })).toEqual([
      'AUTHSOME_SMTP_URL is required with AUTHSOME_MAIL_DRIVER=smtp',
    ]);
    expect(problemsOf({ AUTHSOME_MAIL_DRIVER: 'http' })).toEqual([
      'AUTHSOME_MAIL_HTTP_URL is required with AUTHSOME_MAIL_DRIVER=http',
    ]);
    expect(problemsOf({ AUTHSOME_OWNER_EMAIL: 'a@b.co' })).toEqual([
      'AUTHSOME_OWNER_EMAIL and AUTHSOME_OWNER_PASSWORD are set together',
    ]);
  });

  it('is refused with a ConfigError and nothing else, whatever the environment holds', () => {
    const name = fc.constantFrom(
      'AUTHSOME_MODE',
      ...allVariables().flatMap((known) => (known.secret ? [known.name, `${known.name}_FILE`] : [known.name])),
    );
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom('production', '1', '-1', '1e9', 'true', '0s', '5m', 'k:', '/', 'a,b', '1/1s'),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 5 }), (env) => {
        expect(Array.isArray(problemsOf(env))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('secrets', () => {
  const PASSWORD = 'hunter2-hunter2';

  it('are read from the file that …_FILE names, without the newline at its end', () => {
    const ring = key(randomBytes(32));
    expect(loadConfig({ AUTHSOME_SECRETS_FILE: fileWith(`${ring}\n`) }).secrets.keyRing?.reveal()).toBe(ring);
    const url = 'postgres://a:b@c/d';
    expect(loadConfig({ DATABASE_URL_FILE: fileWith(url) }).database.url?.reveal()).toBe(url);
  });

  it('are refused when they are named twice, unreadable or empty: never a start without them', () => {
    const ring = key(randomBytes(32));
    expect(problemsOf({ AUTHSOME_SECRETS: ring, AUTHSOME_SECRETS_FILE: fileWith(ring) })).toEqual([
      'AUTHSOME_SECRETS and AUTHSOME_SECRETS_FILE are both set; keep one',
    ]);
    expect(problemsOf({ AUTHSOME_METRICS_TOKEN_FILE: path.join(folder, 'none') })[0]).toContain('cannot be read');
    expect(problemsOf({ AUTHSOME_METRICS_TOKEN_FILE: fileWith(' \n') })[0]).toContain('empty');
  });

  it('are not read from files for settings that are no secrets', () => {
    expect(problemsOf({ AUTHSOME_PORT_FILE: fileWith('80') })[0]).toContain('AUTHSOME_PORT_FILE is not a setting');
  });

  it('R301: are in no message and in no print of the configuration', () => {
    const config = loadConfig({
      AUTHSOME_DATABASE_URL: `postgres://a:${PASSWORD}@db/x`,
      AUTHSOME_SMTP_URL: `smtps://a:${PASSWORD}@mail`,
      AUTHSOME_METRICS_TOKEN: PASSWORD,
      AUTHSOME_SECRETS: key(Buffer.from(PASSWORD.padEnd(32, '-'))),
    });
    for (const print of [JSON.stringify(config), inspect(config, { depth: 9 }), String(config.database.url)]) {
      expect(print).not.toContain(PASSWORD);
      expect(print).not.toContain(Buffer.from(PASSWORD).toString('base64').slice(0, 16));
    }
    const problems = problemsOf({
      AUTHSOME_DATABASE_URL: `mysql://a:${PASSWORD}@db/x`,
      AUTHSOME_SECRETS: `k1:${PASSWORD}`,
      AUTHSOME_SMTP_URL: PASSWORD,
    });
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain(PASSWORD);
  });
});

describe('production', () => {
  it('starts with what it must be told', () => {
    const config = loadConfig(PRODUCTION);
    expect(config.isProduction).toBe(true);
    expect([config.http.docs, config.database.autoMigrate, config.logging.format]).toEqual([false, false, 'json']);
  });

  // The mode is what makes it production, and the ledger has a default that bills.
  const demanded = Object.keys(PRODUCTION).filter((name) => !['AUTHSOME_MODE', 'AUTHSOME_BILLING'].includes(name));
  it.each(demanded)('is refused without %s', (name) => {
    const problems = problemsOf({ ...PRODUCTION, [name]: undefined });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(name);
  });

  it('lists everything that is missing, each once', () => {
    const problems = problemsOf({ AUTHSOME_MODE: 'production', AUTHSOME_SECRETS: 'k1:short' });
    const names = problems.map((problem) => problem.split(' ')[0]);
    expect(names).toEqual(['AUTHSOME_SECRETS', 'AUTHSOME_DATABASE_URL', 'AUTHSOME_PUBLIC_URL', 'AUTHSOME_MAIL_DRIVER']);
  });

  it('R359: the ledger that allows everything is in force only where it was chosen', () => {
    expect(loadConfig({ ...PRODUCTION, AUTHSOME_BILLING: undefined }).billing.driver).toBe('embedded');
    expect(loadConfig(PRODUCTION).billing.driver).toBe('noop');
    expect(loadConfig({}).billing.driver).toBe('embedded');
  });

  it.each([
    ['openmeter', 'AUTHSOME_OPENMETER_URL'],
    ['stripe', 'AUTHSOME_STRIPE_KEY'],
  ])('an engine elsewhere (%s) needs %s', (driver, name) => {
    expect(problemsOf({ AUTHSOME_BILLING: driver }).join()).toContain(`${name} is required`);
  });

  it('keys that Unkey keeps need its root key and its API', () => {
    expect(problemsOf({ AUTHSOME_KEYS: 'unkey' })).toEqual([
      'AUTHSOME_UNKEY_ROOT_KEY is required with AUTHSOME_KEYS=unkey',
      'AUTHSOME_UNKEY_API_ID is required with AUTHSOME_KEYS=unkey',
    ]);
    const given = { AUTHSOME_KEYS: 'unkey', AUTHSOME_UNKEY_ROOT_KEY: 'unkey_root', AUTHSOME_UNKEY_API_ID: 'api_1' };
    expect(loadConfig(given).keys.unkeyUrl.href).toBe('https://api.unkey.com/');
  });

  it.each(
    allVariables()
      .filter(({ seam }) => seam)
      .map(({ name }) => name),
  )('is refused with the seam for tests %s', (name) => {
    expect(problemsOf({ ...PRODUCTION, [name]: 'x' })).toEqual([
      expect.stringContaining(`${name} is a seam for tests`),
    ]);
  });

  it('is refused with a seam that is named by a file, readable or not', () => {
    for (const file of [fileWith('{}'), path.join(folder, 'none')]) {
      expect(problemsOf({ ...PRODUCTION, AUTHSOME_JWT_SIGNING_KEY_FILE: file })).toHaveLength(1);
    }
  });

  it.each([
    ['128 bits', key(randomBytes(16))],
    ['248 bits', key(randomBytes(31))],
    ['264 bits', key(randomBytes(33))],
    ['nothing after its id', 'k1:'],
    ['no id', randomBytes(32).toString('base64')],
    ['an id that is too long', key(randomBytes(32), 'x'.repeat(17))],
    ['an id twice', `${key(randomBytes(32))},${key(randomBytes(32))}`],
    ['a short second key', `${key(randomBytes(32))},${key(randomBytes(8), 'k2')}`],
    ['words', 'change-me'],
    ['zeros', key(Buffer.alloc(32))],
    ['ones', key(Buffer.alloc(32, 1))],
    ['set bits', key(Buffer.alloc(32, 0xff))],
    ['zeros without padding', key(Buffer.alloc(32)).replace('=', '')],
    ['set bits in the alphabet of URLs', `k1:${Buffer.alloc(32, 0xff).toString('base64url')}`],
    ['the key of the test suite', key(Buffer.alloc(32, 7))],
    ['a sample behind a good key', `${key(randomBytes(32))},${key(Buffer.alloc(32), 'k2')}`],
  ])('R060: is refused with a master key of %s', (_what, keys) => {
    const problems = problemsOf({ ...PRODUCTION, AUTHSOME_SECRETS: keys });
    expect(problems).toEqual([expect.stringMatching(/^AUTHSOME_SECRETS /)]);
  });

  it('takes several keys, and a comma at the end', () => {
    const keys = `${key(randomBytes(32), 'new')}, ${key(randomBytes(32), 'old')},`;
    expect(problemsOf({ ...PRODUCTION, AUTHSOME_SECRETS: keys })).toEqual([]);
  });

  it.each([
    ['the mailbox that anybody reads', { AUTHSOME_MAIL_DRIVER: 'mailbox' }],
    ['hashes that cost too little memory', { AUTHSOME_HASH_MEMORY_KIB: '19455' }],
    ['hashes of one pass', { AUTHSOME_HASH_PASSES: '1' }],
    ['passwords of seven characters', { AUTHSOME_PASSWORD_MIN_LENGTH: '7' }],
    ['JWTs that live longer than an hour', { AUTHSOME_JWT_TTL: '61m' }],
    ['a reuse window of more than a minute', { AUTHSOME_REFRESH_REUSE_WINDOW: '61s' }],
    ['mailed codes that live longer than ten minutes', { AUTHSOME_EMAIL_CODE_TTL: '11m' }],
    ['reset links that live longer than an hour', { AUTHSOME_PASSWORD_RESET_TTL: '61m' }],
  ])('is refused with %s', (_what, setting) => {
    const [name = ''] = Object.keys(setting);
    expect(problemsOf({ ...PRODUCTION, ...setting })).toEqual([expect.stringContaining(name)]);
  });
});

describe('the table of settings', () => {
  it('names each setting once, documents it, and has defaults that it would accept', () => {
    const names = allVariables().map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    for (const variable of allVariables()) {
      expect([variable.name, /^AUTHSOME_[A-Z0-9_]+$/.test(variable.name)]).toEqual([variable.name, true]);
      expect([variable.name, variable.doc.endsWith('.')]).toEqual([variable.name, true]);
      expect(() => [variable.fallback('development'), variable.fallback('production')]).not.toThrow();
    }
  });
});
