import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, type RequestOptions, uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const PASSWORD = 'correct horse battery staple';

describe('an idempotency key', () => {
  let app: TestApp;
  let tenant: TestTenant;
  let view: OwnerView;
  let drawn = 0;

  beforeAll(async () => {
    app = await TestApp.start({ env: RAISED_LIMITS });
    tenant = await app.createTenant();
    view = await OwnerView.open(app.database);
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  const newKey = (): string => `test-key-${String((drawn += 1)).padStart(8, '0')}`;
  const withKey = (key: string, options: RequestOptions = {}): RequestOptions => ({
    ...options,
    headers: { ...options.headers, 'idempotency-key': key },
  });
  const signUp = (key: string, email: string, options: RequestOptions = {}): Promise<Answer> =>
    app.api.post('/v1/signup', withKey(key, { tenant, body: { email, password: PASSWORD }, ...options }));
  const accounts = async (email: string): Promise<number> =>
    (await view.query('SELECT 1 FROM users WHERE email = $1', [email])).length;

  it('gives a repeated request the same answer, headers and tokens included, and one effect', async () => {
    const [key, email] = [newKey(), uniqueEmail()];
    const first = await signUp(key, email);
    const second = await signUp(key, email);
    expect([second.status, second.text]).toEqual([first.status, first.text]);
    expect([first.headers['idempotency-replayed'], second.headers['idempotency-replayed']]).toEqual([
      undefined,
      'true',
    ]);
    expect(second.headers['content-type']).toBe(first.headers['content-type']);
    expect(await accounts(email)).toBe(1);
    expect((await app.api.get('/v1/me', { token: String(second.body.session_token) })).status).toBe(200);
  });

  it('gives a repeated request its cookies again', async () => {
    const key = newKey();
    const cookies = {
      headers: { 'x-authsome-transport': 'cookie', 'sec-fetch-site': 'same-origin', 'idempotency-key': key },
    };
    const email = uniqueEmail();
    const first = await signUp(key, email, cookies);
    const second = await signUp(key, email, cookies);
    expect(second.headers['set-cookie']).toEqual(first.headers['set-cookie']);
    expect(first.headers['set-cookie']).toHaveLength(3);
  });

  it('of requests that arrive together lets one work', async () => {
    const [key, email] = [newKey(), uniqueEmail()];
    const answers = await Promise.all(Array.from({ length: 8 }, () => signUp(key, email)));
    for (const answer of answers) {
      if (answer.status === 409) expectProblem(answer, 409, 'idempotency_in_progress');
      else expect([answer.status, answer.text]).toEqual([201, answers.find(({ status }) => status === 201)?.text]);
    }
    expect(await accounts(email)).toBe(1);
  });

  it('is refused for another body', async () => {
    const key = newKey();
    await signUp(key, uniqueEmail());
    const email = uniqueEmail();
    expectProblem(await signUp(key, email), 422, 'idempotency_key_reused');
    expect(await accounts(email)).toBe(0);
  });

  it('is refused for another object in the path: what was done to one is not said of another', async () => {
    const token = await app.operatorOf(tenant.scope.appId);
    const [ada, bob] = [await app.api.signUp(tenant), await app.api.signUp(tenant)];
    const key = newKey();
    const ban = (userId: string): Promise<Answer> =>
      app.api.post(
        `/v1/admin/users/${userId}/ban`,
        withKey(key, { token, query: { app_id: tenant.scope.appId }, body: {} }),
      );
    expect((await ban(ada.userId)).status).toBe(200);
    expectProblem(await ban(bob.userId), 422, 'idempotency_key_reused');
    expect((await app.api.get('/v1/me', { token: bob.token })).status).toBe(200);
    expect((await ban(ada.userId)).headers['idempotency-replayed']).toBe('true');
  });

  it('is another one for another caller, tenant or route', async () => {
    const key = newKey();
    const [ada, bob] = [await app.api.signUp(tenant), await app.api.signUp(tenant)];
    const other = await app.createTenant();
    const email = uniqueEmail();
    const first = await signUp(key, email);
    const elsewhere = await app.api.post(
      '/v1/signup',
      withKey(key, { tenant: other, body: { email, password: PASSWORD } }),
    );
    expect([first.status, elsewhere.status, elsewhere.headers['idempotency-replayed']]).toEqual([201, 201, undefined]);
    for (const { token } of [ada, bob]) {
      const out = await app.api.post('/v1/signout', withKey(key, { token }));
      expect([out.status, out.headers['idempotency-replayed']]).toEqual([200, undefined]);
    }
  });

  it('is free again after a refusal: the corrected request goes through', async () => {
    const [key, email] = [newKey(), uniqueEmail()];
    expectProblem(await signUp(key, email, { body: { email, password: 'short' } }), 400, 'weak_password');
    expect((await signUp(key, email)).status).toBe(201);
  });

  it('does not make failed sign-ins uncounted', async () => {
    const { email } = await app.api.signUp(tenant);
    const key = newKey();
    const body = { email, password: 'wrong' };
    for (let count = 0; count < 10; count += 1) {
      expectProblem(await app.api.post('/v1/signin', withKey(key, { tenant, body })), 401, 'invalid_credentials');
    }
    expectProblem(await app.api.post('/v1/signin', withKey(key, { tenant, body })), 429, 'rate_limited');
  });

  it('opens nothing that its request would not open any more', async () => {
    const ada = await app.api.signUp(tenant);
    const key = newKey();
    await app.api.post('/v1/signout', withKey(key, { token: ada.token }));
    expectProblem(
      await app.api.post('/v1/signout', withKey(key, { token: ada.token })),
      401,
      'authentication_required',
    );
  });

  it('is forgotten after its time', async () => {
    const [key, email] = [newKey(), uniqueEmail()];
    await signUp(key, email);
    app.clock.advance(25 * 3_600_000);
    const later = await signUp(key, email);
    expect([later.status, later.headers['idempotency-replayed']]).toEqual([201, undefined]);
    app.clock.advance(25 * 3_600_000);
    await app.drain();
    expect(await view.query('SELECT 1 FROM idempotency_records')).toEqual([]);
  });

  it.each([
    '',
    'short',
    'has a space in it',
    'x'.repeat(256),
    'tab\tinside-it',
    'non-ascii-ä-key',
    'a-key, another-key',
  ])('%j is refused as malformed', async (key) => {
    expectProblem(await signUp(key, uniqueEmail()), 400, 'idempotency_key_malformed');
  });
});
