import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { me, refresh, tokensOf } from '../../support/session-checks.js';
import { setSessionPolicy, tenantWith } from '../../support/session-policy.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { read } from './forge.js';

const QUARTER_HOUR_S = 900;
const OPAQUE = /^[0-9a-f]{64}$/;

let app: TestApp;
let tenant: TestTenant;
let jwtTenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
  jwtTenant = await tenantWith(app, { token_format: 'jwt' });
});
afterAll(() => app.close());

const introspect = async (token: string, named?: TestTenant) =>
  (await app.api.post('/v1/introspect', { ...(named && { tenant: named }), body: { token } })).body;

describe('a JWT access token', () => {
  it('R057: says who, for whom, by whom and how long, and nothing about the person; it lives a quarter of an hour', async () => {
    const person = await app.api.signUp(jwtTenant, { name: 'Ada Lovelace', username: 'ada' });
    const { header, claims } = read(person.token);
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.stringMatching(/^\w+$/) });
    expect(claims).toEqual({
      iss: 'https://auth.test',
      sub: person.userId,
      aud: jwtTenant.scope.appId,
      env_id: jwtTenant.scope.envId,
      sid: expect.stringMatching(/^ases_/),
      jti: expect.stringMatching(/^[0-9a-f]{32}$/),
      iat: Math.floor(app.clock.nowMs() / 1_000),
      exp: Math.floor(app.clock.nowMs() / 1_000) + QUARTER_HOUR_S,
    });
    expect((await me(app, person.token)).body.id).toBe(person.userId);
  });

  it('R057: an app makes it shorter, never longer than the deployment allows', async () => {
    const lifeWith = async (ttl: number): Promise<number> => {
      const shortened = await tenantWith(app, { token_format: 'jwt', token_ttl_seconds: ttl });
      const { claims } = read((await app.api.signUp(shortened)).token);
      return Number(claims.exp) - Number(claims.iat);
    };
    expect(await lifeWith(60)).toBe(60);
    expect(await lifeWith(86_400)).toBe(QUARTER_HOUR_S);
  });

  it('R049: is refused once it has run out', async () => {
    const { token } = await app.api.signUp(jwtTenant);
    app.clock.advance(QUARTER_HOUR_S * 1_000 - 1);
    expect((await me(app, token)).status).toBe(200);
    app.clock.advance(1);
    expectProblem(await me(app, token), 401);
    expect(await introspect(token)).toEqual({ active: false });
  });

  it('R052: is followed by a JWT with the same claims when it is refreshed', async () => {
    const first = await app.api.signUp(jwtTenant);
    const next = tokensOf(await refresh(app, first.refreshToken));
    const [before, after] = [read(first.token), read(next.token)];
    expect(Object.keys(after.claims).sort()).toEqual(Object.keys(before.claims).sort());
    const { sub, aud, sid, env_id, iss } = before.claims;
    expect(after.claims).toMatchObject({ sub, aud, sid, env_id, iss });
    expect(after.claims.jti).not.toBe(before.claims.jti);
    expect((await me(app, next.token)).status).toBe(200);
    expectProblem(await me(app, first.token), 401);
    const repeated = tokensOf(await refresh(app, first.refreshToken));
    expect(read(repeated.token).claims).toEqual(after.claims);
  });

  it('R052: follows an app that changes the form of its tokens, from the next refresh on', async () => {
    const changing = await app.createTenant();
    const opaque = await app.api.signUp(changing);
    expect(opaque.token).toMatch(OPAQUE);
    await setSessionPolicy(app, changing, { token_format: 'jwt' });
    expect((await me(app, opaque.token)).status).toBe(200);
    const jwt = tokensOf(await refresh(app, opaque.refreshToken));
    expect(read(jwt.token).claims.sub).toBe(opaque.userId);
    await setSessionPolicy(app, changing, { token_format: 'opaque' });
    const back = tokensOf(await refresh(app, jwt.refreshToken));
    expect(back.token).toMatch(OPAQUE);
    expect((await me(app, back.token)).body.id).toBe(opaque.userId);
    expectProblem(await me(app, jwt.token), 401);
  });

  it('R058: of a session that was ended is refused at once, by our routes and by introspection', async () => {
    const ways: ((token: string, userId: string) => Promise<unknown>)[] = [
      (token) => app.api.post('/v1/signout', { token }),
      async (token) => {
        const { sid } = read(token).claims;
        return app.api.delete(`/v1/sessions/${String(sid)}`, { token });
      },
      async (_, userId) =>
        app.api.post(`/v1/admin/users/${userId}/ban`, {
          token: await app.operatorOf(jwtTenant.scope.appId),
          query: { app_id: jwtTenant.scope.appId },
          body: {},
        }),
      (token) => app.api.delete('/v1/me', { token }),
    ];
    for (const end of ways) {
      const { token, userId } = await app.api.signUp(jwtTenant);
      expect((await me(app, token)).status).toBe(200);
      expect(await introspect(token)).toMatchObject({ active: true });
      await end(token, userId);
      expectProblem(await me(app, token), 401);
      expect(await introspect(token)).toEqual({ active: false });
    }
  });

  it('its jti alone opens nothing and is not introspected, for it stands in other people’s logs', async () => {
    const { token } = await app.api.signUp(jwtTenant);
    const jti = String(read(token).claims.jti);
    expectProblem(await me(app, jti), 401);
    expect(await introspect(jti)).toEqual({ active: false });
  });
});

