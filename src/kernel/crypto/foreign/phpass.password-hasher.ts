import { createHash } from 'node:crypto';
import { type Derivation, ForeignPasswordHasher, inTurns } from './foreign.password-hasher.js';

const PORTABLE = /^\$[PH]\$([./0-9A-Za-z])([./0-9A-Za-z]{8})([./0-9A-Za-z]{22})$/;
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LEAST_LOG_ROUNDS = 7;
/** A quarter of a million rounds of MD5: about a third of a second. */
const MOST_LOG_ROUNDS = 18;
/** Longer ones are refused by phpass itself. */
const LONGEST_PASSWORD_BYTES = 4_096;

/** The portable hashes of phpass, as WordPress, phpBB and Drupal 7’s elders stored them. */
export class PhpassPasswordHasher extends ForeignPasswordHasher {
  override readonly name = 'phpass (read only)';

  protected override parse(stored: string): Derivation | undefined {
    const [, cost = '', salt = '', digest = ''] = PORTABLE.exec(stored) ?? [];
    const logRounds = ALPHABET.indexOf(cost);
    if (cost === '' || logRounds < LEAST_LOG_ROUNDS || logRounds > MOST_LOG_ROUNDS) return undefined;
    return {
      expected: Buffer.from(digest),
      derive: async (password) => {
        const key = Buffer.from(password);
        if (key.length > LONGEST_PASSWORD_BYTES) return Buffer.alloc(digest.length);
        let hash = md5(Buffer.from(salt), key);
        await inTurns(2 ** logRounds, () => {
          hash = md5(hash, key);
        });
        return Buffer.from(encode(hash));
      },
    };
  }
}

function md5(...parts: Buffer[]): Buffer {
  return createHash('md5').update(Buffer.concat(parts)).digest();
}

/** Three bytes, the first one lowest, make four letters, the lowest six bits first. */
function encode(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const group = [...bytes.subarray(at, at + 3)];
    let value = group.reduce((sum, byte, index) => sum | (byte << (8 * index)), 0);
    for (let letter = 0; letter <= group.length; letter += 1) {
      text += ALPHABET[value & 63] ?? '';
      value >>>= 6;
    }
  }
  return text;
}
