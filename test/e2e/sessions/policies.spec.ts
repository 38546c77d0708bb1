import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, type SignedIn } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { isDead, me, refresh, tokensOf, works } from '../../support/session-checks.js';
import { setSessionPolicy, tenantWith } from '../../support/session-policy.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const HOME = '203.0.113.7';
const ELSEWHERE = '203.0.113.8';
const OTHER_AGENT = 'curl/8.5.0';

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
});
afterAll(() => app.close());

describe('sessions bound to an address', () => {
  let tenant: TestTenant;

  beforeAll(async () => {
    tenant = await tenantWith(app, { bind_to_ip: true });
  });

  async function signUpAtHome(): Promise<SignedIn> {
    const { email } = await app.api.signUp(tenant);
    return app.api.signIn(tenant, { email, password: PASSWORD }, { remoteAddress: HOME });
  }

  it('R036: from another address both tokens are refused, and from their own they still work', async () => {
    const { token, refreshToken } = await signUpAtHome();
    expect((await me(app, token, { remoteAddress: HOME })).status).toBe(200);
    expectProblem(await me(app, token, { remoteAddress: ELSEWHERE }), 401);
    expectProblem(await refresh(app, refreshToken, { remoteAddress: ELSEWHERE }), 401, 'invalid_credentials');
    expect((await refresh(app, refreshToken, { remoteAddress: HOME })).status).toBe(200);
  });

  it('R036: forwarding headers neither open a session from elsewhere nor close it at home, as no proxy is trusted', async () => {
    const { token } = await signUpAtHome();
    for (const header of ['x-forwarded-for', 'x-real-ip', 'forwarded', 'x-client-ip', 'cf-connecting-ip']) {
      const claim = (address: string) => ({ [header]: header === 'forwarded' ? `for=${address}` : address });
      expect((await me(app, token, { remoteAddress: HOME, headers: claim(ELSEWHERE) })).status).toBe(200);
      expectProblem(await me(app, token, { remoteAddress: ELSEWHERE, headers: claim(HOME) }), 401);
    }
    const { body } = await app.api.get('/v1/sessions', {
      token,
      remoteAddress: HOME,
      headers: { 'x-forwarded-for': ELSEWHERE },
    });
    expect(body.sessions).toEqual(
      expect.arrayContaining([expect.objectContaining({ current: true, ip_address: HOME })]),
    );
  });

  it('R036: IPv4 written as IPv6 is the same address', async () => {
    const { token } = await signUpAtHome();
    expect((await me(app, token, { remoteAddress: `::ffff:${HOME}` })).status).toBe(200);
  });
});

describe('sessions bound to a device', () => {
  let tenant: TestTenant;

  beforeAll(async () => {
    tenant = await tenantWith(app, { bind_to_device: true });
  });

  const withSecret = (secret: string | undefined) => ({ headers: { 'x-device-token': secret ?? '' } });

  it('R037: from another agent both tokens are refused, and from their own they still work', async () => {
    const { token, refreshToken } = await app.api.signUp(tenant);
    expectProblem(await me(app, token, { headers: { 'user-agent': OTHER_AGENT } }), 401);
    expectProblem(await refresh(app, refreshToken, { headers: { 'user-agent': OTHER_AGENT } }), 401);
    expect(await works(app, { token, refreshToken })).toBe(true);
  });

  it('R037: with another device’s secret both tokens are refused, and with their own they work', async () => {
    const victim = await app.api.signUp(tenant);
    const thief = await app.api.signUp(tenant);
    expectProblem(await me(app, victim.token, withSecret(thief.deviceToken)), 401);
    expectProblem(await refresh(app, victim.refreshToken, withSecret(thief.deviceToken)), 401);
    expectProblem(await refresh(app, victim.refreshToken, withSecret('0'.repeat(64))), 401);
    expect((await me(app, victim.token, withSecret(victim.deviceToken))).status).toBe(200);
    expect((await refresh(app, victim.refreshToken, withSecret(victim.deviceToken))).status).toBe(200);
  });

  it('R037: once the device has a new secret, the session goes by it at once and no longer by the old one', async () => {
    const { token, deviceToken } = await app.api.signUp(tenant);
    expect((await me(app, token, withSecret(deviceToken))).status).toBe(200);
    const { body } = await app.api.get('/v1/devices', { token });
    const { id } = (body.devices as [{ id: string }])[0];
    const trusted = await app.api.patch(`/v1/devices/${id}/trust`, { token });
    const renewed = trusted.body.device_token as string;
    expect((await me(app, token, withSecret(renewed))).status).toBe(200);
    expectProblem(await me(app, token, withSecret(deviceToken)), 401);
  });

  it('R037: switching the binding on holds for sessions that are there already', async () => {
    const loose = await app.createTenant();
    const { token } = await app.api.signUp(loose);
    const elsewhere = { headers: { 'user-agent': OTHER_AGENT } };
    expect((await me(app, token, elsewhere)).status).toBe(200);
    await setSessionPolicy(app, loose, { bind_to_device: true });
    expectProblem(await me(app, token, elsewhere), 401);
    expect((await me(app, token)).status).toBe(200);
  });
});

