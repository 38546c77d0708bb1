import { describe, expect, it } from '@jest/globals';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { type Argon2Engine, argon2Engines } from '../../src/kernel/crypto/argon2-engine.js';
import { Argon2PasswordHasher } from '../../src/kernel/crypto/argon2.password-hasher.js';
import { BcryptPasswordHasher } from '../../src/kernel/crypto/bcrypt.password-hasher.js';
import { passwordHasherContract, type PasswordHasherRig } from '../../src/testing/password-hasher.contract.js';

/** Cheap: what is promised here does not depend on the price. */
const COST = { memoryKib: 64, passes: 1, lanes: 1 };
const TAIL = `$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Each engine reads what the other one writes: a host without the Rust build must open every account. */
function argon2Rig(
  load: () => Promise<Argon2Engine>,
  other: () => Promise<Argon2Engine>,
): () => Promise<PasswordHasherRig> {
  return async () => {
    const [engine, elsewhere] = [await load(), await other()];
    return {
      hasher: new Argon2PasswordHasher(engine, COST),
      elsewhere: (password) => elsewhere.hash(password, COST),
      refused: [
        `$argon2id$v=19$m=8388608,t=1,p=1${TAIL}`,
        `$argon2id$v=19$m=64,t=999999999,p=1${TAIL}`,
        `$argon2id$v=19$m=65536,t=1,p=255${TAIL}`,
        `$argon2id$v=19$m=1,t=0,p=0${TAIL}`,
        `$argon2id$v=19$m=64,t=1,p=1$${'A'.repeat(21)}B$${'A'.repeat(43)}`,
        `$2b$04$${'.'.repeat(53)}`,
      ],
      outdated: [
        await elsewhere.hash('x', { ...COST, memoryKib: 128 }),
        await elsewhere.hash('x', { ...COST, passes: 2 }),
        `$argon2i$v=19$m=64,t=1,p=1${TAIL}`,
      ],
    };
  };
}

async function bcryptRig(): Promise<PasswordHasherRig> {
  return {
    hasher: new BcryptPasswordHasher(),
    elsewhere: (password) => bcrypt(password, 4),
    refused: [
      `$2b$16$${'.'.repeat(53)}`,
      `$2b$31$${'.'.repeat(53)}`,
      `$1$salt$digest`,
      `$argon2id$v=19$m=64,t=1,p=1${TAIL}`,
    ],
    outdated: [await bcrypt('x', 4), await bcrypt('x', 5)],
  };
}

const { nativeRust, reference } = argon2Engines;

describe.each([
  { name: 'argon2id, Rust', make: argon2Rig(nativeRust, reference), traits: { writes: true } },
  { name: 'argon2id, reference', make: argon2Rig(reference, nativeRust), traits: { writes: true } },
  { name: 'bcrypt', make: bcryptRig, traits: { writes: false, longestPasswordBytes: 72 } },
])('PasswordHasher contract: $name', ({ make, traits }) => {
  for (const { name, run } of passwordHasherContract(make, traits)) it(name, run);
});

describe('the two argon2 builds', () => {
  it('write the same string for the same salt, so that either may run anywhere', async () => {
    const [rust, c] = [
      new Argon2PasswordHasher(await nativeRust(), COST),
      new Argon2PasswordHasher(await reference(), COST),
    ];
    for (const [writer, reader] of [
      [rust, c],
      [c, rust],
    ] as const) {
      const stored = await writer.hash('correct horse');
      expect(await reader.verify(stored, 'correct horse')).toBe(true);
      expect(await reader.verify(stored, 'wrong horse')).toBe(false);
      expect(reader.isOutdated(stored)).toBe(false);
    }
  });
});
