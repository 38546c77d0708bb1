import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { asOwner } from '../../support/as-owner.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';

const HOUR_MS = 3_600_000;

describe('bans', () => {
  let app: TestApp;
  let tenant: TestTenant;
  let operator: string;

  beforeAll(async () => {
    app = await TestApp.start({ env: RAISED_LIMITS });
    tenant = await app.createTenant();
  });
  beforeEach(async () => {
    operator = await app.operatorOf(tenant.scope.appId);
  });
  afterAll(() => app.close());

  const admin = (path: string, body: object = {}, token = operator): Promise<Answer> =>
    app.api.post(`/v1/admin/users/${path}`, {
      token,
      body,
      query: { app_id: tenant.scope.appId },
      headers: { 'x-authsome-environment': 'development' },
    });
  const signIn = ({ email }: SignedIn, password = PASSWORD): Promise<Answer> =>
    app.api.post('/v1/signin', { tenant, body: { email, password } });
  const me = async (token: string): Promise<number> => (await app.api.get('/v1/me', { token })).status;

  it('R021: a banned user gets no session by password, refresh token, mailed code or reset; lifted, everything works again', async () => {
    const person = await app.api.signUp(tenant);
    await app.drain();
    const { code } = app.mailer.last(person.email, 'verify_email');
    expect((await admin(`${person.userId}/ban`, { reason: 'spam' })).status).toBe(200);

    const refused = await signIn(person);
    expect([refused.status, refused.body.type]).toEqual([403, 'user_banned']);
    const refresh = await app.api.post('/v1/refresh', { body: { refresh_token: person.refreshToken } });
    expect(refresh.status).toBe(401);
    const verified = await app.api.post('/v1/verify-email', { tenant, body: { email: person.email, code } });
    expect(verified.body).toEqual({ status: 'email verified' });

    await app.api.post('/v1/forgot-password', { tenant, body: { email: person.email } });
    await app.drain();
    const token = tokenOf(app.mailer.last(person.email, 'reset_password'));
    const password = 'after the reset, still banned';
    expect((await app.api.post('/v1/reset-password', { body: { token, new_password: password } })).status).toBe(200);
    expect((await signIn(person, password)).body.type).toBe('user_banned');

    expect((await admin(`${person.userId}/unban`)).status).toBe(200);
    expect((await signIn(person, password)).status).toBe(200);
    expect(await me(person.token)).toBe(401);
  });

  it('R021: a temporary ban ends by itself, to the millisecond', async () => {
    const person = await app.api.signUp(tenant);
    const expires = new Date(app.clock.nowMs() + HOUR_MS).toISOString();
    await admin(`${person.userId}/ban`, { expires_at: expires });
    app.clock.advance(HOUR_MS - 1);
    expect((await signIn(person)).status).toBe(403);
    app.clock.advance(1);
    const allowed = await signIn(person);
    expect(allowed.status).toBe(200);
    expect(await me(allowed.body.session_token as string)).toBe(200);
    expect(await me(person.token)).toBe(401);
  });

  it('R022: the next call of a banned user is refused, with either token, on every session', async () => {
    const person = await app.api.signUp(tenant);
    const second = await app.api.signIn(tenant, person);
    expect([await me(person.token), await me(second.token)]).toEqual([200, 200]);
    await admin(`${person.userId}/ban`);
    expect([await me(person.token), await me(second.token)]).toEqual([401, 401]);
    for (const { refreshToken } of [person, second]) {
      expect((await app.api.post('/v1/refresh', { body: { refresh_token: refreshToken } })).status).toBe(401);
    }
    const introspected = await app.api.post('/v1/introspect', { tenant, body: { token: person.token } });
    expect(introspected.body.active).not.toBe(true);
  });

  it('R022: a sign-in that had the right password before the ban gets no session after it', async () => {
    const person = await app.api.signUp(tenant);
    const [signedIn] = await Promise.all([signIn(person), admin(`${person.userId}/ban`)]);
    const token = signedIn.body.session_token;
    if (typeof token === 'string') expect(await me(token)).toBe(401);
    const live = await asOwner(app, 'SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL', [person.userId]);
    expect(live).toEqual([]);
  });

  it('R152: that somebody is banned shows only after the right password', async () => {
    const person = await app.api.signUp(tenant);
    await admin(`${person.userId}/ban`);
    expect((await signIn(person, 'a wrong password')).body.type).toBe('invalid_credentials');
    expect((await signIn(person)).body.type).toBe('user_banned');
  });

  it.each([
    ['reason', 7],
    ['reason', ['x']],
    ['reason', 'r'.repeat(501)],
    ['expires_at', 7],
    ['expires_at', 'tomorrow'],
    ['expires_at', '2030-13-45T99:99:99Z'],
    ['expires_at', '2030-01-15'],
    ['expires_at', ['2031-01-15T12:00:00Z']],
  ])('a ban with %s %j is refused and bans nobody', async (field, value) => {
    const person = await app.api.signUp(tenant);
    const answer = await admin(`${person.userId}/ban`, { [field]: value });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ type: 'validation_failed', errors: [{ path: field }] });
    expect(await me(person.token)).toBe(200);
  });

  it('R285: neither a stranger, nor a user, nor an operator of another app bans anybody', async () => {
    const victim = await app.api.signUp(tenant);
    const user = await app.api.signUp(tenant);
    const elsewhere = await app.operatorOf((await app.createTenant()).scope.appId);
    expect((await admin(`${victim.userId}/ban`, {}, '0'.repeat(64))).status).toBe(401);
    expect((await admin(`${victim.userId}/ban`, {}, user.token)).status).toBe(403);
    expect((await admin(`${victim.userId}/ban`, {}, elsewhere)).status).toBe(403);
    expect(await me(victim.token)).toBe(200);
  });
});

