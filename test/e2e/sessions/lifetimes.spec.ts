import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SessionActivity } from '../../../src/sessions/session-activity.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { me, refresh } from '../../support/session-checks.js';
import { setSessionPolicy, tenantWith } from '../../support/session-policy.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

async function isActive(app: TestApp, token: string): Promise<unknown> {
  return (await app.api.post('/v1/introspect', { body: { token } })).body.active;
}

describe('the life of a session under the default settings', () => {
  let app: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestApp.start({ env: RAISED_LIMITS });
    tenant = await app.createTenant();
  });
  afterAll(() => app.close());

  it('an access token opens nothing after the hour its answer promised, and its refresh token still does', async () => {
    const { token, refreshToken } = await app.api.signUp(tenant);
    const issued = await refresh(app, refreshToken);
    expect(issued.body.expires_at).toBe(app.clock.in(HOUR_MS).toISOString());
    const access = issued.body.session_token as string;
    expect((await me(app, token)).status).toBe(401);
    app.clock.advance(HOUR_MS - 1);
    expect((await me(app, access)).status).toBe(200);
    expect(await isActive(app, access)).toBe(true);
    app.clock.advance(1);
    expect((await me(app, access)).status).toBe(401);
    expect(await isActive(app, access)).toBe(false);
    expect((await refresh(app, issued.body.refresh_token as string)).status).toBe(200);
  });

  it('a refresh token that lay unused for longer than the app allows is refused', async () => {
    const short = await tenantWith(app, { refresh_token_ttl_seconds: 60, token_ttl_seconds: 30 });
    const used = await app.api.signUp(short);
    const unused = await app.api.signUp(short);
    app.clock.advance(59 * SECOND_MS);
    const next = await refresh(app, used.refreshToken);
    expect(next.status).toBe(200);
    expect(next.body.expires_at).toBe(app.clock.in(30 * SECOND_MS).toISOString());
    expect(next.body.refresh_token_expires_at).toBe(app.clock.in(60 * SECOND_MS).toISOString());
    app.clock.advance(SECOND_MS);
    expect((await refresh(app, unused.refreshToken)).status).toBe(401);
    expect((await refresh(app, next.body.refresh_token as string)).status).toBe(200);
  });

  it('a changed policy holds for sessions that are there already, from their next refresh on', async () => {
    const changing = await app.createTenant();
    const { refreshToken } = await app.api.signUp(changing);
    await setSessionPolicy(app, changing, { token_ttl_seconds: 5 });
    const next = await refresh(app, refreshToken);
    expect(next.body.expires_at).toBe(app.clock.in(5 * SECOND_MS).toISOString());
  });
});

describe('the end of a session that nobody ends', () => {
  const env = {
    ...RAISED_LIMITS,
    AUTHSOME_SESSION_IDLE_TTL: '2s',
    AUTHSOME_SESSION_ABSOLUTE_TTL: '6s',
    AUTHSOME_REFRESH_REUSE_WINDOW: '0s',
  };
  let app: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestApp.start({ env });
    tenant = await app.createTenant();
  });
  afterAll(() => app.close());

  it('R028: after an idle time longer than the timeout, access and refresh are refused and nobody lists the session', async () => {
    const idle = await app.api.signUp(tenant);
    expect((await me(app, idle.token)).status).toBe(200);
    app.clock.advance(3 * SECOND_MS);
    expect((await me(app, idle.token)).status).toBe(401);
    expect(await isActive(app, idle.token)).toBe(false);
    expect((await refresh(app, idle.refreshToken)).status).toBe(401);
    const { token } = await app.api.signIn(tenant, idle);
    const { body } = await app.api.get('/v1/sessions', { token });
    expect(body.sessions).toHaveLength(1);
    expect(body.sessions).toEqual([expect.objectContaining({ current: true })]);
  });

  it('R028: a session in use is not idle, however long it has been in use', async () => {
    const { token, refreshToken } = await app.api.signUp(tenant);
    for (let second = 1; second <= 4; second += 1) {
      app.clock.advance(SECOND_MS);
      expect((await me(app, token)).status).toBe(200);
    }
    await app.get(SessionActivity).flush();
    const { body } = await app.api.get('/v1/sessions', { token });
    expect(body.sessions).toEqual([expect.objectContaining({ last_activity_at: app.clock.now().toISOString() })]);
    expect((await refresh(app, refreshToken)).status).toBe(200);
  });

  it('R028: activity that another replica saw counts, and the timeout holds for what both saw', async () => {
    const other = await TestApp.start({ env, database: app.database });
    try {
      other.clock.advance(app.clock.nowMs() - other.clock.nowMs());
      const both = (ms: number): void => {
        app.clock.advance(ms);
        other.clock.advance(ms);
      };
      const { token } = await app.api.signUp(tenant);
      expect((await me(other, token)).status).toBe(200);
      both(1_500);
      expect((await me(app, token)).status).toBe(200);
      await app.get(SessionActivity).flush();
      both(1_000);
      // The other replica knows the session from memory as idle for 2.5 s.
      expect((await me(other, token)).status).toBe(200);
      await other.get(SessionActivity).flush();
      both(2_000);
      expect((await me(app, token)).status).toBe(401);
      expect((await me(other, token)).status).toBe(401);
    } finally {
      await other.close();
    }
  });

  it('R029: a client that refreshes every second is signed out when the absolute lifetime is over', async () => {
    let { token, refreshToken } = await app.api.signUp(tenant);
    const end = app.clock.in(6 * SECOND_MS).toISOString();
    for (let second = 1; second <= 5; second += 1) {
      app.clock.advance(SECOND_MS);
      const { status, body } = await refresh(app, refreshToken);
      expect(status).toBe(200);
      expect(body).toMatchObject({ expires_at: end, refresh_token_expires_at: end });
      token = body.session_token as string;
      refreshToken = body.refresh_token as string;
    }
    expect((await me(app, token)).status).toBe(200);
    app.clock.advance(SECOND_MS);
    expect((await me(app, token)).status).toBe(401);
    expect(await isActive(app, token)).toBe(false);
    expect((await refresh(app, refreshToken)).status).toBe(401);
  });
});
