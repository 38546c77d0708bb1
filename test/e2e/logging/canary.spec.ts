import { createHash, createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OperatorsService } from '../../../src/operators/operators.service.js';
import type { Answer, RequestOptions } from '../../support/api-client.js';
import { findSecrets } from '../../support/needles.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { tenantWith } from '../../support/session-policy.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

/** A password that stands nowhere by chance. */
const marker = (name: string): string => `canary ${name} ${randomBytes(9).toString('hex')}`;

const MASTER_KEY = randomBytes(32);

/** Every secret of a run through every flow, by what it is. */
class Canaries {
  readonly secrets: Map<string, string>;
  /** Of people: stored on purpose, logged never. */
  readonly personal: Map<string, string>;
  readonly refusals: [string, string][];
  readonly answers: [string, string][];

  constructor(
    readonly app: TestApp,
    readonly tenant: TestTenant,
    shared?: Canaries,
  ) {
    this.secrets = shared?.secrets ?? new Map<string, string>();
    this.personal = shared?.personal ?? new Map<string, string>();
    this.refusals = shared?.refusals ?? [];
    this.answers = shared?.answers ?? [];
  }

  keep(name: string, secret: string | undefined): string {
    if (secret === undefined || secret.length < 6) throw new Error(`${name} was not issued`);
    this.secrets.set(`${name} (${this.secrets.size})`, secret);
    return secret;
  }

  person(name: string): string {
    const email = `${name}-${randomBytes(6).toString('hex')}@canary.example`;
    this.personal.set(`address of ${name} (${this.personal.size})`, email);
    return email;
  }

  /** Calls, and keeps whatever secret comes back. */
  async call(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const answer = await this.app.api.request(method, path, options);
    this.answers.push([`${method} ${path}`, answer.text]);
    if (answer.status >= 400) this.refusals.push([`${method} ${path} ${answer.status}`, answer.text]);
    for (const name of ['session_token', 'refresh_token', 'device_token']) {
      const value = answer.body[name];
      if (typeof value === 'string') this.keepToken(name, value);
    }
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const value = /^[^=]+=([^;]+);/.exec(String(line))?.[1];
      if (value !== undefined) this.keepToken('cookie', value);
    }
    return answer;
  }

  /** The secrets of every mail that is sent from here on. */
  async mails(): Promise<void> {
    const from = this.app.mailer.sent.length;
    await this.app.drain();
    for (const message of this.app.mailer.sent.slice(from)) {
      if (message.link !== undefined) this.keep(`link of ${message.purpose}`, tokenOf(message));
      if (message.code !== undefined) this.keep(`code of ${message.purpose}`, message.code);
    }
  }

  private keepToken(name: string, value: string): void {
    this.keep(name, value);
    const [, payload, signature] = value.split('.');
    if (payload === undefined || signature === undefined) return;
    this.keep(`${name} signature`, signature);
    const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { jti: string };
    this.keep(`${name} jti`, jti);
  }
}

