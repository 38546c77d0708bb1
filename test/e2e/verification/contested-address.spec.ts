import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, uniqueEmail } from '../../support/api-client.js';
import { asOwner } from '../../support/as-owner.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const STRANGERS = 'the password of a stranger';
const OWNERS = 'the password of the owner';
const COOLDOWN_MS = 61_000;

let app: TestApp;
let open: TestTenant;
let strict: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  open = await app.createTenant();
  strict = await app.environmentOf(open.scope.appId, 'production');
});
afterAll(() => app.close());

const signUp = (tenant: TestTenant, email: string, password: string): Promise<Answer> =>
  app.api.post('/v1/signup', { tenant, body: { email, password } });
const signIn = async (tenant: TestTenant, email: string, password: string): Promise<number> =>
  (await app.api.post('/v1/signin', { tenant, body: { email, password } })).status;
const purposes = (email: string) => app.mailer.to(email).map(({ purpose }) => purpose);

describe('an address that two people have signed up with, before it was proved', () => {
  it.each([
    ['the stranger first', [STRANGERS, OWNERS]],
    ['the owner first', [OWNERS, STRANGERS]],
  ])('R116: opens with no password from before once the mailbox has spoken: %s', async (_, passwords) => {
    const email = uniqueEmail();
    for (const password of passwords) {
      expect((await signUp(strict, email, password)).status).toBe(201);
      await app.drain();
      app.clock.advance(COOLDOWN_MS);
    }
    const { code } = app.mailer.last(email, 'verify_email');
    const proof = await app.api.post('/v1/verify-email', { tenant: strict, body: { email, code } });
    expect(proof.body.user).toMatchObject({ email, email_verified: true });
    for (const password of passwords) expect(await signIn(strict, email, password)).toBe(401);

    await app.drain();
    const token = tokenOf(app.mailer.last(email, 'reset_password'));
    const chosen = 'a password chosen by whoever owns the mailbox';
    expect((await app.api.post('/v1/reset-password', { body: { token, new_password: chosen } })).status).toBe(200);
    expect(await signIn(strict, email, chosen)).toBe(200);
  });

  it('R116, R135: a session that the stranger has opened ends, and so does the address change they have begun', async () => {
    const email = uniqueEmail();
    const theirs = uniqueEmail();
    const stranger = await app.api.signUp(open, { email, password: STRANGERS });
    const change = await app.api.post('/v1/me/change-email', {
      token: stranger.token,
      body: { email: theirs },
    });
    expect(change.status).toBe(200);
    await signUp(open, email, OWNERS);
    await app.drain();
    const link = tokenOf(app.mailer.last(email, 'verify_email'));
    expect((await app.api.post('/v1/verify-email', { body: { token: link } })).status).toBe(200);

    expect((await app.api.get('/v1/me', { token: stranger.token })).status).toBe(401);
    const refresh = await app.api.post('/v1/refresh', { body: { refresh_token: stranger.refreshToken } });
    expect(refresh.status).toBe(401);
    const token = tokenOf(app.mailer.last(theirs));
    const confirmed = await app.api.post('/v1/change-email/confirm', { body: { token } });
    expectProblem(confirmed, 401, 'invalid_code');
    expect(await asOwner(app, 'SELECT email FROM users WHERE id = $1', [stranger.userId])).toEqual([{ email }]);
  });

  it('is nobody’s contest when the same password comes again: a form that was sent twice', async () => {
    const email = uniqueEmail();
    await Promise.all(Array.from({ length: 5 }, () => signUp(strict, email, OWNERS)));
    await app.drain();
    const { code } = app.mailer.last(email, 'verify_email');
    await app.api.post('/v1/verify-email', { tenant: strict, body: { email, code } });
    expect(await signIn(strict, email, OWNERS)).toBe(200);
    await app.drain();
    expect(purposes(email)).not.toContain('reset_password');
  });

  it('keeps the password when the code is typed in a session of the account: both are the owner’s', async () => {
    const email = uniqueEmail();
    const owner = await app.api.signUp(open, { email, password: OWNERS });
    await signUp(open, email, STRANGERS);
    await app.drain();
    const { code } = app.mailer.last(email, 'verify_email');
    expect((await app.api.post('/v1/verify-email', { token: owner.token, body: { code } })).status).toBe(200);
    expect((await app.api.get('/v1/me', { token: owner.token })).status).toBe(200);
    expect(await signIn(open, email, OWNERS)).toBe(200);
    expect(await asOwner(app, 'SELECT contested FROM user_passwords WHERE user_id = $1', [owner.userId])).toEqual([
      { contested: false },
    ]);
  });

  it('cannot be contested any more once it is proved', async () => {
    const email = uniqueEmail();
    const owner = await app.api.signUp(open, { email, password: OWNERS });
    await asOwner(app, 'UPDATE users SET email_verified = true WHERE id = $1', [owner.userId]);
    await signUp(open, email, STRANGERS);
    expect(await asOwner(app, 'SELECT contested FROM user_passwords WHERE user_id = $1', [owner.userId])).toEqual([
      { contested: false },
    ]);
  });
});
