import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, type SignedIn } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { isDead, me, works } from '../../support/session-checks.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

async function currentSession(token: string): Promise<Record<string, unknown>> {
  const { body } = await app.api.get('/v1/sessions', { token });
  const current = (body.sessions as Record<string, unknown>[]).find((session) => session.current === true);
  if (current === undefined) throw new Error('no session is the current one');
  return current;
}

/** One person, signed in twice. */
async function twice(): Promise<[SignedIn, SignedIn]> {
  const first = await app.api.signUp(tenant);
  return [first, await app.api.signIn(tenant, first)];
}

describe('sessions of oneself', () => {
  it('R030: a person sees their own sessions, with address, agent and times, and which one is asking', async () => {
    const [first, second] = await twice();
    await app.api.signUp(tenant);
    const { body } = await app.api.get('/v1/sessions', { token: first.token });
    const sessions = body.sessions as Record<string, unknown>[];
    expect(sessions).toHaveLength(2);
    for (const session of sessions) {
      expect(session).toMatchObject({
        user_id: first.userId,
        app_id: tenant.scope.appId,
        env_id: tenant.scope.envId,
        ip_address: '127.0.0.1',
        user_agent: expect.stringContaining('Chrome/120'),
        created_at: app.clock.now().toISOString(),
        last_activity_at: expect.any(String),
        expires_at: expect.any(String),
      });
    }
    expect(sessions.filter(({ current }) => current)).toHaveLength(1);
    const mine = await currentSession(second.token);
    expect(mine.id).not.toBe((await currentSession(first.token)).id);
    const read = await app.api.get(`/v1/sessions/${String(mine.id)}`, { token: first.token });
    expect(read.body).toEqual({ ...mine, current: false });
  });

  it('R030: no answer but the one that issues them holds a token', async () => {
    const [first, second] = await twice();
    const { id } = await currentSession(second.token);
    const answers = [
      await app.api.get('/v1/sessions', { token: first.token }),
      await app.api.get(`/v1/sessions/${String(id)}`, { token: first.token }),
      await me(app, first.token),
      await app.api.get('/v1/me/export', { token: first.token }),
      await app.api.get('/v1/devices', { token: first.token }),
      await app.api.post('/v1/introspect', { body: { token: first.token } }),
      await app.api.delete(`/v1/sessions/${String(id)}`, { token: first.token }),
      await app.api.post('/v1/signout', { token: first.token }),
    ];
    for (const { status, text, headers } of answers) {
      expect(status).toBe(200);
      expect(text).not.toMatch(/refresh_token"|session_token|[0-9a-f]{64}/);
      expect(headers['set-cookie']).toBeUndefined();
    }
  });

  it('lists page by page, newest first, every session once', async () => {
    const first = await app.api.signUp(tenant);
    const all = [first];
    while (all.length < 5) all.push(await app.api.signIn(tenant, first));
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await app.api.get('/v1/sessions', {
        token: first.token,
        query: { limit: '2', ...(cursor !== undefined && { cursor }) },
      });
      seen.push(...(body.sessions as { id: string }[]).map(({ id }) => id));
      cursor = body.next_cursor as string | undefined;
    } while (cursor !== undefined);
    const ids = await Promise.all(all.map(async ({ token }) => (await currentSession(token)).id));
    expect(seen).toEqual(ids.toReversed());
  });

  it('R031: another person’s session is neither read nor ended: 404, and it still works', async () => {
    const victim = await app.api.signUp(tenant);
    const attacker = await app.api.signUp(tenant);
    const path = `/v1/sessions/${String((await currentSession(victim.token)).id)}`;
    expectProblem(await app.api.get(path, { token: attacker.token }), 404, 'session_not_found');
    expectProblem(await app.api.delete(path, { token: attacker.token }), 404, 'session_not_found');
    expect(await works(app, victim)).toBe(true);
  });

  it('ends one session of one’s own, whose tokens die; it is gone from every view', async () => {
    const [keeper, goner] = await twice();
    const path = `/v1/sessions/${String((await currentSession(goner.token)).id)}`;
    expect((await app.api.delete(path, { token: keeper.token })).status).toBe(200);
    expect(await isDead(app, goner)).toBe(true);
    expectProblem(await app.api.get(path, { token: keeper.token }), 404, 'session_not_found');
    expectProblem(await app.api.delete(path, { token: keeper.token }), 404, 'session_not_found');
    expect(await works(app, keeper)).toBe(true);
  });

  it('R032: ending all others leaves the current session, and asks for a fresh proof of identity first', async () => {
    const current = await app.api.signUp(tenant);
    const others = [await app.api.signIn(tenant, current), await app.api.signIn(tenant, current)];
    others.push(await app.api.signIn(tenant, current));
    app.clock.advance(11 * 60_000);
    const { token } = current;
    expectProblem(await app.api.delete('/v1/sessions', { token }), 403, 'reauth_required');
    expect((await app.api.post('/v1/reauthenticate', { token, body: { password: PASSWORD } })).status).toBe(200);
    expect((await app.api.delete('/v1/sessions', { token })).body).toEqual({ status: 'revoked', revoked: 3 });
    for (const other of others) expect(await isDead(app, other)).toBe(true);
    expect(await works(app, current)).toBe(true);
  });

  it('R027: sign-out ends access and refresh token, in the header and in the cookie', async () => {
    const [gone, other] = await twice();
    expect((await app.api.post('/v1/signout', { token: gone.token })).status).toBe(200);
    expect(await isDead(app, gone)).toBe(true);
    const cookie = `__Host-authsome_session=${gone.token}; __Host-authsome_refresh=${gone.refreshToken}`;
    expectProblem(await app.api.get('/v1/me', { headers: { cookie } }), 401);
    expectProblem(await app.api.post('/v1/refresh', { headers: { cookie }, body: {} }), 401);
    expect(await works(app, other as SignedIn)).toBe(true);
  });
});

