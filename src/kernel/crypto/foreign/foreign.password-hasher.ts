import { equalInConstantTime } from '../token.js';
import { PasswordHasher } from '../password-hasher.js';

/** A hash of another system, read so that its derivation can be done again. */
export interface Derivation {
  readonly expected: Buffer;
  derive(password: string): Promise<Buffer>;
}

/** Reads hashes of accounts that come from elsewhere. It never writes: sign-in upgrades them. */
export abstract class ForeignPasswordHasher extends PasswordHasher {
  /** @returns undefined for what is no such hash, or costs more than this service is willing to spend (R012). */
  protected abstract parse(stored: string): Derivation | undefined;

  override hash(): Promise<string> {
    return Promise.reject(new Error('hashes of other systems are read, never written'));
  }

  override async verify(stored: string, password: string): Promise<boolean> {
    // HMAC pads its key with zeros and C ends a text at one: with and without, a password would be the same to them.
    const derivation = password.includes('\0') ? undefined : this.parse(stored);
    return derivation !== undefined && equalInConstantTime(await derivation.derive(password), derivation.expected);
  }

  override reads(stored: string): boolean {
    return this.parse(stored) !== undefined;
  }

  override isOutdated(): boolean {
    return true;
  }
}

/** Shortest digest that is taken for one: less could be guessed. */
const SHORTEST_DIGEST = 16;
const LONGEST_BYTES = 128;

/** @returns undefined unless the text is base64 (with or without padding; `.` for `+` as passlib writes it) of 1 to 128 bytes. */
export function base64Bytes(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/.]{1,176}={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text.replaceAll('.', '+'), 'base64');
  return bytes.length > 0 && bytes.length <= LONGEST_BYTES ? bytes : undefined;
}

export function digestBytes(text: string): Buffer | undefined {
  const bytes = base64Bytes(text);
  return bytes !== undefined && bytes.length >= SHORTEST_DIGEST ? bytes : undefined;
}

/** Rounds of a loop before others get their turn on the event loop: about half a millisecond. */
const ROUNDS_AT_ONCE = 250;

/** Runs a long loop without holding up everybody else. */
export async function inTurns(rounds: number, step: (round: number) => void): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    step(round);
    if (round % ROUNDS_AT_ONCE === ROUNDS_AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
  }
}