describe('a cap on live sessions', () => {
  it('R038: a sign-in past the cap ends the oldest session, which is told of, and no other', async () => {
    const tenant = await tenantWith(app, { max_active_sessions: 3 });
    const first = await app.api.signUp(tenant);
    const [second, third, fourth] = [
      await app.api.signIn(tenant, first),
      await app.api.signIn(tenant, first),
      await app.api.signIn(tenant, first),
    ];
    expect(await isDead(app, first)).toBe(true);
    for (const newer of [second, third, fourth]) expect(await works(app, newer)).toBe(true);
    const view = await OwnerView.open(app.database);
    const ended = await view.query(
      `SELECT payload ->> 'reason' AS reason FROM outbox WHERE name = 'session.revoked' AND subject_id = $1`,
      [first.userId],
    );
    await view.close();
    expect(ended).toEqual([{ reason: 'evicted' }]);
  });

  it('R038: only live sessions count, and each person for themselves', async () => {
    const tenant = await tenantWith(app, { max_active_sessions: 2 });
    const first = await app.api.signUp(tenant);
    const second = await app.api.signIn(tenant, first);
    const neighbour = await app.api.signUp(tenant);
    await app.api.post('/v1/signout', { token: second.token });
    const third = await app.api.signIn(tenant, first);
    expect(await works(app, first)).toBe(true);
    expect(await works(app, third)).toBe(true);
    expect(await works(app, neighbour)).toBe(true);
  });

  it('R038: a cap that is lowered holds from the next sign-in on', async () => {
    const tenant = await app.createTenant();
    const first = await app.api.signUp(tenant);
    const older = [first, await app.api.signIn(tenant, first), await app.api.signIn(tenant, first)];
    await setSessionPolicy(app, tenant, { max_active_sessions: 1 });
    const newest = await app.api.signIn(tenant, first);
    for (const session of older) expect(await isDead(app, session)).toBe(true);
    expect(await works(app, newest)).toBe(true);
  });
});

describe('rotation switched off', () => {
  let tenant: TestTenant;

  beforeAll(async () => {
    tenant = await tenantWith(app, { rotate_refresh_token: false });
  });

  it('a refresh replaces the access token and leaves the refresh token, again and again', async () => {
    const { token, refreshToken } = await app.api.signUp(tenant);
    let before = token;
    for (let round = 1; round <= 3; round += 1) {
      app.clock.advance(11_000);
      const next = await refresh(app, refreshToken);
      expect(next.status).toBe(200);
      expect(next.body.refresh_token).toBe(refreshToken);
      const access = tokensOf(next).token;
      expect(access).not.toBe(before);
      expectProblem(await me(app, before), 401);
      expect((await me(app, access)).status).toBe(200);
      before = access;
    }
  });

  it('parallel tabs that refresh together get one access token, not each a new one that ends the others’', async () => {
    const { refreshToken } = await app.api.signUp(tenant);
    app.clock.advance(11_000);
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(app, refreshToken)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const access = new Set(answers.map((answer) => tokensOf(answer).token));
    expect(access.size).toBe(1);
    expect((await me(app, [...access][0] ?? '')).status).toBe(200);
  });

  it('the refresh token is not made to last longer by using it', async () => {
    const { refreshToken } = await app.api.signUp(tenant);
    const first = await refresh(app, refreshToken);
    app.clock.advance(86_400_000);
    const later = await refresh(app, refreshToken);
    expect(later.body.refresh_token_expires_at).toBe(first.body.refresh_token_expires_at);
  });
});

describe('a policy that cannot be read', () => {
  it('R041: without any stored policy the limits and the cookie attributes are on', async () => {
    const tenant = await app.createTenant();
    const { email } = await app.api.signUp(tenant);
    const answer = await app.api.post('/v1/signin', {
      tenant,
      headers: { 'x-authsome-transport': 'cookie' },
      body: { email, password: PASSWORD },
    });
    expect(answer.body.expires_at).toBe(app.clock.in(3_600_000).toISOString());
    expect(answer.body.refresh_token_expires_at).toBe(app.clock.in(30 * 86_400_000).toISOString());
    for (const cookie of answer.headers['set-cookie'] as string[]) {
      expect(cookie).toMatch(/^__Host-.*; Path=\/; .*Secure; HttpOnly; SameSite=Lax$/);
    }
  });

  it('R041: while the stored policies cannot be read, no session is issued at all', async () => {
    const tenant = await tenantWith(app, { bind_to_ip: true, max_active_sessions: 1 });
    const { email } = await app.api.signUp(tenant);
    const body = { email, password: PASSWORD };
    const view = await OwnerView.open(app.database);
    const role = new URL(app.database.runtimeUrl).username;
    try {
      await view.query(`REVOKE SELECT ON setting_values FROM ${role}`);
      // What is in memory is from before: only a replica that has to read shows what it does then.
      const other = await TestApp.start({ env: RAISED_LIMITS, database: app.database });
      const answer = await other.api.post('/v1/signin', { tenant, body });
      await other.close();
      expectProblem(answer, [500, 503]);
      expect(answer.text).not.toMatch(/[0-9a-f]{64}/);
    } finally {
      await view.query(`GRANT SELECT ON setting_values TO ${role}`);
      await view.close();
    }
    expect((await app.api.post('/v1/signin', { tenant, body })).status).toBe(200);
  });
});