describe('POST /v1/introspect', () => {
  it('tells whose a live token is, whatever its form', async () => {
    for (const each of [tenant, jwtTenant]) {
      const username = `user${Math.trunc(app.clock.nowMs() / 7)}${each === tenant ? 'a' : 'b'}`;
      const person = await app.api.signUp(each, { first_name: 'Ada', last_name: 'Lovelace', username });
      const answer = await introspect(person.token, each);
      expect(answer).toEqual({
        active: true,
        user_id: person.userId,
        app_id: each.scope.appId,
        env_id: each.scope.envId,
        session_id: expect.stringMatching(/^ases_/),
        expires_at: expect.any(String),
        user: { id: person.userId, email: person.email, first_name: 'Ada', last_name: 'Lovelace', username },
      });
      expect(await introspect(person.token)).toEqual(answer);
    }
  });

  it('says of every token that opens nothing the same single thing', async () => {
    const ended = await app.api.signUp(tenant);
    await app.api.post('/v1/signout', { token: ended.token });
    const rotated = await app.api.signUp(tenant);
    await refresh(app, rotated.refreshToken);
    const erased = await app.api.signUp(tenant);
    await app.api.delete('/v1/me', { token: erased.token });
    const other = await app.createTenant();
    const foreign = await app.api.signUp(other);
    const inactive = [ended.token, rotated.token, erased.token, rotated.refreshToken, 'a'.repeat(64), 'x', '..', 'é'];
    for (const token of inactive) expect(await introspect(token)).toEqual({ active: false });
    expect(await introspect(foreign.token, tenant)).toEqual({ active: false });
    expect(await introspect(foreign.token, other)).toMatchObject({ active: true });
  });

  it('R058: sees a ban at once and its end when it comes, though no session was touched by hand', async () => {
    const person = await app.api.signUp(tenant);
    const token = await app.operatorOf(tenant.scope.appId);
    const path = `/v1/admin/users/${person.userId}`;
    const query = { app_id: tenant.scope.appId };
    await app.api.post(`${path}/ban`, { token, query, body: {} });
    expect(await introspect(person.token)).toEqual({ active: false });
    await app.api.post(`${path}/unban`, { token, query });
    // The ban has ended the session for good.
    expect(await introspect(person.token)).toEqual({ active: false });
    expect(await introspect((await app.api.signIn(tenant, person)).token)).toMatchObject({ active: true });
  });

  it('needs a token of a bounded length', async () => {
    for (const body of [{}, { token: '' }, { token: ['x'] }, { token: 7 }, { token: 'x'.repeat(8_193) }]) {
      expectProblem(await app.api.post('/v1/introspect', { body }), 400);
    }
  });

  it('is not use: introspecting does not keep an idle session alive', async () => {
    const idle = await app.api.signUp(tenant);
    const before = await app.api.get('/v1/sessions', { token: idle.token });
    app.clock.advance(120_000);
    await introspect(idle.token);
    const { body } = await app.api.get('/v1/sessions', { token: idle.token });
    const activityOf = (sessions: unknown) => (sessions as [{ last_activity_at: string }])[0].last_activity_at;
    expect(activityOf(body.sessions)).toBe(activityOf(before.body.sessions));
  });
});
