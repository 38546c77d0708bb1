import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { hash as bcryptHash } from '@node-rs/bcrypt';
import { Argon2PasswordHasher } from '../../../src/kernel/crypto/argon2.password-hasher.js';
import { argon2Engines } from '../../../src/kernel/crypto/argon2-engine.js';
import { BcryptPasswordHasher } from '../../../src/kernel/crypto/bcrypt.password-hasher.js';
import { Bootstrap } from '../../../src/bootstrap/bootstrap.service.js';
import { OperatorsService } from '../../../src/operators/operators.service.js';
import { UsersService } from '../../../src/users/users.service.js';
import { PASSWORD, type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { asOwner } from '../../support/as-owner.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';

const SALT = 'c2FsdHNhbHRzYWx0';
const DIGEST = 'aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g';

async function storedHash(app: TestApp, userId: string): Promise<string> {
  const [row] = await asOwner<{ hash: string }>(
    app,
    'SELECT password_hash AS hash FROM user_passwords WHERE user_id = $1',
    [userId],
  );
  return row?.hash ?? '';
}

/** As an import would: the account comes from elsewhere with the hash it had there. */
async function plantHash(app: TestApp, userId: string, hash: string): Promise<void> {
  await asOwner(app, 'UPDATE user_passwords SET password_hash = $2 WHERE user_id = $1', [userId, hash]);
}

describe('passwords as they are stored, at the cost of a real deployment', () => {
  let app: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    const defaults = { AUTHSOME_HASH_MEMORY_KIB: undefined, AUTHSOME_HASH_PASSES: undefined };
    app = await TestApp.start({ env: { ...RAISED_LIMITS, ...defaults } });
    tenant = await app.createTenant();
  });
  afterAll(() => app.close());

  it('R010: are argon2id of at least 19 MiB and 2 passes, salted each for itself, and lie nowhere else', async () => {
    const people = [await app.api.signUp(tenant), await app.api.signUp(tenant)];
    const hashes = await Promise.all(people.map(({ userId }) => storedHash(app, userId)));
    for (const hash of hashes) {
      const [, memoryKib, passes] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1\$/.exec(hash) ?? [];
      expect(Number(memoryKib)).toBeGreaterThanOrEqual(19_456);
      expect(Number(passes)).toBeGreaterThanOrEqual(2);
    }
    const [salts, digests] = [4, 5].map((part) => new Set(hashes.map((hash) => hash.split('$').at(part))));
    expect([salts?.size, digests?.size]).toEqual([2, 2]);
    const users = await asOwner<{ row: string }>(app, 'SELECT to_jsonb(u)::text AS row FROM users u');
    expect(users.filter(({ row }) => row.includes('argon2'))).toEqual([]);
  });
});

describe('accounts with hashes of other systems and other times', () => {
  let app: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestApp.start({ env: RAISED_LIMITS });
    tenant = await app.createTenant();
  });
  afterAll(() => app.close());
  afterEach(() => void jest.restoreAllMocks());

  const signIn = async ({ email }: SignedIn, password = PASSWORD): Promise<number> =>
    (await app.api.post('/v1/signin', { tenant, body: { email, password } })).status;

  const weakArgon2 = async (): Promise<string> =>
    (await argon2Engines.nativeRust()).hash(PASSWORD, { memoryKib: 32, passes: 1, lanes: 1 });

  it.each([
    ['bcrypt', () => bcryptHash(PASSWORD, 4)],
    ['argon2id with less memory', weakArgon2],
  ])('R011: %s: the owner signs in, and the hash becomes one of today', async (_, old) => {
    const person = await app.api.signUp(tenant);
    await plantHash(app, person.userId, await old());
    expect(await signIn(person, `${PASSWORD}!`)).toBe(401);
    expect(await signIn(person)).toBe(200);
    const upgraded = await storedHash(app, person.userId);
    expect(upgraded).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
    expect(await signIn(person)).toBe(200);
    expect(await storedHash(app, person.userId)).toBe(upgraded);
    expect(await signIn(person, `${PASSWORD}!`)).toBe(401);
  });

  it('R011: an upgrade that cannot be written does not fail the sign-in', async () => {
    const person = await app.api.signUp(tenant);
    const old = await weakArgon2();
    await plantHash(app, person.userId, old);
    const write = jest.spyOn(app.get(UsersService), 'upgradeHash').mockRejectedValue(new Error('the disk is full'));
    expect(await signIn(person)).toBe(200);
    expect(write).toHaveBeenCalledTimes(1);
    expect(await storedHash(app, person.userId)).toBe(old);
  });

  it('R011: an upgrade never overwrites a password that was changed meanwhile', async () => {
    const person = await app.api.signUp(tenant);
    const old = await weakArgon2();
    const current = await storedHash(app, person.userId);
    await app.get(UsersService).upgradeHash(tenant.scope, person.userId as never, old, '$argon2id$other');
    expect(await storedHash(app, person.userId)).toBe(current);
  });

  it.each([
    ['argon2id of 8 GiB', `$argon2id$v=19$m=8388608,t=2,p=1$${SALT}$${DIGEST}`],
    ['argon2id of a billion passes', `$argon2id$v=19$m=64,t=999999999,p=1$${SALT}$${DIGEST}`],
    ['argon2id of a billion lanes', `$argon2id$v=19$m=64,t=1,p=999999999$${SALT}$${DIGEST}`],
    ['bcrypt of cost 20', `$2b$20$${'a'.repeat(53)}`],
    ['bcrypt of cost 31', `$2b$31$${'a'.repeat(53)}`],
    ['PBKDF2 of a billion rounds', `$pbkdf2-sha256$i=1000000000$${SALT}$${DIGEST}`],
    ['nothing known', 'plaintext-password'],
  ])('R012: a stored hash that says %s is never computed: the sign-in fails at the usual cost', async (_, hash) => {
    const person = await app.api.signUp(tenant);
    await plantHash(app, person.userId, hash);
    const argon2 = jest.spyOn(Argon2PasswordHasher.prototype, 'verify');
    const bcrypt = jest.spyOn(BcryptPasswordHasher.prototype, 'verify');
    expect(await signIn(person)).toBe(401);
    expect(await signIn(person, hash)).toBe(401);
    expect([...argon2.mock.calls, ...bcrypt.mock.calls].map(([stored]) => stored)).not.toContain(hash);
    expect(argon2).toHaveBeenCalledTimes(2);
  });
});

