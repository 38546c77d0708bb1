import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { argon2Engines } from '../../../src/kernel/crypto/argon2-engine.js';
import { type Answer, PASSWORD, uniqueEmail } from '../../support/api-client.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { asOwner } from '../../support/as-owner.js';
import { ban } from '../credentials/ban.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { comparable } from './comparable.js';
import { workOf } from './work.js';

const WRONG = 'not the password at all';
const ONE_CHECK = ['argon2id v=19 m=64,t=1,p=1'];

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

const signIn = (body: object, options: object = {}): Promise<Answer> =>
  app.api.post('/v1/signin', { tenant, body, ...options });

describe('a wrong password', () => {
  it('R149: for a known user and for a name nobody has costs one hash, and is answered alike', async () => {
    const person = await app.api.signUp(tenant, { username: `ada${uniqueEmail().slice(7, 19)}` });
    const me = await app.api.get('/v1/me', { token: person.token });
    const bodies = [
      { email: person.email, password: WRONG },
      { username: me.body.username, password: WRONG },
      { email: uniqueEmail(), password: PASSWORD },
      { email: `${'y'.repeat(64)}@unknown.example`, password: WRONG },
      { username: 'nobody', password: WRONG },
      { username: '@ not a username', password: WRONG },
      { username: '😀'.repeat(128), password: WRONG },
    ];
    const outcomes = [];
    for (const body of bodies) outcomes.push(await workOf(() => signIn(body)));
    expect(outcomes.map(({ answer }) => [answer.status, answer.body.type])).toEqual(
      bodies.map(() => [401, 'invalid_credentials']),
    );
    expect(outcomes.map(({ work }) => work)).toEqual(bodies.map(() => ONE_CHECK));
    expect(new Set(outcomes.map(({ answer }) => comparable(answer))).size).toBe(1);
  });

  it('R149: is answered alike with a device token, in cookie mode and with an idempotency key', async () => {
    const person = await app.api.signUp(tenant);
    const variants = [
      { 'x-device-token': person.deviceToken ?? '' },
      { 'x-device-token': 'f'.repeat(64), 'x-device-fingerprint': 'fingerprint' },
      { 'x-authsome-transport': 'cookie', 'sec-fetch-site': 'same-origin' },
    ];
    for (const headers of variants) {
      const known = await workOf(() => signIn({ email: person.email, password: WRONG }, { headers }));
      const unknown = await workOf(() => signIn({ email: uniqueEmail(), password: WRONG }, { headers }));
      expect(comparable(unknown.answer)).toBe(comparable(known.answer));
      expect(unknown.work).toEqual(known.work);
    }
    const keyed = async (email: string): Promise<Answer> => {
      const headers = { 'idempotency-key': `key-of-${email}` };
      return signIn({ email, password: WRONG }, { headers });
    };
    expect(comparable(await keyed(uniqueEmail()))).toBe(comparable(await keyed(person.email)));
  });

  it('R150: for a user with an old cheap hash costs today’s hash as well', async () => {
    const person = await app.api.signUp(tenant);
    const engine = await argon2Engines.nativeRust();
    const cheap = await engine.hash(PASSWORD, { memoryKib: 8, passes: 1, lanes: 1 });
    await asOwner(app, 'UPDATE user_passwords SET password_hash = $2 WHERE user_id = $1', [person.userId, cheap]);
    const known = await workOf(() => signIn({ email: person.email, password: WRONG }));
    const unknown = await workOf(() => signIn({ email: uniqueEmail(), password: WRONG }));
    expect(known.work).toEqual(['argon2id v=19 m=8,t=1,p=1', ...ONE_CHECK]);
    expect(unknown.work).toEqual(ONE_CHECK);
    expect(comparable(known.answer)).toBe(comparable(unknown.answer));
  });

  it('R149: for a user without a password costs one hash', async () => {
    const person = await app.api.signUp(tenant);
    await asOwner(app, 'DELETE FROM user_passwords WHERE user_id = $1', [person.userId]);
    const { answer, work } = await workOf(() => signIn({ email: person.email, password: WRONG }));
    expect([answer.status, work]).toEqual([401, ONE_CHECK]);
  });

  it('R152: for banned, unverified and erased users is the plain failure; what is wrong shows only after the right one', async () => {
    const strict = await app.environmentOf(tenant.scope.appId, 'staging');
    const banned = await app.api.signUp(tenant);
    await ban(app, tenant, banned);
    const unverified = uniqueEmail();
    await app.api.post('/v1/signup', { tenant: strict, body: { email: unverified, password: PASSWORD } });
    const erased = await app.api.signUp(tenant);
    await app.api.delete('/v1/me', { token: erased.token });

    const plain = await signIn({ email: uniqueEmail(), password: WRONG });
    const failures = [
      await signIn({ email: banned.email, password: WRONG }),
      await signIn({ email: unverified, password: WRONG }, { tenant: strict }),
      await signIn({ email: erased.email, password: PASSWORD }),
    ];
    for (const failure of failures) expect(comparable(failure)).toBe(comparable(plain));
    expect((await signIn({ email: banned.email, password: PASSWORD })).body.type).toBe('user_banned');
    const right = await signIn({ email: unverified, password: PASSWORD }, { tenant: strict });
    expect(right.body.type).toBe('email_not_verified');
  });

  it('R152: locks a name nobody has as it locks an account, and the lock is answered alike', async () => {
    const person = await app.api.signUp(tenant);
    const outcomes: string[][] = [];
    for (const email of [person.email, uniqueEmail()]) {
      const answers: Answer[] = [];
      for (let attempt = 0; attempt < 12; attempt += 1) answers.push(await signIn({ email, password: WRONG }));
      expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
      outcomes.push(answers.map(comparable));
    }
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect(comparable(await signIn({ email: person.email, password: PASSWORD }))).toBe(outcomes[0]?.at(-1));
  });
});
