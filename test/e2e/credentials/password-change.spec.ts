import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, type SignedIn } from '../../support/api-client.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';

const NEXT = 'the next long passphrase';
const MINUTE_MS = 60_000;

describe('changing the password', () => {
  let app: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestApp.start({ env: { ...RAISED_LIMITS, AUTHSOME_LOCKOUT_FAILURES: '3/15m' } });
    tenant = await app.createTenant();
  });
  afterAll(() => app.close());

  const change = (token: string, body: object): Promise<Answer> =>
    app.api.post('/v1/change-password', { token, body: { current_password: PASSWORD, new_password: NEXT, ...body } });
  const meStatus = async (token: string): Promise<number> => (await app.api.get('/v1/me', { token })).status;
  const refreshStatus = async (refreshToken: string): Promise<number> =>
    (await app.api.post('/v1/refresh', { body: { refresh_token: refreshToken } })).status;
  const signInAnswer = ({ email }: SignedIn, password: string, headers = {}): Promise<Answer> =>
    app.api.post('/v1/signin', { tenant, body: { email, password }, headers });

  it.each([
    ['wrong', { current_password: 'not the password at all' }, 401],
    ['missing', { current_password: undefined }, 400],
    ['empty', { current_password: '' }, 400],
    ['null', { current_password: null }, 400],
  ])('R014: with a %s current password is refused and changes nothing', async (_, body, status) => {
    const person = await app.api.signUp(tenant);
    expect((await change(person.token, body)).status).toBe(status);
    expect((await signInAnswer(person, NEXT)).status).toBe(401);
    expect((await signInAnswer(person, PASSWORD)).status).toBe(200);
    expect(await meStatus(person.token)).toBe(200);
    await app.drain();
    expect(app.mailer.to(person.email, 'password_changed')).toHaveLength(0);
  });

  it.each([
    ['/v1/change-password', { current_password: 'a wrong password', new_password: NEXT }],
    ['/v1/reauthenticate', { password: 'a wrong password' }],
  ])('R014: wrong passwords sent to %s count as failed sign-ins, and the lock covers both', async (path, body) => {
    const person = await app.api.signUp(tenant);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect((await app.api.post(path, { token: person.token, body })).status).toBe(401);
    }
    expect((await app.api.post(path, { token: person.token, body })).status).toBe(429);
    expect((await change(person.token, {})).status).toBe(429);
    expect((await signInAnswer(person, PASSWORD)).status).toBe(429);
    app.clock.advance(MINUTE_MS);
    expect((await signInAnswer(person, PASSWORD)).status).toBe(200);
  });

  it('R015: ends every other session at once, access and refresh tokens alike; the acting one goes on with new tokens', async () => {
    const acting = await app.api.signUp(tenant);
    const others = [await app.api.signIn(tenant, acting), await app.api.signIn(tenant, acting)];
    const changed = await change(acting.token, {});
    expect(changed.status).toBe(200);
    expect(changed.body.status).toBe('password changed');
    for (const { token, refreshToken } of others) {
      expect([await meStatus(token), await refreshStatus(refreshToken)]).toEqual([401, 401]);
    }
    expect(await meStatus(acting.token)).toBe(401);
    const token = changed.body.session_token as string;
    expect(await meStatus(token)).toBe(200);
    const sessions = await app.api.get('/v1/sessions', { token });
    expect((sessions.body.sessions as { current: boolean }[]).map(({ current }) => current)).toEqual([true]);
    expect((await signInAnswer(acting, PASSWORD)).status).toBe(401);
    expect((await signInAnswer(acting, NEXT)).status).toBe(200);
    expect(await refreshStatus(changed.body.refresh_token as string)).toBe(200);
  });

  it('R015: the acting session’s own refresh token from before the change opens nothing, not even a moment after it', async () => {
    const acting = await app.api.signUp(tenant);
    expect((await change(acting.token, {})).status).toBe(200);
    expect(await refreshStatus(acting.refreshToken)).toBe(401);
    expect((await signInAnswer(acting, NEXT)).status).toBe(200);
  });

  it('R092: a trusted device is trusted no longer', async () => {
    const person = await app.api.signUp(tenant);
    const headers = { 'x-device-token': person.deviceToken ?? '' };
    const devices = await app.api.get('/v1/devices', { token: person.token, headers });
    const [device] = devices.body.devices as { id: string }[];
    const trusted = await app.api.patch(`/v1/devices/${device?.id ?? ''}/trust`, { token: person.token, headers });
    expect(trusted.body.trusted).toBe(true);
    const changed = await change(person.token, {});
    const now = await app.api.get('/v1/devices', { token: changed.body.session_token as string });
    expect((now.body.devices as { trusted: boolean }[]).map((found) => found.trusted)).toEqual([false]);
  });

  it('tells the owner by mail, without either password', async () => {
    const person = await app.api.signUp(tenant);
    await change(person.token, {});
    await app.drain();
    const mail = app.mailer.last(person.email, 'password_changed');
    expect(`${mail.subject}${mail.text}${mail.html}`).not.toContain(NEXT);
    expect(`${mail.subject}${mail.text}${mail.html}`).not.toContain(PASSWORD);
    expect(app.mailer.to(person.email, 'password_changed')).toHaveLength(1);
  });

  it('R122: makes a reset link that is on its way worthless', async () => {
    const person = await app.api.signUp(tenant);
    await app.api.post('/v1/forgot-password', { tenant, body: { email: person.email } });
    await app.drain();
    const token = tokenOf(app.mailer.last(person.email, 'reset_password'));
    expect((await change(person.token, {})).status).toBe(200);
    const reset = await app.api.post('/v1/reset-password', { body: { token, new_password: 'of the intruder' } });
    expect(reset.status).toBe(401);
    expect((await signInAnswer(person, NEXT)).status).toBe(200);
  });

  it('R016: needs a recent proof of identity, which reauthentication renews for this session only', async () => {
    const person = await app.api.signUp(tenant);
    const other = await app.api.signIn(tenant, person);
    app.clock.advance(10 * MINUTE_MS + 1);
    const stale = await change(person.token, {});
    expect([stale.status, stale.body.type]).toEqual([403, 'reauth_required']);
    const proof = await app.api.post('/v1/reauthenticate', { token: person.token, body: { password: PASSWORD } });
    expect(proof.status).toBe(200);
    expect((await change(other.token, {})).body.type).toBe('reauth_required');
    expect((await change(person.token, {})).status).toBe(200);
  });

  it('R015: two sessions that change it at the same moment: one wins, and its password is the one that works', async () => {
    const first = await app.api.signUp(tenant);
    const second = await app.api.signIn(tenant, first);
    const [a, b] = await Promise.all([
      change(first.token, { new_password: 'chosen by the first' }),
      change(second.token, { new_password: 'chosen by the second' }),
    ]);
    expect([a.status, b.status].sort()).toEqual([200, 401]);
    const [winner, loser] = a.status === 200 ? ['first', 'second'] : ['second', 'first'];
    expect((await signInAnswer(first, `chosen by the ${loser}`)).status).toBe(401);
    expect((await signInAnswer(first, `chosen by the ${winner}`)).status).toBe(200);
  });

  it('R015: a change that was under way with the old password does not undo a reset that came first', async () => {
    const intruder = await app.api.signUp(tenant);
    await app.api.post('/v1/forgot-password', { tenant, body: { email: intruder.email } });
    await app.drain();
    const token = tokenOf(app.mailer.last(intruder.email, 'reset_password'));
    const [changed, reset] = await Promise.all([
      change(intruder.token, { new_password: 'of the intruder' }),
      app.api.post('/v1/reset-password', { body: { token, new_password: 'of the owner, again' } }),
    ]);
    expect([changed.status, reset.status].filter((status) => status === 200)).toHaveLength(1);
    const works = reset.status === 200 ? 'of the owner, again' : 'of the intruder';
    expect((await signInAnswer(intruder, works)).status).toBe(200);
  });
});
