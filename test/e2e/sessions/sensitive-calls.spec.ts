import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RoutePolicies } from '../../../src/http/access/route-policies.js';
import { PASSWORD } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { isDead, me, refresh, tokensOf } from '../../support/session-checks.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const WINDOW_MS = 10 * 60_000;
const NEW_PASSWORD = 'another long passphrase';
const DEVICE = 'adev_01h455vb4pex5vsknk084sn02q';

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

const reauthenticate = (token: string, password: string) =>
  app.api.post('/v1/reauthenticate', { token, body: { password } });

const changePassword = (token: string, current: string, next = NEW_PASSWORD) =>
  app.api.post('/v1/change-password', { token, body: { current_password: current, new_password: next } });

describe('calls that need a fresh proof of identity', () => {
  it('R042: the calls that change or hand out an account are among them', () => {
    const fresh = app
      .get(RoutePolicies)
      .routes.filter(({ policy: { access } }) => access.kind === 'session' && access.fresh)
      .map(({ method, path }) => `${method} ${path}`);
    expect(fresh).toEqual(
      expect.arrayContaining([
        'POST /v1/change-password',
        'POST /v1/me/change-email',
        'DELETE /v1/me',
        'GET /v1/me/export',
        'DELETE /v1/me/auth-methods/:provider',
        'PATCH /v1/devices/:deviceId/trust',
        'DELETE /v1/sessions',
      ]),
    );
  });

  it('R042: every one of them is refused when identity was proved longer ago than the window, and changes nothing', async () => {
    const person = await app.api.signUp(tenant);
    app.clock.advance(WINDOW_MS + 1);
    const { routes } = app.get(RoutePolicies);
    for (const { method, path, policy } of routes) {
      if (policy.access.kind !== 'session' || !policy.access.fresh) continue;
      const url = path.replace(':deviceId', DEVICE).replace(':provider', 'password').replace(/:\w+/, 'x');
      const answer = await app.api.request(method, url, {
        token: person.token,
        ...(method === 'POST' && {
          body: { email: 'new@example.com', current_password: PASSWORD, new_password: NEW_PASSWORD },
        }),
      });
      expectProblem(answer, 403, 'reauth_required');
    }
    expect((await me(app, person.token)).body.email).toBe(person.email);
    await app.api.signIn(tenant, person);
  });

  it('R042: within the window they are let through, and a new sign-in opens it again', async () => {
    const person = await app.api.signUp(tenant);
    app.clock.advance(WINDOW_MS);
    expect((await app.api.get('/v1/me/export', { token: person.token })).status).toBe(200);
    app.clock.advance(1);
    expectProblem(await app.api.get('/v1/me/export', { token: person.token }), 403, 'reauth_required');
    const { token } = await app.api.signIn(tenant, person);
    expect((await app.api.get('/v1/me/export', { token })).status).toBe(200);
  });

  it('R042: a refresh proves nothing: the successor is as old as the session', async () => {
    const person = await app.api.signUp(tenant);
    app.clock.advance(WINDOW_MS + 1);
    const { token } = tokensOf(await refresh(app, person.refreshToken));
    expectProblem(await app.api.get('/v1/me/export', { token }), 403, 'reauth_required');
  });

  it('R042: a session that has just been ended is refused, though it was in memory a moment ago', async () => {
    const keeper = await app.api.signUp(tenant);
    const goner = await app.api.signIn(tenant, keeper);
    for (let look = 1; look <= 3; look += 1) expect((await me(app, goner.token)).status).toBe(200);
    await app.api.delete('/v1/sessions', { token: keeper.token });
    expectProblem(await app.api.get('/v1/me/export', { token: goner.token }), 401);
    expectProblem(await me(app, goner.token), 401);
  });
});

describe('POST /v1/reauthenticate', () => {
  it('opens the window for the session that asks, and for no other', async () => {
    const asking = await app.api.signUp(tenant);
    const other = await app.api.signIn(tenant, asking);
    app.clock.advance(WINDOW_MS + 1);
    expect((await reauthenticate(asking.token, PASSWORD)).body).toEqual({ status: 'reauthenticated' });
    expect((await app.api.get('/v1/me/export', { token: asking.token })).status).toBe(200);
    expectProblem(await app.api.get('/v1/me/export', { token: other.token }), 403, 'reauth_required');
    app.clock.advance(WINDOW_MS + 1);
    expectProblem(await app.api.get('/v1/me/export', { token: asking.token }), 403, 'reauth_required');
  });

  it('refuses a wrong password, opens nothing, and needs a session', async () => {
    const { token } = await app.api.signUp(tenant);
    app.clock.advance(WINDOW_MS + 1);
    expectProblem(await reauthenticate(token, 'not the password at all'), 401, 'invalid_credentials');
    expectProblem(await app.api.get('/v1/me/export', { token }), 403, 'reauth_required');
    expectProblem(await app.api.post('/v1/reauthenticate', { body: { password: PASSWORD } }), 401);
  });

  it('R166: wrong passwords count with those of the sign-in: a session is no way around the lock of its account', async () => {
    const person = await app.api.signUp(tenant);
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      expectProblem(await reauthenticate(person.token, 'not the password at all'), 401);
    }
    expectProblem(await reauthenticate(person.token, PASSWORD), 429, 'rate_limited');
    const body = { email: person.email, password: PASSWORD };
    expectProblem(await app.api.post('/v1/signin', { tenant, body }), 429);
  });
});

describe('a password change', () => {
  it('R015: ends the other sessions, both their tokens, and gives the acting one new tokens in place of its old', async () => {
    const acting = await app.api.signUp(tenant);
    const others = [await app.api.signIn(tenant, acting), await app.api.signIn(tenant, acting)];
    const changed = await changePassword(acting.token, PASSWORD);
    expect(changed.status).toBe(200);
    for (const other of others) expect(await isDead(app, other)).toBe(true);
    const renewed = tokensOf(changed);
    expectProblem(await me(app, acting.token), 401);
    expect((await me(app, renewed.token)).status).toBe(200);
    expect((await refresh(app, renewed.refreshToken)).status).toBe(200);
  });

  it('R015: the acting session’s old refresh token gets nobody the new tokens, not within the reuse window either', async () => {
    const { token, refreshToken } = await app.api.signUp(tenant);
    expect((await changePassword(token, PASSWORD)).status).toBe(200);
    expectProblem(await refresh(app, refreshToken), 401, 'invalid_credentials');
  });

  it('R014: needs the current password', async () => {
    const person = await app.api.signUp(tenant);
    expectProblem(await changePassword(person.token, 'not the password at all'), 401, 'invalid_credentials');
    const missing = await app.api.post('/v1/change-password', {
      token: person.token,
      body: { new_password: NEW_PASSWORD },
    });
    expectProblem(missing, 400, 'validation_failed');
    await app.api.signIn(tenant, person);
  });
});
