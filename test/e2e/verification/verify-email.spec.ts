import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { asOwner } from '../../support/as-owner.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { wrongCode } from './wrong-code.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface Pending extends SignedIn {
  readonly code: string;
  readonly linkToken: string;
}

describe('proving that an address is one’s own', () => {
  let app: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    // The limit per account has tests of its own below; here the challenge must hold alone.
    app = await TestApp.start({ env: { ...RAISED_LIMITS, AUTHSOME_LIMIT_CODE_GUESSES_PER_ACCOUNT: '100000/15m' } });
    tenant = await app.createTenant();
  });
  afterAll(() => app.close());

  const pending = async (email = uniqueEmail()): Promise<Pending> => {
    const person = await app.api.signUp(tenant, { email });
    return { ...person, ...(await mailed(email)) };
  };
  const mailed = async (email: string): Promise<{ code: string; linkToken: string }> => {
    await app.drain();
    const mail = app.mailer.last(email, 'verify_email');
    return { code: mail.code ?? '', linkToken: tokenOf(mail) };
  };
  const verify = (body: object, options = {}): Promise<Answer> =>
    app.api.post('/v1/verify-email', { tenant, body, ...options });
  const isVerified = async ({ token }: SignedIn): Promise<unknown> =>
    (await app.api.get('/v1/me', { token })).body.email_verified;

  it('by the code and the address: verifies and signs in', async () => {
    const { email, code, userId, ...person } = await pending();
    const answer = await verify({ email, code });
    expect(answer.body.user).toMatchObject({ id: userId, email_verified: true });
    expect((await app.api.get('/v1/me', { token: answer.body.session_token as string })).status).toBe(200);
    expect(await isVerified({ ...person, email, userId })).toBe(true);
  });

  it('by the code sent as token, as clients of the Go server do', async () => {
    const { email, code } = await pending();
    expect((await verify({ email, token: code })).body.user).toMatchObject({ email_verified: true });
  });

  it('by the code within a session: verifies and gives no second session', async () => {
    const person = await pending();
    const answer = await app.api.post('/v1/verify-email', { token: person.token, body: { code: person.code } });
    expect(answer.body).toEqual({ status: 'email verified' });
    expect(await isVerified(person)).toBe(true);
  });

  it('by the link: verifies and gives no session, with or without naming the app', async () => {
    for (const options of [{ tenant }, {}]) {
      const person = await pending();
      const answer = await app.api.post('/v1/verify-email', { body: { token: person.linkToken }, ...options });
      expect(answer.body).toEqual({ status: 'email verified' });
      expect(await isVerified(person)).toBe(true);
    }
  });

  it('the app that demands it gives a session only afterwards', async () => {
    const strict = await app.environmentOf(tenant.scope.appId, 'production');
    const email = uniqueEmail();
    const signedUp = await app.api.post('/v1/signup', { tenant: strict, body: { email, password: PASSWORD } });
    expect(signedUp.body).toMatchObject({ verification_required: true });
    expect(signedUp.body).not.toHaveProperty('session_token');
    const early = await app.api.post('/v1/signin', { tenant: strict, body: { email, password: PASSWORD } });
    expect([early.status, early.body.type]).toEqual([403, 'email_not_verified']);
    const { code } = await mailed(email);
    const verified = await app.api.post('/v1/verify-email', { tenant: strict, body: { email, code } });
    expect(verified.body.session_token).toMatch(/^[0-9a-f]{64}$/);
    expect((await app.api.signIn(strict, { email, password: PASSWORD })).email).toBe(email);
  });

  it.each([
    ['code', ({ email, code }: Pending) => ({ email, code })],
    ['link', ({ linkToken }: Pending) => ({ token: linkToken })],
  ])('R107: 50 uses of one %s at once: one succeeds, 49 fail alike', async (_, bodyOf) => {
    const person = await pending();
    const answers = await Promise.all(Array.from({ length: 50 }, () => verify(bodyOf(person))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const failures = answers.filter(({ status }) => status !== 200);
    expect(new Set(failures.map(({ status, body }) => `${status} ${String(body.type)}`))).toEqual(
      new Set(['401 invalid_code']),
    );
    const sessions = await asOwner(
      app,
      "SELECT id FROM sessions WHERE user_id = $1 AND 'otp' = ANY (authentication_methods)",
      [person.userId],
    );
    expect(sessions).toHaveLength('code' in bodyOf(person) ? 1 : 0);
    const facts = await asOwner(app, "SELECT id FROM outbox WHERE subject_id = $1 AND name = 'user.email_verified'", [
      person.userId,
    ]);
    expect(facts).toHaveLength(1);
  });

  it('R107: code and link are one secret: using the one uses up the other', async () => {
    const byLink = await pending();
    expect((await verify({ token: byLink.linkToken })).status).toBe(200);
    expect((await verify({ email: byLink.email, code: byLink.code })).status).toBe(401);
    const byCode = await pending();
    expect((await verify({ email: byCode.email, code: byCode.code })).status).toBe(200);
    expect((await verify({ token: byCode.linkToken })).status).toBe(401);
  });

  it('R109: a code is compared only with the one of the address or session that is named', async () => {
    const victim = await pending();
    const eve = await pending();
    const eveCode = eve.code === victim.code ? wrongCode(victim.code) : victim.code;
    const answers = [
      await verify({ code: victim.code }),
      await verify({ token: victim.code }),
      await verify({ code: eveCode, email: eve.email }),
      await verify({ code: victim.code, email: uniqueEmail() }),
      await app.api.post('/v1/verify-email', { token: eve.token, body: { code: eveCode, email: victim.email } }),
    ];
    for (const answer of answers) expect([answer.status, answer.body.type]).toEqual([401, 'invalid_code']);
    expect([await isVerified(victim), await isVerified(eve)]).toEqual([false, false]);
    expect((await verify({ email: victim.email, code: victim.code })).status).toBe(200);
  });

  it('R110: of 50 wrong guesses at once at most 5 count, the right code then fails, and the link still works', async () => {
    const person = await pending();
    const { email, code } = person;
    const guesses = Array.from({ length: 50 }, (_, index) => verify({ email, code: wrongCode(code, index + 1) }));
    expect(new Set((await Promise.all(guesses)).map(({ status }) => status))).toEqual(new Set([401]));
    const [row] = await asOwner<{ attempts: number }>(app, 'SELECT attempts FROM challenges WHERE user_id = $1', [
      person.userId,
    ]);
    expect(row?.attempts).toBe(5);
    expect((await verify({ email, code })).status).toBe(401);
    const within = await app.api.post('/v1/verify-email', { token: person.token, body: { code } });
    expect(within.status).toBe(401);
    expect((await verify({ token: person.linkToken })).status).toBe(200);
  });

  it('R110: four wrong guesses leave the fifth', async () => {
    const { email, code } = await pending();
    for (let step = 1; step <= 4; step += 1) await verify({ email, code: wrongCode(code, step) });
    expect((await verify({ email, code })).status).toBe(200);
  });

  it('R111: a code lives 10 minutes and a link 24 hours; afterwards they are answered like unknown ones', async () => {
    const person = await pending();
    const { email, code, linkToken } = person;
    const headers = { 'x-request-id': 'the-same-for-all' };
    app.clock.advance(10 * MINUTE_MS - 1);
    const late = await pending();
    expect((await verify({ email: late.email, code: late.code })).status).toBe(200);
    app.clock.advance(1);
    const expired = await verify({ email, code }, { headers });
    const unknown = await verify({ email: uniqueEmail(), code }, { headers });
    expect([expired.status, expired.text]).toEqual([401, unknown.text]);

    app.clock.advance(24 * HOUR_MS - 10 * MINUTE_MS);
    const expiredLink = await verify({ token: linkToken }, { headers });
    const unknownLink = await verify({ token: '0'.repeat(64) }, { headers });
    expect([expiredLink.status, expiredLink.text, unknownLink.text]).toEqual([401, expired.text, expired.text]);

    const intime = await pending();
    app.clock.advance(24 * HOUR_MS - 1);
    expect((await verify({ token: intime.linkToken })).status).toBe(200);
  });

  it.each(['12345', '1234567', '12345a', '１２３４５６', ' 123456', '-12345', '1e5', '123456\n'])(
    'a code written %j is refused as malformed',
    async (code) => {
      const { email } = await pending();
      const answer = await verify({ email, code });
      expect(answer.body).toMatchObject({ type: 'validation_failed', errors: [{ path: 'code' }] });
    },
  );

  it('R111: used, replaced, expired, foreign and unknown secrets are answered byte for byte alike', async () => {
    const headers = { 'x-request-id': 'the-same-for-all' };
    const used = await pending();
    await verify({ token: used.linkToken });
    const replaced = await pending();
    app.clock.advance(MINUTE_MS);
    await app.api.post('/v1/verify-email/resend', { tenant, body: { email: replaced.email } });
    await app.drain();
    const foreign = await pending();
    const elsewhere = await app.environmentOf(tenant.scope.appId, 'staging');
    const answers = [
      await verify({ token: used.linkToken }, { headers }),
      await verify({ email: used.email, code: used.code }, { headers }),
      await verify({ token: replaced.linkToken }, { headers }),
      await verify({ token: foreign.linkToken }, { headers, tenant: elsewhere }),
      await verify({ email: foreign.email, code: foreign.code }, { headers, tenant: elsewhere }),
      await verify({ token: 'never-issued' }, { headers }),
      await verify({ code: foreign.code }, { headers }),
      await verify({ email: uniqueEmail(), code: '000000' }, { headers }),
    ];
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
    expect((await verify({ token: foreign.linkToken })).status).toBe(200);
  });

  it('R119: what was mailed to an address proves nothing about the one that replaced it', async () => {
    const person = await pending();
    const other = uniqueEmail();
    await asOwner(app, 'UPDATE users SET email = $2 WHERE id = $1', [person.userId, other]);
    expect((await verify({ token: person.linkToken })).status).toBe(401);
    expect((await verify({ email: other, code: person.code })).status).toBe(401);
    const within = await app.api.post('/v1/verify-email', { token: person.token, body: { code: person.code } });
    expect(within.status).toBe(401);
    const [row] = await asOwner(app, 'SELECT email, email_verified FROM users WHERE id = $1', [person.userId]);
    expect(row).toEqual({ email: other, email_verified: false });
  });
});
