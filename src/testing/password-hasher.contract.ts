import assert from 'node:assert/strict';
import type { PasswordHasher } from '../kernel/crypto/password-hasher.js';
import { type ContractCase, contractCase } from './contract-case.js';

/** A hasher with another implementation of its algorithm beside it. */
export interface PasswordHasherRig {
  readonly hasher: PasswordHasher;
  /** Hashes a password as another implementation of the same algorithm does, with today's parameters. */
  elsewhere(password: string): Promise<string>;
  /** Well-formed hashes that would cost too much, or too little to be computed at all, and hashes of other algorithms. */
  readonly refused: readonly string[];
  /** Readable hashes that were made with other parameters than today's. */
  readonly outdated: readonly string[];
}

export interface PasswordHasherTraits {
  /** False for a hasher that only reads what accounts bring from elsewhere. */
  readonly writes: boolean;
  /** After how many bytes the algorithm looks no further: longer passwords match nothing. Undefined: it looks at all of them. */
  readonly longestPasswordBytes?: number;
}

const PASSWORD = 'correct horse battery staple';
/** Everything but the password itself. */
const WRONG = ['', ' ', PASSWORD.slice(0, -1), `${PASSWORD} `, ` ${PASSWORD}`, PASSWORD.toUpperCase(), `${PASSWORD}\0`];

/** What every implementation of {@link PasswordHasher} must do. */
export function passwordHasherContract(
  make: () => Promise<PasswordHasherRig>,
  { writes, longestPasswordBytes }: PasswordHasherTraits,
): ContractCase[] {
  const contract = (name: string, check: (rig: PasswordHasherRig) => Promise<void>): ContractCase =>
    contractCase(name, async () => check(await make()));

  return [
    contract('has a name for the log', async ({ hasher }) => {
      assert.match(hasher.name, /^[\x20-\x7e]{3,100}$/);
    }),
    contract(
      'R008: reads what another implementation wrote: the password opens it, and nothing like it does',
      async (rig) => {
        const stored = await rig.elsewhere(PASSWORD);
        assert.equal(rig.hasher.reads(stored), true);
        assert.equal(await rig.hasher.verify(stored, PASSWORD), true);
        for (const wrong of WRONG) assert.equal(await rig.hasher.verify(stored, wrong), false, JSON.stringify(wrong));
      },
    ),
    contract('passwords may be in any script', async (rig) => {
      for (const password of ['пароль длинный', '密码密码密码密码', '🦊🦊🦊🦊', 'é', 'e\u0301']) {
        assert.equal(await rig.hasher.verify(await rig.elsewhere(password), password), true, password);
      }
      assert.equal(await rig.hasher.verify(await rig.elsewhere('é'), 'e\u0301'), false);
    }),
    contract('R003: passwords that begin alike are different passwords, however late they differ', async (rig) => {
      const beginning = 'a'.repeat(72);
      const stored = await rig.elsewhere(beginning);
      assert.equal(await rig.hasher.verify(stored, beginning), true);
      for (const longer of [`${beginning}a`, `${beginning}b`, beginning + beginning, `${'é'.repeat(36)}a`]) {
        assert.equal(await rig.hasher.verify(stored, longer), false, longer);
      }
    }),
    contract('R003: a password that repeats another one behind a NUL is not that one', async (rig) => {
      const stored = await rig.elsewhere('abc');
      for (const other of ['abc\0', 'abc\0abc', 'abc\0abc\0abc', 'abc\0def']) {
        assert.equal(await rig.hasher.verify(stored, other), false, JSON.stringify(other));
      }
    }),
    contract('R012: refuses unread what would cost too much, and what is not its own', async ({ hasher, refused }) => {
      assert.ok(refused.length > 0);
      for (const stored of [...refused, '', 'x', PASSWORD, '$', '$$$$$']) {
        assert.equal(hasher.reads(stored), false, stored);
        assert.equal(await hasher.verify(stored, PASSWORD), false, stored);
      }
    }),
    contract('a stored hash that was cut short or changed opens with nothing, and is no failure', async (rig) => {
      const stored = await rig.elsewhere(PASSWORD);
      for (let length = 0; length < stored.length; length += 1) {
        assert.equal(await rig.hasher.verify(stored.slice(0, length), PASSWORD), false, stored.slice(0, length));
      }
      const changed = `${stored.slice(0, -2)}${stored.at(-2) === 'A' ? 'B' : 'A'}${stored.slice(-1)}`;
      assert.equal(await rig.hasher.verify(changed, PASSWORD), false);
      for (const more of [`${stored}\n`, `${stored}a`, ` ${stored}`, `${stored}\0`]) {
        assert.equal(await rig.hasher.verify(more, PASSWORD), false, JSON.stringify(more));
      }
    }),
    contract('checks several at once, each by itself', async (rig) => {
      const passwords = ['one', 'two', 'three', 'four'];
      const stored = await Promise.all(passwords.map((password) => rig.elsewhere(password)));
      const checks = passwords.flatMap((password) => stored.map((hash) => rig.hasher.verify(hash, password)));
      const expected = passwords.flatMap((_, right) => passwords.map((__, index) => index === right));
      assert.deepEqual(await Promise.all(checks), expected);
    }),
    contract('knows a hash of other parameters than today’s', async ({ hasher, outdated }) => {
      assert.ok(outdated.length > 0);
      for (const stored of outdated) {
        assert.equal(hasher.reads(stored), true, stored);
        assert.equal(hasher.isOutdated(stored), true, stored);
      }
    }),
    ...(writes
      ? writing(contract)
      : [
          contract('writes nothing, and every hash it reads is to be replaced', async (rig) => {
            await assert.rejects(rig.hasher.hash(PASSWORD));
            assert.equal(rig.hasher.isOutdated(await rig.elsewhere(PASSWORD)), true);
          }),
        ]),
    ...(longestPasswordBytes === undefined
      ? [
          contract('R003: looks at every byte of the longest password', async (rig) => {
            const longest = 'a'.repeat(1_023);
            const stored = await rig.elsewhere(`${longest}b`);
            assert.equal(await rig.hasher.verify(stored, `${longest}b`), true);
            assert.equal(await rig.hasher.verify(stored, `${longest}c`), false);
          }),
        ]
      : [
          contract(
            `R003: a password longer than ${longestPasswordBytes} bytes matches nothing, its own hash included`,
            async (rig) => {
              const whole = 'a'.repeat(longestPasswordBytes);
              assert.equal(await rig.hasher.verify(await rig.elsewhere(whole), whole), true);
              assert.equal(await rig.hasher.verify(await rig.elsewhere(`${whole}b`), `${whole}b`), false);
            },
          ),
        ]),
  ];
}

