import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { asOwner } from '../../support/as-owner.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';

const MINUTE_MS = 60_000;

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

const erase = ({ token }: { token: string }): Promise<Answer> => app.api.delete('/v1/me', { token });
const signIn = ({ email }: { email: string }, place = tenant): Promise<Answer> =>
  app.api.post('/v1/signin', { tenant: place, body: { email, password: PASSWORD } });

/** Runs what is due now and what has run out two minutes later, such as the counts of rate limits. */
async function settle(): Promise<void> {
  await app.drain();
  app.clock.advance(2 * MINUTE_MS);
  await app.drain();
}

describe('an account that its owner erases', () => {
  it('R295: is dead at once: sessions, refresh tokens, password, devices, mailed secrets', async () => {
    const person = await app.api.signUp(tenant);
    const second = await app.api.signIn(tenant, person);
    await app.api.post('/v1/forgot-password', { tenant, body: { email: person.email } });
    await app.drain();
    const reset = tokenOf(app.mailer.last(person.email, 'reset_password'));
    const verification = app.mailer.last(person.email, 'verify_email');

    expect((await erase(person)).body).toEqual({ status: 'account deleted' });
    for (const { token, refreshToken } of [person, second]) {
      expect((await app.api.get('/v1/me', { token })).status).toBe(401);
      expect((await app.api.post('/v1/refresh', { body: { refresh_token: refreshToken } })).status).toBe(401);
      const introspected = await app.api.post('/v1/introspect', { tenant, body: { token } });
      expect(introspected.body.active).not.toBe(true);
    }
    expect((await signIn(person)).body.type).toBe('invalid_credentials');
    const attempts: readonly (readonly [string, object])[] = [
      ['/v1/reset-password', { token: reset, new_password: 'a good new passphrase' }],
      ['/v1/verify-email', { token: tokenOf(verification) }],
      ['/v1/verify-email', { email: person.email, code: verification.code }],
    ];
    for (const [path, body] of attempts) expect((await app.api.post(path, { tenant, body })).status).toBe(401);
    const left = await asOwner(
      app,
      `SELECT user_id FROM sessions WHERE user_id = $1 UNION ALL SELECT user_id FROM devices WHERE user_id = $1
       UNION ALL SELECT user_id FROM user_passwords WHERE user_id = $1 UNION ALL SELECT user_id FROM challenges WHERE user_id = $1`,
      [person.userId],
    );
    expect(left).toEqual([]);
  });

  it('R295: is gone for operators too', async () => {
    const person = await app.api.signUp(tenant);
    await erase(person);
    const found = await app.api.get(`/v1/admin/users/${person.userId}`, {
      token: await app.operatorOf(tenant.scope.appId),
      query: { app_id: tenant.scope.appId },
      headers: { 'x-authsome-environment': 'development' },
    });
    expect(found.status).toBe(404);
  });

  it('R042: needs a recent proof of identity', async () => {
    const person = await app.api.signUp(tenant);
    app.clock.advance(10 * MINUTE_MS + 1);
    expect((await erase(person)).body.type).toBe('reauth_required');
    expect((await signIn(person)).status).toBe(200);
    await app.api.post('/v1/reauthenticate', { token: person.token, body: { password: PASSWORD } });
    expect((await erase(person)).status).toBe(200);
  });

  it('R295: gets no mail that was still on its way', async () => {
    const person = await app.api.signUp(tenant);
    await app.api.post('/v1/forgot-password', { tenant, body: { email: person.email } });
    await erase(person);
    await settle();
    expect(app.mailer.to(person.email)).toEqual([]);
  });

  it('R297: ten requests at once erase it once', async () => {
    const person = await app.api.signUp(tenant);
    const answers = await Promise.all(Array.from({ length: 10 }, () => erase(person)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => [401, 404].includes(status))).toHaveLength(9);
    const facts = await asOwner(app, "SELECT id FROM outbox WHERE subject_id = $1 AND name = 'user.account_deleted'", [
      person.userId,
    ]);
    expect(facts).toHaveLength(1);
  });

  it('R297: a revoked session erases nothing', async () => {
    const person = await app.api.signUp(tenant);
    const other = await app.api.signIn(tenant, person);
    await app.api.post('/v1/signout', { token: person.token });
    expect((await erase(person)).status).toBe(401);
    expect((await app.api.get('/v1/me', { token: other.token })).status).toBe(200);
  });

  it('R297: a sign-in at the same moment leaves no session behind', async () => {
    const person = await app.api.signUp(tenant);
    const [signedIn, erased] = await Promise.all([signIn(person), erase(person)]);
    expect(erased.status).toBe(200);
    const token = signedIn.body.session_token;
    if (typeof token === 'string') expect((await app.api.get('/v1/me', { token })).status).toBe(401);
    const rows = await asOwner(app, 'SELECT id FROM sessions WHERE user_id = $1', [person.userId]);
    expect(rows).toEqual([]);
  });

  it('R299: its address and username are free again, for a new account with a new id and nothing of the old one', async () => {
    const username = `ada${uniqueEmail().slice(7, 19)}`;
    const person = await app.api.signUp(tenant, { name: 'Ada Lovelace', username, metadata: { a: 'b' } });
    await erase(person);
    const again = await app.api.signUp(tenant, { email: person.email, username });
    expect(again.userId).not.toBe(person.userId);
    const { body } = await app.api.get('/v1/me/export', { token: again.token });
    expect(body.user).toMatchObject({ email_verified: false, first_name: '', banned: false, username });
    expect(body.user).not.toHaveProperty('metadata');
    expect([body.sessions, body.devices]).toMatchObject([[{ current: true }], [{ current: true }]]);
    expect(JSON.stringify(body)).not.toContain(person.userId);
  });

  it('R300: in staging leaves the same person’s production account untouched', async () => {
    const email = uniqueEmail();
    const places: TestTenant[] = [];
    const people: SignedIn[] = [];
    for (const type of ['staging', 'production'] as const) {
      const place = await app.environmentOf(tenant.scope.appId, type);
      await app.api.post('/v1/signup', { tenant: place, body: { email, password: PASSWORD, name: 'Ada Lovelace' } });
      await app.drain();
      const body = { email, code: app.mailer.last(email, 'verify_email').code };
      await app.api.post('/v1/verify-email', { tenant: place, body });
      places.push(place);
      people.push(await app.api.signIn(place, { email, password: PASSWORD }));
    }
    const [staging, production] = people;
    if (staging === undefined || production === undefined) throw new Error('two people were made');
    const before = await app.api.get('/v1/me/export', { token: production.token });
    expect((await erase(staging)).status).toBe(200);
    await settle();
    const after = await app.api.get('/v1/me/export', { token: production.token });
    expect([after.body.user, after.body.devices]).toEqual([before.body.user, before.body.devices]);
    const kept = (before.body.security_events as object[]).length;
    expect((after.body.security_events as object[]).slice(-kept)).toEqual(before.body.security_events);
    expect((await signIn({ email }, places[1])).status).toBe(200);
    expect((await signIn({ email }, places[0])).status).toBe(401);
  });

  it('R298: the last platform owner stays', async () => {
    const owner = await app.platformOwner();
    const answer = await erase({ token: owner });
    expect([answer.status, answer.body.type]).toEqual([409, 'last_owner']);
    expect((await app.api.get('/v1/me', { token: owner })).status).toBe(200);
  });
});
