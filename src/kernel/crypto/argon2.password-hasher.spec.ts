import { describe, expect, it } from '@jest/globals';
import { Argon2PasswordHasher } from './argon2.password-hasher.js';
import type { Argon2Engine } from './argon2-engine.js';

const COST = { memoryKib: 19_456, passes: 2, lanes: 1 };
const TAIL = `$${Buffer.alloc(16, 1).toString('base64').replace(/=+$/, '')}$${Buffer.alloc(32, 2).toString('base64').replace(/=+$/, '')}`;

/** Believes everything, and remembers what it was asked to compute. */
function trap(): { engine: Argon2Engine; computed: string[] } {
  const computed: string[] = [];
  const engine: Argon2Engine = {
    name: 'trap',
    hash: () => Promise.resolve(''),
    verify: (stored) => {
      computed.push(stored);
      return Promise.resolve(true);
    },
  };
  return { engine, computed };
}

describe('Argon2PasswordHasher', () => {
  it.each([
    ['8 GiB of memory', '$argon2id$v=19$m=8388608,t=2,p=1'],
    ['just over the most memory', '$argon2id$v=19$m=262145,t=1,p=1'],
    ['a thousand million passes', '$argon2id$v=19$m=64,t=999999999,p=1'],
    ['17 passes', '$argon2id$v=19$m=64,t=17,p=1'],
    ['17 lanes', '$argon2id$v=19$m=65536,t=1,p=17'],
    ['a number that wraps around', '$argon2id$v=19$m=4294967360,t=1,p=1'],
    ['no passes', '$argon2id$v=19$m=64,t=0,p=1'],
    ['no lanes', '$argon2id$v=19$m=64,t=1,p=0'],
    ['less memory than its lanes need', '$argon2id$v=19$m=15,t=1,p=2'],
    ['another version', '$argon2id$v=16$m=64,t=1,p=1'],
    ['a negative cost', '$argon2id$v=19$m=-64,t=1,p=1'],
  ])('R012: a stored hash with %s is refused unread', async (_what, head) => {
    const { engine, computed } = trap();
    const hasher = new Argon2PasswordHasher(engine, COST);
    expect(hasher.reads(head + TAIL)).toBe(false);
    expect(await hasher.verify(head + TAIL, 'x')).toBe(false);
    expect(computed).toEqual([]);
  });

  it('R012: the dearest hash that is computed is 256 MiB, 16 passes, 16 lanes', () => {
    const hasher = new Argon2PasswordHasher(trap().engine, COST);
    expect(hasher.reads(`$argon2id$v=19$m=262144,t=16,p=16${TAIL}`)).toBe(true);
  });

  it.each([
    ['a salt of a megabyte', `$argon2id$v=19$m=64,t=1,p=1$${'A'.repeat(1_398_104)}$${'A'.repeat(43)}`],
    ['a digest of a megabyte', `$argon2id$v=19$m=64,t=1,p=1$${'A'.repeat(22)}$${'A'.repeat(1_398_104)}`],
    ['a digest of eight bytes', `$argon2id$v=19$m=64,t=1,p=1$${'A'.repeat(22)}$${'A'.repeat(11)}`],
    ['a salt that is not the base64 of any bytes', `$argon2id$v=19$m=64,t=1,p=1$${'A'.repeat(21)}B$${'A'.repeat(43)}`],
    ['padding', `$argon2id$v=19$m=64,t=1,p=1$${'A'.repeat(22)}==$${'A'.repeat(43)}`],
    ['something behind it', `$argon2id$v=19$m=64,t=1,p=1${TAIL}\n`],
    ['nothing', ''],
  ])('R012: %s is refused unread', async (_what, stored) => {
    const { engine, computed } = trap();
    expect(await new Argon2PasswordHasher(engine, COST).verify(stored, 'x')).toBe(false);
    expect(computed).toEqual([]);
  });

  it.each([
    ['$argon2id$v=19$m=19456,t=2,p=1', false],
    ['$argon2id$v=19$m=9216,t=4,p=1', true],
    ['$argon2id$v=19$m=19456,t=3,p=1', true],
    ['$argon2id$v=19$m=65536,t=2,p=1', true],
    ['$argon2id$v=19$m=19456,t=2,p=4', true],
    ['$argon2i$v=19$m=19456,t=2,p=1', true],
    ['$argon2d$v=19$m=19456,t=2,p=1', true],
  ])('%s is outdated: %p', (head, outdated) => {
    expect(new Argon2PasswordHasher(trap().engine, COST).isOutdated(head + TAIL)).toBe(outdated);
  });
});