type Contract = (name: string, check: (rig: PasswordHasherRig) => Promise<void>) => ContractCase;

function writing(contract: Contract): ContractCase[] {
  return [
    contract('opens what it wrote, with the password and nothing like it', async ({ hasher }) => {
      const stored = await hasher.hash(PASSWORD);
      assert.equal(await hasher.verify(stored, PASSWORD), true);
      for (const wrong of WRONG) assert.equal(await hasher.verify(stored, wrong), false, JSON.stringify(wrong));
    }),
    contract('what it wrote says how it was made, and is up to date', async ({ hasher }) => {
      const stored = await hasher.hash(PASSWORD);
      assert.match(stored, /^\$[a-z0-9-]+\$[\x21-\x7e]+$/);
      assert.equal(hasher.reads(stored), true);
      assert.equal(hasher.isOutdated(stored), false);
      assert.ok(!stored.includes(PASSWORD));
    }),
    contract('one password hashed twice gives two hashes: each has a salt of its own', async ({ hasher }) => {
      const hashes = await Promise.all(Array.from({ length: 8 }, () => hasher.hash(PASSWORD)));
      const salts = hashes.map((stored) => stored.split('$').at(-2));
      assert.equal(new Set(salts).size, hashes.length);
      assert.ok(
        salts.every((salt) => (salt ?? '').length >= 22),
        'a salt has 128 bits or more',
      );
    }),
  ];
}