describe('sessions and operators', () => {
  it('R033: an operator of the app ends every session of a user; one of another app is refused and ends nothing', async () => {
    const [first, second] = await twice();
    const bystander = await app.api.signUp(tenant);
    const own = await app.operatorOf(tenant.scope.appId);
    const otherApp = (await app.createTenant()).scope.appId;
    const foreign = await app.operatorOf(otherApp);
    const path = '/v1/admin/bulk/sessions';
    const query = { user_id: first.userId, app_id: tenant.scope.appId };
    expectProblem(await app.api.delete(path, { token: foreign, query }), [403, 404]);
    expectProblem(await app.api.delete(path, { token: foreign, query: { ...query, app_id: otherApp } }), 404);
    expectProblem(await app.api.delete(path, { token: bystander.token, query }), 403);
    expect(await works(app, first)).toBe(true);
    const ended = await app.api.signUp(tenant);
    const answer = await app.api.delete(path, { token: own, query: { ...query, user_id: ended.userId } });
    expect(answer.body).toEqual({ revoked: 1, user_id: ended.userId });
    expect(await isDead(app, ended)).toBe(true);
    expect((await me(app, second.token)).status).toBe(200);
    expect(await works(app, bystander)).toBe(true);
  });

  it('R021, R022: a ban ends every session at once and lets nobody in until it runs out', async () => {
    const [first, second] = await twice();
    const token = await app.operatorOf(tenant.scope.appId);
    const query = { app_id: tenant.scope.appId };
    const expires = app.clock.in(60_000).toISOString();
    const path = `/v1/admin/users/${first.userId}`;
    const banned = await app.api.post(`${path}/ban`, { token, query, body: { expires_at: expires } });
    expect(banned.status).toBe(200);
    expect(await isDead(app, first)).toBe(true);
    expect(await isDead(app, second)).toBe(true);
    const body = { email: first.email, password: PASSWORD };
    expectProblem(await app.api.post('/v1/signin', { tenant, body }), 403, 'user_banned');
    app.clock.advance(60_000);
    expect(await works(app, await app.api.signIn(tenant, first))).toBe(true);
    expect(await isDead(app, first)).toBe(true);
  });
});
