import { createHash } from 'node:crypto';
import { type Derivation, ForeignPasswordHasher, inTurns } from './foreign.password-hasher.js';

const MODULAR_CRYPT = /^\$([56])\$(?:rounds=(\d{1,9})\$)?([^$\s]{1,16})\$([./0-9A-Za-z]{43}|[./0-9A-Za-z]{86})$/;
const DEFAULT_ROUNDS = 5_000;
const LEAST_ROUNDS = 1_000;
/** About a second of a core; the format would allow 999,999,999. */
const MOST_ROUNDS = 200_000;
/** The work before the rounds grows with the square of the length. */
const LONGEST_PASSWORD_BYTES = 256;

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

interface Variant {
  readonly algorithm: 'sha256' | 'sha512';
  /** In which order bytes of the digest make groups of 24 bits; the last group is shorter. */
  readonly order: readonly (readonly number[])[];
}

/** Groups of three whose members are a third of the digest apart, turned by one place from group to group. */
function groups(count: number, third: number, turn: 'left' | 'right'): number[][] {
  return Array.from({ length: count }, (_, index) => {
    const members = [index, index + third, index + 2 * third];
    const shift = turn === 'left' ? index % 3 : (3 - (index % 3)) % 3;
    return [...members.slice(shift), ...members.slice(0, shift)];
  });
}

const VARIANTS: Readonly<Record<string, Variant>> = {
  '5': { algorithm: 'sha256', order: [...groups(10, 10, 'right'), [31, 30]] },
  '6': { algorithm: 'sha512', order: [...groups(21, 21, 'left'), [63]] },
};

/** SHA-256-crypt and SHA-512-crypt of Unix (Drepper, “Unix crypt using SHA-256 and SHA-512”). */
export class ShaCryptPasswordHasher extends ForeignPasswordHasher {
  override readonly name = 'SHA-crypt (read only)';

  protected override parse(stored: string): Derivation | undefined {
    const [, id = '', said, salt = '', digest = ''] = MODULAR_CRYPT.exec(stored) ?? [];
    const variant = VARIANTS[id];
    const rounds = said === undefined ? DEFAULT_ROUNDS : Number(said);
    if (variant === undefined || rounds < LEAST_ROUNDS || rounds > MOST_ROUNDS) return undefined;
    if ((id === '5') !== (digest.length === 43)) return undefined;
    return {
      expected: Buffer.from(digest),
      derive: async (password) => {
        const key = Buffer.from(password);
        if (key.length > LONGEST_PASSWORD_BYTES) return Buffer.alloc(digest.length);
        return Buffer.from(encode(await shaCrypt(variant.algorithm, key, Buffer.from(salt), rounds), variant));
      },
    };
  }
}

async function shaCrypt(algorithm: string, key: Buffer, salt: Buffer, rounds: number): Promise<Buffer> {
  const sha = (...parts: Buffer[]): Buffer => createHash(algorithm).update(Buffer.concat(parts)).digest();
  const alternate = sha(key, salt, key);
  const start = [key, salt, repeated(alternate, key.length)];
  for (let bits = key.length; bits > 0; bits >>= 1) start.push(bits & 1 ? alternate : key);
  let digest = sha(...start);
  const p = repeated(sha(...Array<Buffer>(key.length).fill(key)), key.length);
  const s = repeated(sha(...Array<Buffer>(16 + (digest[0] ?? 0)).fill(salt)), salt.length);
  await inTurns(rounds, (round) => {
    const odd = round % 2 === 1;
    const parts = [odd ? p : digest];
    if (round % 3 !== 0) parts.push(s);
    if (round % 7 !== 0) parts.push(p);
    parts.push(odd ? digest : p);
    digest = sha(...parts);
  });
  return digest;
}

function repeated(block: Buffer, length: number): Buffer {
  return Buffer.concat(Array<Buffer>(Math.ceil(length / block.length)).fill(block)).subarray(0, length);
}

function encode(digest: Buffer, { order }: Variant): string {
  return order
    .map((members) => {
      let value = members.reduce((sum, index) => (sum << 8) | (digest[index] ?? 0), 0);
      return Array.from({ length: members.length + 1 }, () => {
        const letter = ALPHABET[value & 63];
        value >>>= 6;
        return letter;
      }).join('');
    })
    .join('');
}
