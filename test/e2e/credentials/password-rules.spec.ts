import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Argon2PasswordHasher } from '../../../src/kernel/crypto/argon2.password-hasher.js';
import { canonicalEmail } from '../../../src/users/user.rules.js';
import { type Answer, PASSWORD, type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';

const APP_NAME = 'Rocket Science Club';
const LONGEST_BYTES = 1_024;
/** Two bytes a character: more bytes than allowed, though fewer characters than the number of bytes allowed. */
const TOO_LONG = 'é'.repeat(LONGEST_BYTES / 2 + 1);

/** What setting a password by one of the ways came to. */
interface Attempt {
  readonly email: string;
  readonly answer: Answer;
  /** Of the account that there was before, if there was one. */
  readonly before?: SignedIn;
  /** The reset link's token, where there is one. */
  readonly token?: string;
}

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
  const operator = await app.operatorOf(tenant.scope.appId);
  const path = `/v1/admin/apps/${tenant.scope.appId}/client-config`;
  const named = await app.api.put(path, { token: operator, body: { app_name: APP_NAME } });
  if (named.status !== 200) throw new Error(named.text);
});
afterAll(() => app.close());
afterEach(() => void jest.restoreAllMocks());

/** Somebody whose mails have arrived. */
async function person(email = uniqueEmail()): Promise<SignedIn> {
  const signedUp = await app.api.signUp(tenant, { email });
  await app.drain();
  return signedUp;
}

async function resetToken(email: string): Promise<string> {
  await app.api.post('/v1/forgot-password', { tenant, body: { email } });
  await app.drain();
  return tokenOf(app.mailer.last(canonicalEmail(email) ?? '', 'reset_password'));
}

/** Every way in which a person can set a password today. */
const WAYS: Readonly<Record<string, (password: string, email?: string) => Promise<Attempt>>> = {
  'sign-up': async (password, email = uniqueEmail()) => ({
    email,
    answer: await app.api.post('/v1/signup', { tenant, body: { email, password } }),
  }),
  change: async (password, given) => {
    const before = await person(given);
    const { email, token } = before;
    const body = { current_password: before.password, new_password: password };
    return { email, before, answer: await app.api.post('/v1/change-password', { token, body }) };
  },
  reset: async (password, given) => {
    const before = await person(given);
    const { email } = before;
    const token = await resetToken(email);
    const body = { token, new_password: password };
    return { email, before, token, answer: await app.api.post('/v1/reset-password', { body }) };
  },
};

const signInStatus = async (email: string, password: string): Promise<number> =>
  (await app.api.post('/v1/signin', { tenant, body: { email, password } })).status;

/** Why the first field was refused. */
const reasonOf = ({ body }: Answer): unknown => (body.errors as { code: string }[] | undefined)?.[0]?.code;

async function expectNothingHappened({ email, before, token }: Attempt, password: string): Promise<void> {
  await app.drain();
  expect(await signInStatus(email, password)).toBe(401);
  expect(app.mailer.to(email, 'password_changed')).toHaveLength(0);
  if (before === undefined) expect(app.mailer.to(email)).toHaveLength(0);
  else expect(await signInStatus(email, before.password)).toBe(200);
  if (token === undefined) return;
  const again = await app.api.post('/v1/reset-password', { body: { token, new_password: 'a good new passphrase' } });
  expect(again.status).toBe(200);
}

