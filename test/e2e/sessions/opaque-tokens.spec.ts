import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { me, refresh, tokensOf, works } from '../../support/session-checks.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const TOKENS = 1_000;
const FAMILIES = 10;

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

describe('tokens', () => {
  it('R025: a thousand access tokens are 256 random bits each: none repeats, and no part of one is a part of another', async () => {
    const families = await Promise.all(Array.from({ length: FAMILIES }, () => app.api.signUp(tenant)));
    const tokens = await Promise.all(
      families.map(async ({ token, refreshToken }) => {
        const chain = [token];
        while (chain.length < TOKENS / FAMILIES) {
          const next = tokensOf(await refresh(app, refreshToken));
          chain.push(next.token);
          refreshToken = next.refreshToken;
        }
        return chain;
      }),
    ).then((chains) => chains.flat());
    expect(tokens).toHaveLength(TOKENS);
    for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{64}$/);
    const quarters = tokens.flatMap((token) => [0, 16, 32, 48].map((at) => token.slice(at, at + 16)));
    expect(new Set(quarters).size).toBe(4 * TOKENS);
    for (let at = 0; at < 64; at += 1) expect(new Set(tokens.map((token) => token[at])).size).toBe(16);
  });

  it('R026: a sign-in that presents a session gives a fresh one and does not adopt the one presented', async () => {
    const own = await app.api.signUp(tenant);
    const again = await app.api.signIn(tenant, own);
    const foreign = await app.api.signUp(tenant);
    const chosen = 'a'.repeat(64);
    const issued: string[] = [own.token, again.token];
    for (const presented of [own.token, foreign.token, chosen]) {
      const ways: Record<string, string>[] = [
        { authorization: `Bearer ${presented}` },
        { cookie: `__Host-authsome_session=${presented}; __Host-authsome_refresh=${own.refreshToken}` },
      ];
      for (const headers of ways) {
        const answer = await app.api.post('/v1/signin', {
          tenant,
          headers,
          body: { email: own.email, password: PASSWORD },
        });
        expect(answer.status).toBe(200);
        issued.push(answer.body.session_token as string);
      }
    }
    expect(new Set(issued).size).toBe(issued.length);
    expect(issued).not.toContain(chosen);
    expect((await me(app, chosen)).status).toBe(401);
    expect((await me(app, foreign.token)).body.id).toBe(foreign.userId);
    expect(await works(app, own)).toBe(true);
  });

  it('R040: a token in the query, a form field or the body is no credential', async () => {
    const { token } = await app.api.signUp(tenant);
    for (const name of ['access_token', 'token', 'session_token', 'authorization']) {
      expectProblem(await app.api.get('/v1/me', { query: { [name]: token } }), 401);
      expectProblem(await app.api.post('/v1/signout', { body: { [name]: token } }), 401);
      const form = await app.api.post('/v1/signout', {
        payload: `${name}=${token}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      expectProblem(form, [401, 415]);
    }
    expect((await me(app, token)).status).toBe(200);
  });
});

describe('the walls between apps and environments', () => {
  it('R034: a session beside another app’s publishable key is 401, beside its own 200', async () => {
    const other = await app.createTenant();
    const { token, refreshToken } = await app.api.signUp(tenant);
    expectProblem(await app.api.get('/v1/me', { token, tenant: other }), 401);
    expectProblem(await app.api.get('/v1/me', { token, query: { publishable_key: other.publishableKey } }), 401);
    expectProblem(await app.api.get('/v1/me', { token, headers: { 'x-publishable-key': 'pk_test_unknown' } }), 401);
    expect((await app.api.get('/v1/me', { token, tenant })).status).toBe(200);
    expectProblem(await refresh(app, refreshToken, { tenant: other }), 401);
    expect((await app.api.post('/v1/introspect', { tenant: other, body: { token } })).body).toEqual({ active: false });
    expect((await refresh(app, refreshToken, { tenant })).status).toBe(200);
  });

  it('R035: a staging session opens nothing in production of the same app, nor does its refresh token', async () => {
    const staging = await app.createTenant('staging');
    const production = await app.environmentOf(staging.scope.appId, 'production');
    const body = { email: uniqueEmail(), password: PASSWORD };
    await app.api.post('/v1/signup', { tenant: staging, body });
    await app.drain();
    // Staging gives a session only to a verified address.
    const { code } = app.mailer.last(body.email, 'verify_email');
    const proof = { email: body.email, code };
    const issued = await app.api.post('/v1/verify-email', { tenant: staging, body: proof });
    const { token: access, refreshToken: successor } = tokensOf(issued);
    expectProblem(await app.api.get('/v1/me', { token: access, tenant: production }), 401);
    const named = await app.api.get('/v1/me', { token: access, headers: { 'x-authsome-environment': 'production' } });
    expectProblem(named, [401, 403]);
    expectProblem(await refresh(app, successor, { tenant: production }), 401);
    expectProblem(await app.api.post('/v1/signin', { tenant: production, body }), 401);
    expect((await me(app, access)).status).toBe(200);
    expect((await refresh(app, successor, { tenant: staging })).status).toBe(200);
  });
});
