import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, uniqueEmail } from '../../support/api-client.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

const signUp = (body: object): Promise<Answer> =>
  app.api.post('/v1/signup', { tenant, body: { email: uniqueEmail(), password: PASSWORD, ...body } });

describe('what a person may not claim', () => {
  it('R118: email_verified stays false, whoever says otherwise and wherever', async () => {
    const claim = {
      email_verified: true,
      emailVerified: true,
      phone_verified: true,
      banned: true,
      phone: '+41791234567',
    };
    const person = await app.api.signUp(tenant, { ...claim, metadata: { email_verified: 'true' } });
    const { token } = person;
    const patched = await app.api.patch('/v1/me', { token, body: { first_name: 'Eve', ...claim } });
    expect(patched.status).toBe(200);
    const me = await app.api.get('/v1/me', { token });
    expect(me.body).toMatchObject({ email_verified: false, phone_verified: false, banned: false });
    expect(me.body).not.toHaveProperty('phone');
  });

  it('R118: id, tenant, hash and times of a new account are the service’s own', async () => {
    const person = await app.api.signUp(tenant, {
      id: 'ausr_01jd3v3x6pe0p9m2s5f7q8w9ab',
      env_id: tenant.scope.envId,
      password_hash: '$argon2id$planted',
      auth_epoch: 99,
      created_at: '2001-01-01T00:00:00.000Z',
      deleted_at: '2001-01-01T00:00:00.000Z',
    });
    const me = await app.api.get('/v1/me', { token: person.token });
    expect(me.body).toMatchObject({ env_id: tenant.scope.envId, created_at: app.clock.now().toISOString() });
    expect(me.body.id).not.toBe('ausr_01jd3v3x6pe0p9m2s5f7q8w9ab');
    expect((await app.api.signIn(tenant, person)).userId).toBe(person.userId);
  });
});

describe('names', () => {
  it.each([
    '😀 👩🏽‍🚀',
    'Zoë Ærøskøbing',
    '李 小龙',
    'محمد علي',
    'O’Neil <b>"x"</b> {{7*7}}',
    "Robert'); DROP TABLE users;--",
  ])('come back as they were sent: %s', async (name) => {
    const person = await app.api.signUp(tenant, { name });
    expect((await app.api.get('/v1/me', { token: person.token })).body.name).toBe(name);
  });

  it('are kept without outer spaces, whichever way they come', async () => {
    const person = await app.api.signUp(tenant, { first_name: '  Ada ', last_name: '\tKing  Lovelace ' });
    const { body } = await app.api.get('/v1/me', { token: person.token });
    expect(body).toMatchObject({ first_name: 'Ada', last_name: 'King  Lovelace', name: 'Ada King  Lovelace' });
    const patched = await app.api.patch('/v1/me', { token: person.token, body: { first_name: ' Augusta ' } });
    expect(patched.body.first_name).toBe('Augusta');
  });

  it('are counted in characters, not in UTF-16 units or bytes', async () => {
    const longest = '🦊'.repeat(100);
    expect((await signUp({ first_name: longest })).status).toBe(201);
    const tooLong = await signUp({ first_name: `${longest}🦊` });
    expect(tooLong.body).toMatchObject({ status: 400, errors: [{ path: 'first_name' }] });
  });

  it('with a NUL are refused', async () => {
    const person = await app.api.signUp(tenant);
    const answers = [
      await signUp({ name: 'a\u0000b' }),
      await signUp({ metadata: { key: 'a\u0000b' } }),
      await app.api.patch('/v1/me', { token: person.token, body: { first_name: '\u0000' } }),
    ];
    expect(answers.map(({ status, body }) => [status, body.type])).toEqual(
      Array.from({ length: 3 }, () => [400, 'malformed_body']),
    );
  });
});

