import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, uniqueEmail } from '../../support/api-client.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { asOwner } from '../../support/as-owner.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

const accountsWith = async (email: string): Promise<number> =>
  (await asOwner(app, 'SELECT id FROM users WHERE email = $1 AND env_id = $2', [email, tenant.scope.envId])).length;

const signUp = (body: object): Promise<Answer> =>
  app.api.post('/v1/signup', { tenant, body: { email: uniqueEmail(), password: PASSWORD, ...body } });

describe('addresses', () => {
  it.each([
    ['capitals', (local: string) => `${local.toUpperCase()}@EXAMPLE.com`],
    ['outer spaces', (local: string) => `  ${local}@example.com\t`],
    ['a zero-width space', (local: string) => `${local.slice(0, 3)}\u200b${local.slice(3)}@example.com`],
    ['a soft hyphen in the domain', (local: string) => `${local}@exam\u00adple.com`],
    ['a right-to-left mark', (local: string) => `\u200f${local}@example.com`],
    ['a byte order mark', (local: string) => `\ufeff${local}@example.com`],
    ['a Hangul filler', (local: string) => `${local}\u3164@example.com`],
    ['a full-width at sign', (local: string) => `${local}\uff20example.com`],
    ['full-width letters', (local: string) => `${local}@ｅｘａｍｐｌｅ.com`],
    ['an ideographic full stop', (local: string) => `${local}@example\u3002com`],
    ['everything at once', (local: string) => ` \u200b${local.toUpperCase()}\uff20Ｅxample\uff0eCOM\u2060 `],
  ])('R017: written with %s are one account and one mailbox', async (_, variant) => {
    const email = uniqueEmail();
    const [local = ''] = email.split('@');
    await app.api.signUp(tenant, { email });
    await app.drain();
    const again = await signUp({ email: variant(local) });
    expect([again.status, (again.body.user as { email: string }).email]).toEqual([201, email]);
    expect(await accountsWith(email)).toBe(1);
    expect((await app.api.get('/v1/me', { token: again.body.session_token as string })).status).toBe(401);
    const signedIn = await app.api.post('/v1/signin', { tenant, body: { email: variant(local), password: PASSWORD } });
    expect(signedIn.status).toBe(200);
    await app.api.post('/v1/forgot-password', { tenant, body: { email: variant(local) } });
    await app.drain();
    expect(app.mailer.to(email, 'reset_password')).toHaveLength(1);
  });

  it('R017: what an invisible character kept apart composes once it is gone', async () => {
    const local = `jos\u00e9-${uniqueEmail().split('@')[0] ?? ''}`;
    await app.api.signUp(tenant, { email: `${local}@example.com` });
    const variant = `${local.replace('\u00e9', 'e\u200d\u0301')}@example.com`;
    const again = await signUp({ email: variant });
    expect((again.body.user as { email: string }).email).toBe(`${local}@example.com`);
    expect(await accountsWith(`${local}@example.com`)).toBe(1);
  });

  it('R017: the canonical form is its own canonical form', async () => {
    const first = await signUp({ email: ` Ünï\u200dCo\u0308dé+${uniqueEmail().toUpperCase()}` });
    const { email } = first.body.user as { email: string };
    const second = await signUp({ email });
    expect((second.body.user as { email: string }).email).toBe(email);
    expect(await accountsWith(email)).toBe(1);
  });

  const HOSTILE: readonly (readonly [string, unknown])[] = [
    ['an array', ['victim@example.com', 'eve@example.com']],
    ['an array of one', ['victim@example.com']],
    ['an object', { $ne: null }],
    ['an object with an address', { email: 'victim@example.com' }],
    ['a number', 7],
    ['true', true],
    ['a comma in the local part', 'victim,eve@example.com'],
    ['a semicolon in the local part', 'victim;eve@example.com'],
    ['a group', 'friends:victim@example.com;'],
    ['a colon in the local part', 'friends:victim@example.com'],
    ['a comma list', 'victim@example.com,eve@example.com'],
    ['a semicolon list', 'victim@example.com;eve@example.com'],
    ['a space list', 'victim@example.com eve@example.com'],
    ['CR/LF and a header', 'victim@example.com\r\nBcc: eve@example.com'],
    ['a line feed inside', 'victim\n@example.com'],
    ['a quoted local part with an at sign', '"victim@example.com"@evil.example'],
    ['a quoted local part with a comma', '"victim,eve"@example.com'],
    ['two at signs', 'victim@example.com@evil.example'],
    ['a display name', 'Victim <victim@example.com>'],
    ['angle brackets', '<victim@example.com>'],
    ['a comment', 'victim(eve@evil.example)@example.com'],
    ['a backslash', 'victim\\@evil.example@example.com'],
    ['an address literal', 'victim@[127.0.0.1]'],
    ['an IPv6 literal', 'victim@[IPv6:::1]'],
    ['an IP address for a domain', 'victim@127.0.0.1'],
    ['a shortened IP address', 'victim@127.1'],
    ['a hexadecimal IP address', 'victim@0x7f.1'],
    ['a path after the domain', 'victim@example.com/evil.example'],
    ['a query after the domain', 'victim@example.com?.evil.example'],
    ['a fragment after the domain', 'victim@example.com#.evil.example'],
    ['a port after the domain', 'victim@example.com:25'],
    ['a percent escape in the domain', 'victim@exam%70le.com'],
    ['a backslash in the domain', 'victim@example.com\\evil.example'],
    ['a trailing dot', 'victim@example.com.'],
    ['two dots', 'victim@example..com'],
    ['no domain', 'victim@'],
    ['no local part', '@example.com'],
    ['no at sign', 'victim'],
    ['only invisible characters', '\u200b\u200b@\u200b'],
    ['255 characters', `${'v'.repeat(60)}@${'a.'.repeat(97)}com`],
    ['a local part of 65 characters', `${'v'.repeat(65)}@example.com`],
  ];

  describe.each([
    ['/v1/signup', { password: PASSWORD }],
    ['/v1/signin', { password: PASSWORD }],
    ['/v1/forgot-password', {}],
    ['/v1/verify-email/resend', {}],
    ['/v1/verify-email', { code: '000000' }],
    ['/v1/me/change-email', {}],
    ['/v1/setup', { token: '0'.repeat(64), password: PASSWORD }],
  ])('sent to %s', (path, rest) => {
    it.each(HOSTILE)('R018: as %s are refused, and no mail leaves', async (_, email) => {
      const token = path === '/v1/me/change-email' ? (await app.api.signUp(tenant)).token : undefined;
      await app.drain();
      const before = app.mailer.sent.length;
      const answer = await app.api.post(path, { body: { ...rest, email }, ...(token ? { token } : { tenant }) });
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ type: 'validation_failed', errors: [{ path: 'email' }] });
      await app.drain();
      expect(app.mailer.sent).toHaveLength(before);
    });
  });

  it('R018: a NUL or half a surrogate pair is refused before anything reads it', async () => {
    for (const email of ['vic\\u0000tim@example.com', 'vic\\ud83dtim@example.com']) {
      const payload = `{"email":"${email}","password":"${PASSWORD}"}`;
      const headers = { 'content-type': 'application/json' };
      const answer = await app.api.post('/v1/signup', { tenant, payload, headers });
      expect([answer.status, answer.body.type]).toEqual([400, 'malformed_body']);
    }
  });

  it('of other alphabets work, and are mailed at the ASCII form of their domain', async () => {
    const { email } = await app.api.signUp(tenant, { email: 'иван@пример.example' });
    expect((await app.api.signIn(tenant, { email, password: PASSWORD })).userId).toBeDefined();
    await app.drain();
    expect(app.mailer.last('иван@xn--e1afmkfd.example', 'verify_email').code).toMatch(/^\d{6}$/);
  });
});