/** Signs up, in, out, refreshes, verifies, resets, changes and erases, rightly and wrongly, by header and by cookie. */
async function runEveryFlow(canaries: Canaries): Promise<void> {
  const { app, tenant } = canaries;
  const email = canaries.person('ada');
  const password = canaries.keep('password', marker('first'));
  const wrong = canaries.keep('wrong password', marker('wrong'));
  const signedUp = await canaries.call('POST', '/v1/signup', {
    tenant,
    headers: { 'idempotency-key': 'canary-sign-up-1' },
    body: { email, password, first_name: 'Canary', metadata: { note: 'kept' } },
  });
  await canaries.call('POST', '/v1/signup', { tenant, body: { email, password } });
  await canaries.mails();
  const code = app.mailer.last(email, 'verify_email').code ?? '';
  await canaries.call('POST', '/v1/verify-email', {
    tenant,
    body: { email, code: canaries.keep('wrong code', '907152') },
  });
  await canaries.call('POST', '/v1/verify-email', { tenant, body: { email, code } });
  await canaries.call('POST', '/v1/signin', { tenant, body: { email, password: wrong } });
  const someone = canaries.person('nobody');
  await canaries.call('POST', '/v1/signin', { tenant, body: { email: someone, password: wrong } });
  await canaries.call('POST', '/v1/signin', {
    tenant,
    payload: `{"password":"${wrong}"`,
    headers: { 'content-type': 'application/json' },
  });
  await canaries.call('POST', '/v1/signin', { tenant, body: { email, password: { value: wrong } } });
  await canaries.call('POST', `/v1/signin?password=${encodeURIComponent(wrong)}`, { tenant, body: {} });
  await canaries.call('GET', '/v1/me', {
    headers: { authorization: `Bearer ${canaries.keep('unknown token', randomBytes(32).toString('hex'))}` },
  });
  await canaries.call('GET', '/v1/me', {
    headers: { authorization: `Basic ${canaries.keep('Basic credential', randomBytes(16).toString('hex'))}` },
  });
  const headers = { 'idempotency-key': 'canary-sign-in-1', 'x-device-fingerprint': 'canary-device-1' };
  const signedIn = await canaries.call('POST', '/v1/signin', { tenant, headers, body: { email, password } });
  await canaries.call('POST', '/v1/signin', { tenant, headers, body: { email, password } });
  const cookies = { 'x-authsome-transport': 'cookie', 'sec-fetch-site': 'same-origin' };
  await canaries.call('POST', '/v1/signin', { tenant, headers: cookies, body: { email, password } });
  const old = String(signedIn.body.refresh_token);
  await canaries.call('POST', '/v1/refresh', { body: { refresh_token: old } });
  app.clock.advance(60_000);
  await canaries.call('POST', '/v1/refresh', { body: { refresh_token: old } });
  const token = String(signedUp.body.session_token);
  await canaries.call('POST', '/v1/introspect', { tenant, body: { token } });
  await canaries.call('POST', '/v1/reauthenticate', { token, body: { password: wrong } });
  await canaries.call('POST', '/v1/reauthenticate', { token, body: { password } });
  const next = canaries.keep('new password', marker('next'));
  await canaries.call('POST', '/v1/change-password', { token, body: { current_password: wrong, new_password: next } });
  const changed = await canaries.call('POST', '/v1/change-password', {
    token,
    body: { current_password: password, new_password: next },
  });
  const fresh = String(changed.body.session_token);
  const [device] = (await canaries.call('GET', '/v1/devices', { token: fresh })).body.devices as { id: string }[];
  await canaries.call('PATCH', `/v1/devices/${device?.id}/trust`, { token: fresh });
  for (const path of ['/v1/me', '/v1/sessions', '/v1/me/auth-methods', '/v1/me/export', '/.well-known/jwks.json']) {
    await canaries.call('GET', path, { token: fresh });
  }
  const moved = canaries.person('ada-moved');
  await canaries.call('POST', '/v1/me/change-email', { token: fresh, body: { email: moved } });
  await canaries.mails();
  await canaries.call('POST', '/v1/change-email/confirm', {
    body: { token: tokenOf(app.mailer.last(moved, 'change_email')) },
  });
  await canaries.mails();
  await canaries.call('POST', '/v1/forgot-password', { tenant, body: { email: moved } });
  await canaries.mails();
  const reset = { token: tokenOf(app.mailer.last(moved, 'reset_password')) };
  await canaries.call('POST', '/v1/reset-password', { body: { ...reset, new_password: 'short' } });
  await canaries.call('POST', '/v1/reset-password', {
    body: { ...reset, new_password: canaries.keep('reset password', marker('reset')) },
  });
  await canaries.call('POST', '/v1/reset-password', {
    body: { ...reset, new_password: canaries.keep('late password', marker('late')) },
  });
  await canaries.mails();
}