/** Every field of these bodies, with what it must be. Each is replaced by every value of a wrong type in turn. */
const BODIES: readonly (readonly [string, Record<string, unknown>, 'tenant' | 'session'])[] = [
  [
    '/v1/signup',
    {
      email: 'ada@example.com',
      password: PASSWORD,
      first_name: 'Ada',
      last_name: 'Lovelace',
      name: 'Ada Lovelace',
      username: 'ada',
      metadata: { a: 'b' },
    },
    'tenant',
  ],
  ['/v1/signin', { email: 'ada@example.com', username: 'ada', password: PASSWORD }, 'tenant'],
  ['/v1/forgot-password', { email: 'ada@example.com' }, 'tenant'],
  ['/v1/reset-password', { token: 'f'.repeat(64), new_password: PASSWORD }, 'tenant'],
  ['/v1/change-password', { current_password: PASSWORD, new_password: PASSWORD }, 'session'],
  ['/v1/reauthenticate', { password: PASSWORD }, 'session'],
  ['/v1/verify-email', { code: '123456', token: 'f'.repeat(64), email: 'ada@example.com' }, 'tenant'],
  ['/v1/verify-email/resend', { email: 'ada@example.com' }, 'tenant'],
  ['/v1/me/change-email', { email: 'ada@example.com' }, 'session'],
  ['/v1/change-email/confirm', { token: 'f'.repeat(64) }, 'tenant'],
  ['/v1/change-email/undo', { token: 'f'.repeat(64) }, 'tenant'],
];
const WRONG: readonly unknown[] = [7, 1.5, true, false, ['x'], [], { x: 'y' }, [{ x: 'y' }]];

it('an app_id of a wrong type is refused also beside a publishable key, and the answer names it', async () => {
  for (const value of WRONG) {
    const answer = await signUp({ app_id: value });
    expect([value, answer.status, answer.body.type]).toEqual([value, 400, 'validation_failed']);
    expect(answer.body).toMatchObject({ errors: [{ path: 'app_id' }] });
  }
});

describe('the body of PATCH /v1/me', () => {
  it.each(['first_name', 'last_name', 'name', 'image', 'username'])(
    'is refused when %s has the wrong type, and the answer names the field',
    async (field) => {
      const { token } = await app.api.signUp(tenant);
      const before = await app.api.get('/v1/me', { token });
      for (const value of WRONG) {
        const answer = await app.api.patch('/v1/me', { token, body: { [field]: value } });
        expect([value, answer.status, answer.body.type]).toEqual([value, 400, 'validation_failed']);
        expect((answer.body.errors as { path: string }[]).map((error) => error.path)).toEqual([field]);
      }
      expect((await app.api.get('/v1/me', { token })).body).toEqual(before.body);
    },
  );

  it.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '//evil.example/x.png', 'picture.png'])(
    'is refused with %s for an image: clients put it into pages',
    async (image) => {
      const { token } = await app.api.signUp(tenant);
      const answer = await app.api.patch('/v1/me', { token, body: { image } });
      expect(answer.body).toMatchObject({ status: 400, errors: [{ path: 'image' }] });
    },
  );
});

describe.each(BODIES)('the body of %s', (path, body, who) => {
  it.each(Object.keys(body))('is refused when %s has the wrong type, and the answer names the field', async (field) => {
    const options = who === 'tenant' ? { tenant } : { token: (await app.api.signUp(tenant)).token };
    for (const value of WRONG.filter((wrong) => field !== 'metadata' || !isTextMap(wrong))) {
      const answer = await app.api.post(path, { ...options, body: { ...body, [field]: value } });
      expect([value, answer.status, answer.body.type]).toEqual([value, 400, 'validation_failed']);
      expect((answer.body.errors as { path: string }[]).map((error) => error.path)).toEqual([field]);
      expect(answer.body.detail).toContain(field);
    }
  });

  it.each([
    ['null', 'null'],
    ['an array', '[]'],
    ['an array with the body in it', JSON.stringify([body])],
    ['a text', '"text"'],
    ['a number', '7'],
    ['nothing', ''],
  ])('is refused when it is %s', async (_, payload) => {
    const options = who === 'tenant' ? { tenant } : { token: (await app.api.signUp(tenant)).token };
    const headers = { 'content-type': 'application/json' };
    expect((await app.api.post(path, { ...options, payload, headers })).status).toBe(400);
  });
});

function isTextMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