describe('usernames', () => {
  it.each([
    ['capitals', (name: string) => name.toUpperCase()],
    ['full-width letters', (name: string) => name.replace('a', 'ａ')],
    ['an invisible character', (name: string) => `${name.slice(0, 2)}\u200d${name.slice(2)}`],
    ['a text direction mark', (name: string) => `\u202e${name}`],
    ['outer spaces', (name: string) => `  ${name} `],
    ['a character kept apart', (name: string) => name.replace('\u00e9', 'e\u2060\u0301')],
  ])('R019: that differ by %s are taken', async (_, variant) => {
    const username = `adél\u00e9a${uniqueEmail().slice(7, 19)}`;
    await app.api.signUp(tenant, { username });
    const answer = await signUp({ username: variant(username) });
    expect([answer.status, answer.body.type]).toEqual([409, 'username_taken']);
    const person = await app.api.signUp(tenant);
    const renamed = await app.api.patch('/v1/me', { token: person.token, body: { username: variant(username) } });
    expect([renamed.status, renamed.body.type]).toEqual([409, 'username_taken']);
    const signedIn = await app.api.post('/v1/signin', {
      tenant,
      body: { username: variant(username), password: PASSWORD },
    });
    expect([signedIn.status, (signedIn.body.user as { username: string }).username]).toEqual([200, username]);
  });

  it.each([
    'ada@example.com',
    'ada＠example.com',
    '@ada',
    'a',
    ' ',
    '\u200b\u200b\u200b',
    '-ada',
    '.ada',
    'ada lovelace',
    'a'.repeat(65),
  ])('R019: %j is not one', async (username) => {
    const answer = await signUp({ username });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ path: 'username' }] });
    const person = await app.api.signUp(tenant);
    expect((await app.api.patch('/v1/me', { token: person.token, body: { username } })).status).toBe(400);
  });

  it('are shown as typed, but without characters that hide or turn text about, and never longer than they may be', async () => {
    const name = `Ada${uniqueEmail().slice(7, 19)}`;
    const person = await app.api.signUp(tenant, {
      username: `\u202e${name.slice(0, 3)}${'\u200b'.repeat(5_000)}${name.slice(3)}`,
    });
    const me = await app.api.get('/v1/me', { token: person.token });
    expect(me.body).toMatchObject({ username: name.toLowerCase(), display_username: name });
    const body = { username: `${name}\u2066x${'\u200b'.repeat(5_000)}` };
    const renamed = await app.api.patch('/v1/me', { token: person.token, body });
    expect(renamed.body).toMatchObject({ username: `${name.toLowerCase()}x`, display_username: `${name}x` });
  });

  it('R019: 20 people who ask for one username at the same moment: one gets it, 19 get 409 and no account', async () => {
    const username = `rush${uniqueEmail().slice(7, 19)}`;
    const answers = await Promise.all(Array.from({ length: 20 }, () => signUp({ username })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status, body }) => status === 409 && body.type === 'username_taken')).toHaveLength(19);
    expect(await asOwner(app, 'SELECT id FROM users WHERE username = $1', [username])).toHaveLength(1);
  });
});
