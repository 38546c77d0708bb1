import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, uniqueEmail } from '../../support/api-client.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { asOwner } from '../../support/as-owner.js';
import { ban } from '../credentials/ban.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';

const NEXT = 'a passphrase chosen anew';
const MINUTE_MS = 60_000;

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

const reset = (token: string, password = NEXT, options: object = {}): Promise<Answer> =>
  app.api.post('/v1/reset-password', { body: { token, new_password: password }, ...options });
const signIn = ({ email }: { email: string }, password: string): Promise<Answer> =>
  app.api.post('/v1/signin', { tenant, body: { email, password } });
const me = async (token: string): Promise<number> => (await app.api.get('/v1/me', { token })).status;

async function tokenFor(email: string): Promise<string> {
  await app.api.post('/v1/forgot-password', { tenant, body: { email } });
  await app.drain();
  return tokenOf(app.mailer.last(email, 'reset_password'));
}

describe('using a reset link', () => {
  it('sets the password, verifies the mailbox, tells the owner and signs nobody in', async () => {
    const person = await app.api.signUp(tenant);
    const answer = await reset(await tokenFor(person.email));
    expect([answer.status, answer.body]).toEqual([200, { status: 'password reset' }]);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect((await signIn(person, PASSWORD)).status).toBe(401);
    expect((await signIn(person, NEXT)).body.user).toMatchObject({ id: person.userId, email_verified: true });
    await app.drain();
    expect(app.mailer.to(person.email, 'password_changed')).toHaveLength(1);
  });

  it('R121: 50 uses of one link at once with 50 passwords: one succeeds, and exactly its password works', async () => {
    const person = await app.api.signUp(tenant);
    const token = await tokenFor(person.email);
    const passwords = Array.from({ length: 50 }, (_, index) => `passphrase number ${index} of fifty`);
    const answers = await Promise.all(passwords.map((password) => reset(token, password)));
    const winners = passwords.filter((_, index) => answers[index]?.status === 200);
    expect(winners).toHaveLength(1);
    expect(answers.filter(({ status, body }) => status === 401 && body.type === 'invalid_code')).toHaveLength(49);
    expect((await signIn(person, winners[0] ?? '')).status).toBe(200);
    const [loser = ''] = passwords.filter((password) => password !== winners[0]);
    expect((await signIn(person, loser)).status).toBe(401);
    await app.drain();
    expect(app.mailer.to(person.email, 'password_changed')).toHaveLength(1);
  });

  it('R122: a newer link makes the older one worthless', async () => {
    const { email } = await app.api.signUp(tenant);
    const older = await tokenFor(email);
    const newer = await tokenFor(email);
    expect((await reset(older)).status).toBe(401);
    expect((await reset(newer)).status).toBe(200);
  });

  it('R122: a change of address makes it worthless', async () => {
    const person = await app.api.signUp(tenant);
    const token = await tokenFor(person.email);
    const next = uniqueEmail();
    await app.api.post('/v1/me/change-email', { token: person.token, body: { email: next } });
    await app.drain();
    const confirm = tokenOf(app.mailer.last(next, 'change_email'));
    expect((await app.api.post('/v1/change-email/confirm', { body: { token: confirm } })).status).toBe(200);
    expect((await reset(token)).status).toBe(401);
    expect((await signIn({ email: next }, PASSWORD)).status).toBe(200);
  });

  it('R122: an address replaced by other means makes it worthless too', async () => {
    const person = await app.api.signUp(tenant);
    const token = await tokenFor(person.email);
    await asOwner(app, 'UPDATE users SET email = $2 WHERE id = $1', [person.userId, uniqueEmail()]);
    expect((await reset(token)).status).toBe(401);
    expect(await me(person.token)).toBe(200);
  });

  it('R122: it lives 30 minutes, to the millisecond; expired is answered like unknown', async () => {
    const person = await app.api.signUp(tenant);
    const inTime = await tokenFor(person.email);
    app.clock.advance(30 * MINUTE_MS - 1);
    expect((await reset(inTime)).status).toBe(200);
    const late = await tokenFor(person.email);
    app.clock.advance(30 * MINUTE_MS);
    const headers = { 'x-request-id': 'the-same-for-both' };
    const expired = await reset(late, NEXT, { headers });
    expect(expired.status).toBe(401);
    expect(expired.text).toBe((await reset('f'.repeat(64), NEXT, { headers })).text);
  });

  it('R122: a password that is refused leaves it usable, and nothing else', async () => {
    const person = await app.api.signUp(tenant);
    const token = await tokenFor(person.email);
    expect((await reset(token, 'password')).body.type).toBe('weak_password');
    expect((await reset(token, '')).status).toBe(400);
    expect((await signIn(person, PASSWORD)).status).toBe(200);
    expect((await reset(token)).status).toBe(200);
    expect((await reset(token)).status).toBe(401);
  });

  it('R123: ends every session and the trust in every device', async () => {
    const person = await app.api.signUp(tenant);
    const other = await app.api.signIn(tenant, person, { headers: { 'user-agent': 'Another browser' } });
    const headers = { 'x-device-token': person.deviceToken ?? '' };
    const listed = await app.api.get('/v1/devices', { token: person.token, headers });
    const mine = (listed.body.devices as { id: string; current: boolean }[]).find(({ current }) => current);
    const trusted = await app.api.patch(`/v1/devices/${mine?.id ?? ''}/trust`, { token: person.token, headers });
    expect(trusted.body.trusted).toBe(true);

    expect((await reset(await tokenFor(person.email))).status).toBe(200);
    for (const { token, refreshToken } of [person, other]) {
      expect(await me(token)).toBe(401);
      expect((await app.api.post('/v1/refresh', { body: { refresh_token: refreshToken } })).status).toBe(401);
    }
    const back = await app.api.signIn(tenant, { email: person.email, password: NEXT });
    const devices = await app.api.get('/v1/devices', { token: back.token });
    expect((devices.body.devices as { trusted: boolean }[]).some((device) => device.trusted)).toBe(false);
    const rows = await asOwner(app, 'SELECT id FROM devices WHERE user_id = $1 AND trusted', [person.userId]);
    expect(rows).toEqual([]);
  });

  it('R123: leaves no mailed code behind that would sign somebody in', async () => {
    const person = await app.api.signUp(tenant);
    await app.drain();
    const { code } = app.mailer.last(person.email, 'verify_email');
    expect((await reset(await tokenFor(person.email))).status).toBe(200);
    const answer = await app.api.post('/v1/verify-email', { tenant, body: { email: person.email, code } });
    expect([answer.status, answer.body.type]).toEqual([401, 'invalid_code']);
  });

  it('R123: a sign-in that had the old password right gets no session that outlives the reset', async () => {
    const person = await app.api.signUp(tenant);
    const token = await tokenFor(person.email);
    const [signedIn, done] = await Promise.all([signIn(person, PASSWORD), reset(token)]);
    expect(done.status).toBe(200);
    const session = signedIn.body.session_token;
    if (typeof session === 'string') expect(await me(session)).toBe(401);
    const live = await asOwner(app, 'SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL', [person.userId]);
    expect(live).toEqual([]);
  });

  it('R125: of the same address in another environment or app changes only its own account', async () => {
    const email = uniqueEmail();
    const places = [tenant, await app.environmentOf(tenant.scope.appId, 'staging'), await app.createTenant()];
    for (const place of places) {
      const answer = await app.api.post('/v1/signup', { tenant: place, body: { email, password: PASSWORD } });
      expect(answer.status).toBe(201);
    }
    const token = await tokenFor(email);
    for (const place of places.slice(1)) expect((await reset(token, NEXT, { tenant: place })).status).toBe(401);
    expect((await reset(token, NEXT, { tenant })).status).toBe(200);
    const statuses = [];
    for (const place of places) {
      const answer = await app.api.post('/v1/signin', { tenant: place, body: { email, password: PASSWORD } });
      statuses.push([answer.status, answer.body.type]);
    }
    expect(statuses).toEqual([
      [401, 'invalid_credentials'],
      [403, 'email_not_verified'],
      [200, undefined],
    ]);
  });

  it('R127: lifts no ban', async () => {
    const person = await app.api.signUp(tenant);
    await ban(app, tenant, person);
    expect((await reset(await tokenFor(person.email))).status).toBe(200);
    const answer = await signIn(person, NEXT);
    expect([answer.status, answer.body.type]).toEqual([403, 'user_banned']);
  });

  it('R127: verifies no phone and touches no other part of the account', async () => {
    const person = await app.api.signUp(tenant, { name: 'Ada Lovelace', username: `ada${uniqueEmail().slice(7, 19)}` });
    await asOwner(app, "UPDATE users SET phone = '+41791234567' WHERE id = $1", [person.userId]);
    await reset(await tokenFor(person.email));
    const { user } = (await signIn(person, NEXT)).body;
    expect(user).toMatchObject({ phone: '+41791234567', phone_verified: false, first_name: 'Ada', banned: false });
  });

  it('R159: opens an account that a stranger has locked', async () => {
    const person = await app.api.signUp(tenant);
    for (let attempt = 0; attempt < 12; attempt += 1) await signIn(person, 'a wrong password');
    expect((await signIn(person, PASSWORD)).status).toBe(429);
    await reset(await tokenFor(person.email));
    expect((await signIn(person, NEXT)).status).toBe(200);
  });

  it('R135: a session that somebody kept alive on an account made for another’s address dies', async () => {
    const email = uniqueEmail();
    const intruder = await app.api.signUp(tenant, { email });
    app.clock.advance(30 * MINUTE_MS);
    const kept = await app.api.post('/v1/refresh', { body: { refresh_token: intruder.refreshToken } });
    expect(kept.status).toBe(200);
    expect((await reset(await tokenFor(email))).status).toBe(200);
    expect(await me(kept.body.session_token as string)).toBe(401);
    const again = await app.api.post('/v1/refresh', { body: { refresh_token: kept.body.refresh_token } });
    expect(again.status).toBe(401);
    expect((await signIn({ email }, PASSWORD)).status).toBe(401);
  });

  it('the fact that an address was proved is recorded once, however often its owner resets', async () => {
    const person = await app.api.signUp(tenant);
    await reset(await tokenFor(person.email), NEXT);
    await reset(await tokenFor(person.email), PASSWORD);
    const facts = await asOwner(app, "SELECT id FROM outbox WHERE subject_id = $1 AND name = 'user.email_verified'", [
      person.userId,
    ]);
    expect(facts).toHaveLength(1);
  });
});
