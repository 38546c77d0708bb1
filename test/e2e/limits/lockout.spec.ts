import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Passwords } from '../../../src/kernel/crypto/passwords.js';
import { SessionIssuer } from '../../../src/sessions/session-issuer.js';
import { type Answer, type RequestOptions, type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const MINUTE_MS = 60_000;
const WRONG = 'not the password at all';

const env = {
  ...RAISED_LIMITS,
  AUTHSOME_LOCKOUT_FAILURES: '10/15m',
  AUTHSOME_LOCKOUT_FIRST_DELAY: '1m',
  AUTHSOME_LOCKOUT_LONGEST_DELAY: '8m',
};

describe('wrong passwords for one account', () => {
  let app: TestApp;
  let replica: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestApp.start({ env });
    replica = await TestApp.start({ env, database: app.database, app: { kernel: { clock: app.clock } } });
    tenant = await app.createTenant();
  });
  afterAll(async () => {
    await replica.close();
    await app.close();
  });

  const tryOn = (on: TestApp, email: string, password: string, options: RequestOptions = {}): Promise<Answer> =>
    on.api.post('/v1/signin', { tenant, body: { email, password }, ...options });
  const signIn = (email: string, password: string, options?: RequestOptions): Promise<Answer> =>
    tryOn(app, email, password, options);

  async function fail(email: string, times: number): Promise<void> {
    for (let count = 0; count < times; count += 1) {
      expectProblem(await signIn(email, WRONG), 401, 'invalid_credentials');
    }
  }

  async function locked(): Promise<SignedIn> {
    const person = await app.api.signUp(tenant);
    await fail(person.email, 10);
    return person;
  }

  it('R156: lock it at the limit, also for the right one, and it opens again by itself', async () => {
    const { email, password } = await locked();
    expectProblem(await signIn(email, password), 429, 'rate_limited');
    app.clock.advance(MINUTE_MS - 1);
    expectProblem(await signIn(email, password), 429);
    app.clock.advance(1);
    expect((await signIn(email, password)).status).toBe(200);
  });

  it('R156: make the wait longer with each further one, up to a bound', async () => {
    const { email, password } = await locked();
    for (const minutes of [1, 2, 4, 8, 8]) {
      const refused = await signIn(email, password);
      expect([minutes, refused.body.retry_after]).toEqual([minutes, minutes * 60]);
      app.clock.advance(minutes * MINUTE_MS);
      expectProblem(await signIn(email, WRONG), 401);
    }
  });

  it('R160: do not lock it before the limit: counts are numbers', async () => {
    const { email, password } = await app.api.signUp(tenant);
    for (const failures of [2, 9]) {
      await fail(email, failures);
      expect((await signIn(email, password)).status).toBe(200);
    }
  });

  it('R160: are forgotten when the right one is given, whatever it is given for', async () => {
    const { email, token, password } = await app.api.signUp(tenant);
    await fail(email, 9);
    expect((await app.api.post('/v1/reauthenticate', { token, body: { password } })).status).toBe(200);
    await fail(email, 9);
    const change = { current_password: password, new_password: 'another long passphrase' };
    expect((await app.api.post('/v1/change-password', { token, body: change })).status).toBe(200);
    await fail(email, 9);
    expect((await signIn(email, 'another long passphrase')).status).toBe(200);
  });

  it('R160: are not what the right one counts as, even where it opens no session', async () => {
    const staging = await app.environmentOf(tenant.scope.appId, 'staging');
    const body = { email: uniqueEmail(), password: 'correct horse battery staple' };
    await app.api.post('/v1/signup', { tenant: staging, body });
    for (let count = 0; count < 12; count += 1) {
      expectProblem(await app.api.post('/v1/signin', { tenant: staging, body }), 403, 'email_not_verified');
    }
    const { token } = await app.api.signUp(tenant);
    for (let count = 0; count < 12; count += 1) {
      const again = { current_password: 'correct horse battery staple', new_password: 'short' };
      expectProblem(await app.api.post('/v1/change-password', { token, body: again }), 400, 'weak_password');
    }
  });

  it('R160: are not what many right ones at once count as, however slowly each becomes a session', async () => {
    const { email, password } = await app.api.signUp(tenant);
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const gates = [app, replica].map((on) => {
      const issuer = on.get(SessionIssuer);
      const admit = issuer.admit.bind(issuer);
      return jest.spyOn(issuer, 'admit').mockImplementation((...args) => gate.then(() => admit(...args)));
    });
    const tries = Array.from({ length: 30 }, (_, index) => tryOn(index % 2 === 0 ? app : replica, email, password));
    // Whoever is refused is refused at once; everybody else waits for the gate.
    await Promise.race([...tries, new Promise((resolve) => setTimeout(resolve, 500))]);
    release();
    const answers = await Promise.all(tries);
    for (const spy of gates) spy.mockRestore();
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 30 }, () => 200));
    await fail(email, 9);
    expect((await signIn(email, password)).status).toBe(200);
  });

  it('R161: are forgotten when the window has passed since the last', async () => {
    const { email, password } = await app.api.signUp(tenant);
    await fail(email, 9);
    app.clock.advance(15 * MINUTE_MS);
    await fail(email, 9);
    expect((await signIn(email, password)).status).toBe(200);
  });

  it('R161: refused tries neither lengthen the wait nor count', async () => {
    const { email, password } = await locked();
    for (let second = 0; second < 59; second += 1) {
      app.clock.advance(1_000);
      expectProblem(await signIn(email, WRONG), 429);
    }
    app.clock.advance(1_000);
    expect((await signIn(email, password)).status).toBe(200);
  });

  it('R157: of a hundred at once over two replicas no more than the limit reach a password check', async () => {
    const { email } = await app.api.signUp(tenant);
    const checks = [app, replica].map((on) => jest.spyOn(on.nest.get(Passwords), 'check'));
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => tryOn(index % 2 === 0 ? app : replica, email, WRONG)),
    );
    expect(checks.reduce((sum, check) => sum + check.mock.calls.length, 0)).toBe(10);
    for (const check of checks) check.mockRestore();
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(90);
  });

  it('R158: count together, whichever replica is asked', async () => {
    const { email, password } = await app.api.signUp(tenant);
    for (let count = 0; count < 10; count += 1) {
      expectProblem(await tryOn(count % 2 === 0 ? app : replica, email, WRONG), 401);
    }
    expectProblem(await tryOn(app, email, password), 429);
    expectProblem(await tryOn(replica, email, password), 429);
  });

  it('R158: a lock that one replica opened is open on the other', async () => {
    const { email, password } = await app.api.signUp(tenant);
    await fail(email, 9);
    expect((await tryOn(replica, email, password)).status).toBe(200);
    await fail(email, 9);
    expect((await tryOn(replica, email, password)).status).toBe(200);
  });

  it('R159: from strangers do not lock its owner out of a device that is known', async () => {
    const { email, password, deviceToken } = await locked();
    const headers = { 'x-device-token': deviceToken ?? '' };
    expect((await signIn(email, password, { headers })).status).toBe(200);
    expectProblem(await signIn(email, password), 429);
    expectProblem(await signIn(email, password, { headers: { 'x-device-token': 'ab'.repeat(32) } }), 429);
  });

  it('R159: from a known device count too, on their own', async () => {
    const { email, password, deviceToken } = await app.api.signUp(tenant);
    const headers = { 'x-device-token': deviceToken ?? '' };
    for (let count = 0; count < 10; count += 1) expectProblem(await signIn(email, WRONG, { headers }), 401);
    expectProblem(await signIn(email, password, { headers }), 429);
    expect((await signIn(email, password)).status).toBe(200);
  });

  it('R159: a reset by mail opens the account again', async () => {
    const { email } = await locked();
    await app.api.post('/v1/forgot-password', { tenant, body: { email } });
    await app.drain();
    const token = tokenOf(app.mailer.last(email, 'reset_password'));
    const password = 'another long passphrase';
    expect((await app.api.post('/v1/reset-password', { body: { token, new_password: password } })).status).toBe(200);
    expect((await signIn(email, password)).status).toBe(200);
  });

  it('R166: hold on every path that takes the password', async () => {
    const username = `ada-${uniqueEmail().slice(7, 19)}`;
    const person = await app.api.signUp(tenant, { username });
    const { token, password } = person;
    await fail(person.email, 10);
    const byUsername = await app.api.post('/v1/signin', { tenant, body: { username, password } });
    expectProblem(byUsername, 429, 'rate_limited');
    const byAppId = await app.api.post('/v1/signin', {
      body: { email: person.email, password, app_id: tenant.scope.appId },
    });
    expectProblem(byAppId, 429, 'rate_limited');
    expectProblem(await app.api.post('/v1/reauthenticate', { token, body: { password } }), 429, 'rate_limited');
    const change = { current_password: password, new_password: 'another long passphrase' };
    expectProblem(await app.api.post('/v1/change-password', { token, body: change }), 429, 'rate_limited');
  });

  it('R166: on any of these paths count for all of them', async () => {
    const { email, token, password } = await app.api.signUp(tenant);
    const change = { current_password: WRONG, new_password: 'another long passphrase' };
    for (let round = 0; round < 5; round += 1) {
      expectProblem(await app.api.post('/v1/reauthenticate', { token, body: { password: WRONG } }), 401);
      expectProblem(await app.api.post('/v1/change-password', { token, body: change }), 401);
    }
    expectProblem(await signIn(email, password), 429);
  });

  it('R166: are counted however the address is written', async () => {
    const { email, password } = await app.api.signUp(tenant);
    const spellings = [
      email,
      email.toUpperCase(),
      ` ${email} `,
      email.replace('p', '\u200bp'),
      email.replace('@', '＠'),
    ];
    for (let count = 0; count < 10; count += 1) {
      expectProblem(await signIn(spellings[count % spellings.length] ?? '', WRONG), 401);
    }
    expectProblem(await signIn(email, password), 429);
  });

  it('R167: are refused with Retry-After and nothing about the account, which need not exist', async () => {
    const { email } = await locked();
    const nobody = uniqueEmail();
    await fail(nobody, 10);
    const [known, unknown] = [await signIn(email, WRONG), await signIn(nobody, WRONG)];
    for (const answer of [known, unknown]) {
      expectProblem(answer, 429, 'rate_limited');
      expect(answer.headers['retry-after']).toBe('60');
      expect(answer.text).not.toMatch(/lock|account|password/i);
    }
    expect({ ...known.body, request_id: '' }).toEqual({ ...unknown.body, request_id: '' });
  });

  it('in one environment do not lock the same address in another', async () => {
    const other = await app.createTenant();
    const email = uniqueEmail();
    await app.api.signUp(tenant, { email });
    const there = await app.api.signUp(other, { email });
    await fail(email, 10);
    await app.api.signIn(other, there);
    const nobody = { email: uniqueEmail(), password: WRONG };
    await fail(nobody.email, 10);
    expectProblem(await app.api.post('/v1/signin', { tenant: other, body: nobody }), 401);
  });

  it('R168: leave nothing behind a day after the last', async () => {
    for (let count = 0; count < 20; count += 1) await signIn(uniqueEmail(), WRONG);
    app.clock.advance(25 * 60 * MINUTE_MS);
    await app.drain();
    expect(await app.dataSource.query('SELECT count(*)::int AS rows FROM sign_in_attempts')).toEqual([{ rows: 0 }]);
  });
});
