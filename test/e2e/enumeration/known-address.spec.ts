import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, uniqueEmail } from '../../support/api-client.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { asOwner } from '../../support/as-owner.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { comparable } from './comparable.js';
import { workOf } from './work.js';

const WRONG = 'not the password at all';

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

const signIn = (body: object, options: object = {}): Promise<Answer> =>
  app.api.post('/v1/signin', { tenant, body, ...options });

describe('a sign-up with an address that has an account', () => {
  const FIELDS = {
    name: 'Ada  King Lovelace',
    username: undefined as string | undefined,
    metadata: { zebra: '1', b: '2', aa: '3', '10': '4', '9': '5', 'a.b': '6', Z: '7' },
  };
  const withUsername = () => ({ ...FIELDS, username: ` Ada${uniqueEmail().slice(7, 19)} ` });
  const AGENTS: readonly (readonly [string, Record<string, string>])[] = [
    ['a browser', {}],
    ['an empty agent', { 'user-agent': '' }],
    ['a fingerprint', { 'x-device-fingerprint': 'of-this-device' }],
    ['an unknown device token', { 'x-device-token': 'a'.repeat(64) }],
    ['cookies', { 'x-authsome-transport': 'cookie', 'sec-fetch-site': 'same-origin' }],
  ];

  describe.each(['staging', 'production', 'development'] as const)('in %s', (type) => {
    it.each(AGENTS)(
      'R151: is answered as a new one is, byte for byte but for what is drawn at random: from %s',
      async (_, headers) => {
        const place = await app.environmentOf(tenant.scope.appId, type);
        const known = uniqueEmail();
        await app.api.post('/v1/signup', { tenant: place, body: { email: known, password: PASSWORD } });
        const first = { email: uniqueEmail(), password: WRONG, ...withUsername() };
        const fresh = await workOf(() => app.api.post('/v1/signup', { tenant: place, headers, body: first }));
        const second = { ...first, email: known, username: first.username?.replace('Ada', 'Bob') };
        const decoy = await workOf(() => app.api.post('/v1/signup', { tenant: place, headers, body: second }));
        expect(fresh.answer.status).toBe(201);
        const alike = (answer: Answer, email: string) =>
          comparable({
            ...answer,
            headers: withoutCookieSecrets(answer),
            text: answer.text.replaceAll(email, '<email>'),
          })
            .replaceAll('Bob', 'Ada')
            .replaceAll('bob', 'ada');
        expect(alike(decoy.answer, known)).toBe(alike(fresh.answer, first.email));
        expect(decoy.work).toEqual(fresh.work);
      },
    );
  });

  it('R151: with JWT access tokens too: same header, same claims, same length', async () => {
    const place = await app.createTenant();
    const token = await app.operatorOf(place.scope.appId);
    const path = `/v1/admin/apps/${place.scope.appId}/session-config`;
    const config = await app.api.put(path, { token, body: { token_format: 'jwt', token_ttl_seconds: 600 } });
    expect(config.status).toBe(200);
    const { email } = await app.api.signUp(place);
    const fresh = await app.api.post('/v1/signup', {
      tenant: place,
      body: { email: uniqueEmail(), password: PASSWORD },
    });
    const decoy = await app.api.post('/v1/signup', { tenant: place, body: { email, password: PASSWORD } });
    const [real, copy] = [fresh, decoy].map(({ body }) => String(body.session_token));
    expect(copy?.length).toBe(real?.length);
    expect(shapeOfJwt(copy)).toEqual(shapeOfJwt(real));
    for (const field of ['expires_at', 'refresh_token_expires_at']) expect(decoy.body[field]).toBe(fresh.body[field]);
    expect((await app.api.get('/v1/me', { token: copy ?? '' })).status).toBe(401);
  });

  it('R151: with an idempotency key too; the repeat brings the same answer', async () => {
    const { email: known } = await app.api.signUp(tenant);
    const pairs: Answer[][] = [];
    for (const email of [uniqueEmail(), known]) {
      const headers = { 'idempotency-key': `sign-up-of-${email}` };
      const send = () => app.api.post('/v1/signup', { tenant, headers, body: { email, password: PASSWORD } });
      pairs.push([await send(), await send()]);
    }
    for (const [first, repeat] of pairs) expect(repeat?.text).toBe(first?.text);
    for (const at of [0, 1]) {
      const [fresh, decoy] = pairs.map((answers) => answers[at] as Answer);
      const alike = (answer: Answer | undefined) =>
        answer && comparable({ ...answer, text: answer.text.replace(/"email":"[^"]+"/, '"email":"…"') });
      expect(alike(decoy)).toBe(alike(fresh));
    }
  });

  it('R151: creates nothing, opens nothing and changes nothing; the owner of a verified account is told by mail', async () => {
    const owner = await app.api.signUp(tenant, { name: 'Ada Lovelace' });
    await asOwner(app, 'UPDATE users SET email_verified = true WHERE id = $1', [owner.userId]);
    await app.drain();
    const body = { email: owner.email, password: WRONG, name: 'Eve', metadata: { a: 'b' } };
    const decoy = await app.api.post('/v1/signup', { tenant, body });
    const { session_token: token, refresh_token: refreshToken } = decoy.body;
    expect((await app.api.get('/v1/me', { token: String(token) })).status).toBe(401);
    const refresh = await app.api.post('/v1/refresh', { body: { refresh_token: refreshToken } });
    expect(refresh.status).toBe(401);
    expect((await signIn({ email: owner.email, password: WRONG })).status).toBe(401);
    expect((await app.api.get('/v1/me', { token: owner.token })).body.name).toBe('Ada Lovelace');
    await app.drain();
    expect(app.mailer.to(owner.email).map(({ purpose }) => purpose)).toEqual(['verify_email', 'account_exists']);
    expect(app.mailer.last(owner.email).text).not.toContain('Eve');
  });

  it('R151: a username that is taken is answered alike whether or not the address is taken too', async () => {
    const username = `ada${uniqueEmail().slice(7, 19)}`;
    const owner = await app.api.signUp(tenant, { username });
    const answers = [];
    for (const email of [owner.email, uniqueEmail()]) {
      answers.push(await app.api.post('/v1/signup', { tenant, body: { email, password: PASSWORD, username } }));
    }
    expect(answers.map(({ status }) => status)).toEqual([409, 409]);
    expect(new Set(answers.map(comparable)).size).toBe(1);
  });

  it('R151: a weak password is refused alike', async () => {
    const owner = await app.api.signUp(tenant);
    const answers = [];
    for (const email of [owner.email, uniqueEmail()]) {
      answers.push(await app.api.post('/v1/signup', { tenant, body: { email, password: 'password123' } }));
    }
    expect(new Set(answers.map(comparable)).size).toBe(1);
  });
});

function withoutCookieSecrets({ headers }: Answer): Answer['headers'] {
  const cookies = headers['set-cookie'];
  if (!Array.isArray(cookies)) return headers;
  const hidden = cookies.map((cookie) =>
    cookie.replace(/=([0-9a-f]+);/, (_, secret: string) => `=<${secret.length}>;`),
  );
  return { ...headers, 'set-cookie': hidden };
}

function shapeOfJwt(token: string | undefined): unknown {
  const [header, payload, signature] = (token ?? '').split('.');
  const decoded = [header, payload].map(
    (part) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Record<string, unknown>,
  );
  const drawn = new Set(['kid', 'sub', 'sid', 'jti']);
  return [
    ...decoded.map((part) =>
      Object.entries(part).map(([name, value]) => [name, drawn.has(name) ? String(value).length : value]),
    ),
    signature?.length,
  ];
}