describe('a fresh install', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ env: RAISED_LIMITS });
  });
  afterAll(() => app.close());

  it('R013: has no account, so no default password opens anything', async () => {
    expect(await asOwner(app, 'SELECT id FROM users')).toEqual([]);
    const bootstrap = app.get(Bootstrap);
    const slugs = [bootstrap.platformSlug, bootstrap.defaultSlug];
    const apps = await Promise.all(slugs.map((slug) => bootstrap.describe(slug)));
    expect(apps.map((found) => found?.slug)).toEqual(slugs);
    for (const known of apps) {
      for (const name of ['admin', 'root', 'authsome', 'owner', 'administrator']) {
        for (const password of ['admin', 'password', 'changeme', 'authsome', name]) {
          const body = { app_id: known?.id, username: name, password };
          expect((await app.api.post('/v1/signin', { body })).status).toBe(401);
        }
      }
    }
  });

  it('R013: nobody walks into the platform app', async () => {
    const platform = await app.get(Bootstrap).describe(app.get(Bootstrap).platformSlug);
    const body = { app_id: platform?.id, email: uniqueEmail(), password: PASSWORD };
    const answer = await app.api.post('/v1/signup', { body });
    expect([answer.status, answer.body.type]).toEqual([403, 'signup_disabled']);
  });

  it('R013: a setup token runs out', async () => {
    const token = await app.get(OperatorsService).drawSetupToken();
    app.clock.advance(60 * 60_000);
    const answer = await app.api.post('/v1/setup', { body: { token, email: uniqueEmail(), password: PASSWORD } });
    expect(answer.status).toBe(403);
    expect(await asOwner(app, 'SELECT id FROM users')).toEqual([]);
  });

  it('R013: the setup token makes one owner, once, also when 20 hold it at the same moment; only its hash is stored', async () => {
    const earlier = await app.get(OperatorsService).drawSetupToken();
    const token = await app.get(OperatorsService).drawSetupToken();
    const [stored] = await asOwner<{ row: string }>(app, 'SELECT to_jsonb(t)::text AS row FROM setup_tokens t');
    expect(stored?.row).toBeDefined();
    expect(stored?.row).not.toContain(token);

    const setUp = (with_: string) =>
      app.api.post('/v1/setup', { body: { token: with_, email: uniqueEmail(), password: PASSWORD } });
    expect((await setUp(earlier)).status).toBe(403);
    expect((await setUp('0'.repeat(64))).status).toBe(403);
    const weak = await app.api.post('/v1/setup', { body: { token, email: uniqueEmail(), password: 'password' } });
    expect([weak.status, weak.body.type]).toEqual([400, 'weak_password']);

    const answers = await Promise.all(Array.from({ length: 20 }, () => setUp(token)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(19);
    expect(await asOwner(app, 'SELECT id FROM users')).toHaveLength(1);
    expect((await setUp(token)).status).toBe(403);
  });
});