describe.each(Object.entries(WAYS))('a password set by %s', (way, set) => {
  const field = way === 'sign-up' ? 'password' : 'new_password';

  it.each([
    ['seven letters', 'abcdqxz'],
    ['seven emoji, which are 28 bytes and 14 UTF-16 units', '🦊🐻🐼🐨🐯🦁🐮'],
    ['seven letters with combining marks, which are seven once normalised', 'a\u0301e\u0301i\u0301o\u0301u\u0301xz'],
  ])('R001: of %s is refused; nothing is stored, no mail is sent', async (_, password) => {
    const attempt = await set(password);
    expect(attempt.answer.status).toBe(400);
    expect(attempt.answer.body).toMatchObject({ type: 'weak_password', errors: [{ path: field, code: 'too_short' }] });
    await expectNothingHappened(attempt, password);
  });

  it.each([
    ['64', 'Die Äpfel fallen nicht weit vom Stamm — sagt man 🌳 im Dorf, oder?'.padEnd(64, '!').slice(0, 64)],
    ['128', 'Ünïcödé wörds and  double spaces '.repeat(4).slice(0, 128)],
  ])('R002: of %s characters with spaces and letters of other alphabets works', async (_, password) => {
    const { email, answer } = await set(password);
    expect(answer.status).toBeLessThan(300);
    expect(await signInStatus(email, password)).toBe(200);
  });

  it('R003: counts whole: one that differs only at byte 73 is another password', async () => {
    const beginning = '0123456789abcdefghijklmnopqrstuvwxyz'.repeat(2);
    const { email, answer } = await set(`${beginning}A and more`);
    expect(answer.status).toBeLessThan(300);
    expect(await signInStatus(email, `${beginning}B and more`)).toBe(401);
    expect(await signInStatus(email, `${beginning}A and more`)).toBe(200);
  });

  it('R004: may have 1,024 bytes and no more', async () => {
    const longest = 'é'.repeat(LONGEST_BYTES / 2);
    const { email, answer } = await set(longest);
    expect(answer.status).toBeLessThan(300);
    expect(await signInStatus(email, longest)).toBe(200);
    const attempt = await set(TOO_LONG);
    expect(attempt.answer.status).toBe(400);
    expect(attempt.answer.body).toMatchObject({ errors: [{ path: field }] });
  });

  it('R005: needs no capitals, digits or signs', async () => {
    const { email, answer } = await set('herons wade at dawn');
    expect(answer.status).toBeLessThan(300);
    expect(await signInStatus(email, 'herons wade at dawn')).toBe(200);
  });

  it.each(['password123', 'PASSWORD123', 'ｐａｓｓｗｏｒｄ１２３', 'qwertyuiop', '1234567890'])(
    'R006: that everybody uses is refused, with the reason: %s',
    async (password) => {
      const attempt = await set(password);
      expect(attempt.answer.status).toBe(400);
      expect(reasonOf(attempt.answer)).toBe('common');
      await expectNothingHappened(attempt, password);
    },
  );

  it.each([
    ['the address', (local: string) => `${local}@bücher.example`],
    ['the address in capitals', (local: string) => `${local}@BÜCHER.EXAMPLE`.toUpperCase()],
    ['the address as it is stored', (local: string) => `${local}@xn--bcher-kva.example`],
    ['the local part', (local: string) => local],
    ['the local part in capitals', (local: string) => local.toUpperCase()],
    ['the name of the app', () => 'rocket science club'],
    ['the name of the app in capitals', () => 'ROCKET SCIENCE CLUB'],
    ['the name of the app in full-width letters', () => 'Ｒｏｃｋｅｔ Ｓｃｉｅｎｃｅ Ｃｌｕｂ'],
  ])('R007: that is %s is refused', async (_, passwordFor) => {
    const local = uniqueEmail().split('@')[0] ?? '';
    const email = `${local}@bücher.example`;
    const attempt = await set(passwordFor(local), email);
    expect(attempt.answer.status).toBe(400);
    expect(reasonOf(attempt.answer)).toBe('guessable');
  });

  it('R008: is taken as it was typed: neither trimmed nor folded', async () => {
    const password = '  Two Outer Spaces Each  ';
    const { email, answer } = await set(password);
    expect(answer.status).toBeLessThan(300);
    expect(await signInStatus(email, password.trim())).toBe(401);
    expect(await signInStatus(email, password.toLowerCase())).toBe(401);
    expect(await signInStatus(email, password)).toBe(200);
  });

  it('R009: typed on another keyboard, composed or decomposed, is the same password', async () => {
    const typed = 'Åse går på én tur';
    const composed = await set(typed.normalize('NFC'));
    const decomposed = await set(typed.normalize('NFD'));
    expect(await signInStatus(composed.email, typed.normalize('NFD'))).toBe(200);
    expect(await signInStatus(decomposed.email, typed.normalize('NFC'))).toBe(200);
  });
});

describe('a password over the limit', () => {
  it('R004: is never hashed, on any route that takes one', async () => {
    const { email, token } = await person();
    const reset = await resetToken(email);
    const setup = 'f'.repeat(64);
    const calls: readonly (readonly [string, string, object])[] = [
      ['/v1/signup', 'password', { email: uniqueEmail(), password: TOO_LONG }],
      ['/v1/signin', 'password', { email, password: TOO_LONG }],
      [
        '/v1/change-password',
        'current_password',
        { current_password: TOO_LONG, new_password: 'a good new passphrase' },
      ],
      ['/v1/change-password', 'new_password', { current_password: PASSWORD, new_password: TOO_LONG }],
      ['/v1/reset-password', 'new_password', { token: reset, new_password: TOO_LONG }],
      ['/v1/reauthenticate', 'password', { password: TOO_LONG }],
      ['/v1/setup', 'password', { token: setup, email: uniqueEmail(), password: TOO_LONG }],
    ];
    const work = [
      jest.spyOn(Argon2PasswordHasher.prototype, 'hash'),
      jest.spyOn(Argon2PasswordHasher.prototype, 'verify'),
    ];
    for (const [path, field, body] of calls) {
      const needsSession = path === '/v1/change-password' || path === '/v1/reauthenticate';
      const answer = await app.api.post(path, { body, ...(needsSession ? { token } : { tenant }) });
      expect([path, answer.status, answer.body.errors]).toEqual([
        path,
        400,
        [expect.objectContaining({ path: field })],
      ]);
    }
    for (const spy of work) expect(spy).not.toHaveBeenCalled();
    expect(await signInStatus(email, PASSWORD)).toBe(200);
  });
});