describe('sign-up that is closed', () => {
  let app: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestApp.start({ env: RAISED_LIMITS });
    tenant = await app.createTenant();
  });
  afterAll(() => app.close());

  it.each([{ signup_enabled: false }, { password_enabled: false }])(
    'R023: with %j nobody is made a user, and known and unknown addresses are answered alike',
    async (config) => {
      const known = await app.api.signUp(tenant);
      await app.drain();
      const operator = await app.operatorOf(tenant.scope.appId);
      const path = `/v1/admin/apps/${tenant.scope.appId}/client-config`;
      expect((await app.api.put(path, { token: operator, body: config })).status).toBe(200);
      const [users] = await asOwner<{ count: string }>(app, 'SELECT count(*) FROM users');
      const mails = app.mailer.sent.length;

      const headers = { 'x-request-id': 'the-same-for-both' };
      const answers = await Promise.all(
        [known.email, uniqueEmail()].map((email) =>
          app.api.post('/v1/signup', { tenant, headers, body: { email, password: PASSWORD } }),
        ),
      );
      expect(answers.map(({ status, body }) => [status, body.type])).toEqual([
        [403, 'signup_disabled'],
        [403, 'signup_disabled'],
      ]);
      expect(answers[0]?.text).toBe(answers[1]?.text);
      await app.drain();
      expect(app.mailer.sent).toHaveLength(mails);
      expect(await asOwner(app, 'SELECT count(*) FROM users')).toEqual([users]);

      const unknown = uniqueEmail();
      for (const route of ['/v1/forgot-password', '/v1/verify-email/resend']) {
        const [a, b] = await Promise.all(
          [known.email, unknown].map((email) => app.api.post(route, { tenant, headers, body: { email } })),
        );
        expect(a?.text).toBe(b?.text);
      }
      await app.drain();
      expect(app.mailer.to(unknown)).toHaveLength(0);
      expect(await asOwner(app, 'SELECT count(*) FROM users')).toEqual([users]);
      expect((await app.api.delete(path, { token: operator })).status).toBe(200);
    },
  );

  it.each(['development', 'staging'] as const)(
    'R024: 100 sign-ups of one address at once make one user, one verification mail and one user.created (%s)',
    async (type) => {
      const place = await app.environmentOf(tenant.scope.appId, type);
      const email = uniqueEmail();
      const answers = await Promise.all(
        Array.from({ length: 100 }, () =>
          app.api.post('/v1/signup', { tenant: place, body: { email, password: PASSWORD } }),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
      await app.drain();
      const users = await asOwner<{ id: string }>(app, 'SELECT id FROM users WHERE email = $1', [email]);
      expect(users).toHaveLength(1);
      const created = await asOwner(app, "SELECT id FROM outbox WHERE name = 'user.created' AND subject_id = $1", [
        users[0]?.id,
      ]);
      expect(created).toHaveLength(1);
      expect(app.mailer.to(email).map(({ purpose }) => purpose)).toEqual(['verify_email']);
      const ids = new Set(answers.map(({ body }) => (body.user as { id: string }).id));
      expect(ids.size).toBe(100);
      expect(ids.has(users[0]?.id ?? '')).toBe(true);
    },
  );
});