describe('secrets that went through every flow', () => {
  const log: string[] = [];
  let app: TestApp;
  let view: OwnerView;
  let canaries: Canaries;
  let dumps: [string, string][];

  beforeAll(async () => {
    const metricsToken = marker('metrics');
    const ownerPassword = marker('owner');
    app = await TestApp.start({
      log,
      env: {
        ...RAISED_LIMITS,
        AUTHSOME_SECRETS: `canary:${MASTER_KEY.toString('base64')}`,
        AUTHSOME_METRICS_TOKEN: metricsToken,
        AUTHSOME_OWNER_EMAIL: 'owner@canary.example',
        AUTHSOME_OWNER_PASSWORD: ownerPassword,
        AUTHSOME_SMTP_URL: 'smtps://mailer:canary-smtp-password@mail.example',
        AUTHSOME_MAIL_HTTP_TOKEN: 'canary-mail-http-token',
      },
    });
    view = await OwnerView.open(app.database);
    canaries = new Canaries(app, await app.createTenant());
    canaries.keep('master key', MASTER_KEY.toString('hex'));
    canaries.keep('metrics token', metricsToken);
    canaries.keep('owner password', ownerPassword);
    canaries.keep('SMTP password', 'canary-smtp-password');
    canaries.keep('mail receiver’s token', 'canary-mail-http-token');
    canaries.keep('database password', new URL(app.database.runtimeUrl).password);
    canaries.keep('setup token', await app.get(OperatorsService).drawSetupToken());
    await runEveryFlow(canaries);
    await runEveryFlow(new Canaries(app, await tenantWith(app, { token_format: 'jwt' }), canaries));
    await runFailures(canaries);
    // What waits to be sent, to be repeated and to be proved lies in the database while this is read.
    const { tenant } = canaries;
    const email = canaries.person('late');
    await canaries.call('POST', '/v1/signup', {
      tenant,
      body: { email, password: canaries.keep('password', marker('late')) },
    });
    await canaries.call('POST', '/v1/forgot-password', { tenant, body: { email } });
    dumps = await dump();
    await canaries.mails();
    dumps.push(...(await dump()));
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  async function dump(): Promise<[string, string][]> {
    return [...(await view.dump())].flatMap(([table, rows]) => rows.map((row): [string, string] => [table, row]));
  }

  /** Failures deep inside, whose log lines carry what the driver and the mailer have to say. */
  async function runFailures({ tenant }: Canaries): Promise<void> {
    const email = canaries.person('unlucky');
    const password = canaries.keep('password', marker('unlucky'));
    await canaries.call('POST', '/v1/signup', { tenant, body: { email, password } });
    await canaries.mails();
    await view.query('ALTER TABLE devices RENAME TO devices_away');
    await canaries.call('POST', '/v1/signin', { tenant, body: { email, password } });
    await view.query('ALTER TABLE devices_away RENAME TO devices');
    app.mailer.failure = new Error('451 mailbox busy');
    await canaries.call('POST', '/v1/forgot-password', { tenant, body: { email } });
    await app.drain();
    app.mailer.failure = undefined;
    app.clock.advance(10_000);
    await canaries.mails();
  }

  it('the run was one: it issued and used every kind of secret, and what failed was meant to', () => {
    const kinds = new Set([...canaries.secrets.keys()].map((name) => name.replace(/ \(\d+\)$/, '')));
    for (const kind of [
      'session_token',
      'refresh_token',
      'device_token',
      'session_token jti',
      'cookie',
      'code of verify_email',
      'link of verify_email',
      'link of reset_password',
      'link of change_email',
      'link of email_change_notice',
      'link of email_changed',
    ]) {
      expect([kind, kinds.has(kind)]).toEqual([kind, true]);
    }
    expect(log.length).toBeGreaterThan(100);
    expect(log.some((line) => line.includes('request.failed'))).toBe(true);
    expect(canaries.refusals.filter(([where]) => / 5\d\d$/.test(where)).map(([where]) => where)).toEqual([
      'POST /v1/signin 500',
    ]);
  });

  it('the search finds what is there', () => {
    const secrets = new Map([
      ['a', 'canary-of-the-search'],
      ['b', 'ab12'.repeat(16)],
    ]);
    const texts = [...secrets.values()].flatMap((secret): [string, string][] => [
      ['raw', `x${secret}y`],
      ['hex', Buffer.from(`x${secret}`).toString('hex')],
      ['base64', Buffer.from(`xy${secret}z`).toString('base64')],
      [
        'bytes in base64',
        Buffer.concat([Buffer.alloc(1), Buffer.from('ab12'.repeat(16), 'hex')]).toString('base64url'),
      ],
    ]);
    expect(findSecrets(secrets, texts)).toHaveLength(8);
  });

  it('R301: are in no line of the log, at the finest level', () => {
    const lines = log.map((line): [string, string] => ['the log', line]);
    expect(findSecrets(canaries.secrets, lines)).toEqual([]);
  });

  it('R301: neither are the addresses of the people', () => {
    const lines = log.map((line): [string, string] => ['the log', line]);
    expect(findSecrets(canaries.personal, lines)).toEqual([]);
  });

  it('R301: are in no refusal', () => {
    expect(canaries.refusals.length).toBeGreaterThan(15);
    expect(findSecrets(canaries.secrets, canaries.refusals)).toEqual([]);
  });

  it('R301: passwords and tokens are in no mail; what a mail holds is for its reader alone', () => {
    const others = [...canaries.secrets].filter(([name]) => !/^(link|code) of/.test(name));
    const mails = app.mailer.sent.map((message): [string, string] => [
      `${message.purpose} to ${message.to}`,
      JSON.stringify(message),
    ]);
    expect(findSecrets(new Map(others), mails)).toEqual([]);
  });

  it('R307: are in no column of any table', () => {
    expect(dumps.length).toBeGreaterThan(100);
    expect(findSecrets(canaries.secrets, dumps)).toEqual([]);
  });

  it('R308: mailed codes are in no table as a hash that needs no key', () => {
    const codes = [...canaries.secrets].filter(([name]) => name.startsWith('code of')).map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(1);
    const all = dumps.map(([, row]) => row).join('\n');
    // Whoever has the dump tries all codes with all it holds; that finds a code if and only if one of these stands there.
    const salts = [
      '',
      ...new Set(all.match(/"((avrf|ausr|aenv|aapp)_\w+|[^"]+@canary\.example)"/g)?.map((text) => text.slice(1, -1))),
    ];
    const digests = codes
      .flatMap((code) =>
        salts.flatMap((salt) => {
          const texts = [code + salt, salt + code, `${salt}:${code}`, `${salt}/${code}`, `${salt}\0${code}`];
          return ['sha256', 'sha512', 'sha1', 'md5'].flatMap((algorithm) => [
            ...texts.flatMap((text) => [createHash(algorithm).update(text), createHmac(algorithm, '').update(text)]),
            createHmac(algorithm, salt).update(code),
          ]);
        }),
      )
      .map((digest) => digest.digest('hex'));
    const present = new Set(all.match(/[0-9a-f]{32,128}/g));
    expect(present.size).toBeGreaterThan(20);
    expect(digests.filter((digest) => present.has(digest))).toEqual([]);
  });

  it('R309: what can be read back is sealed, and says by which key', async () => {
    const sealed = await view.query<{ what: string; value: Buffer }>(
      `SELECT 'signing key' AS what, private_sealed AS value FROM signing_keys
       UNION ALL SELECT 'job', sealed FROM jobs WHERE sealed IS NOT NULL
       UNION ALL SELECT 'answer', answer FROM idempotency_records WHERE answer IS NOT NULL`,
    );
    expect(new Set(sealed.map(({ what }) => what))).toEqual(new Set(['signing key', 'answer']));
    for (const { what, value } of sealed) {
      const keyId = value.toString('utf8', 1, 1 + (value[0] ?? 0));
      expect([what, keyId]).toEqual([what, 'canary']);
      expect(value.toString('latin1')).not.toMatch(/"d":|"kty"|session_token|email/);
    }
  });

  it('R347: are in no answer but the one that issues them', () => {
    const issuing = /\/(signup|signin|refresh|change-password|verify-email|trust)(\?|$)/;
    const others = canaries.answers.filter(([where]) => !issuing.test(where));
    expect(new Set(others.map(([where]) => where.split(' ')[1])).size).toBeGreaterThan(10);
    expect(findSecrets(canaries.secrets, others)).toEqual([]);
  });
});
