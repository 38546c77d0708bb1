import type { HashSlots } from './hash-slots.js';
import type { PasswordHasher } from './password-hasher.js';
import { randomToken } from './token.js';

export interface PasswordCheck {
  readonly matches: boolean;
  /** A hash with today's parameters to store instead of the old one; only with a match. */
  readonly upgrade?: string;
}

/**
 * Hashing and checking with equal cost (R149, R150): a check of an unknown account, of a foreign hash and of our own hash
 * all compute one of our hashes, in the bounded slots.
 */
export class Passwords {
  private constructor(
    private readonly hasher: PasswordHasher,
    private readonly foreign: readonly PasswordHasher[],
    private readonly slots: HashSlots,
    /** No account has it: verifying against it costs exactly what verifying a real account costs. */
    private readonly decoy: string,
  ) {}

  /**
   * @param hasher writes new hashes and reads its own.
   * @param foreign read hashes of accounts that come from elsewhere.
   */
  static async create(
    hasher: PasswordHasher,
    foreign: readonly PasswordHasher[],
    slots: HashSlots,
  ): Promise<Passwords> {
    return new Passwords(hasher, foreign, slots, await hasher.hash(randomToken()));
  }

  get hasherName(): string {
    return this.hasher.name;
  }

  /** Whether a stored hash can be checked. */
  reads(stored: string): boolean {
    return this.hasher.reads(stored) || this.foreign.some((hasher) => hasher.reads(stored));
  }

  hash(password: string): Promise<string> {
    return this.slots.run(() => this.hasher.hash(normalise(password)));
  }

  /** @param stored the account's hash; undefined for an unknown account or one without a password. */
  async check(stored: string | undefined, password: string): Promise<PasswordCheck> {
    if (stored !== undefined && this.hasher.reads(stored)) {
      const matches = await this.slots.run(() => this.hasher.verify(stored, normalise(password)));
      if (!this.hasher.isOutdated(stored)) return { matches };
      if (matches) return { matches, upgrade: await this.hash(password) };
      await this.decoyCheck(password);
      return { matches };
    }
    const hasher = stored === undefined ? undefined : this.foreign.find((candidate) => candidate.reads(stored));
    if (stored !== undefined && hasher !== undefined) {
      // Other systems hashed the password as it was typed, so it is not normalised here.
      const matches = await this.slots.run(() => hasher.verify(stored, password));
      if (matches) return { matches, upgrade: await this.hash(password) };
    }
    await this.decoyCheck(password);
    return { matches: false };
  }

  /** Spends what a check costs, for answers that must not be faster because nothing was there to check. */
  private async decoyCheck(password: string): Promise<void> {
    await this.slots.run(() => this.hasher.verify(this.decoy, normalise(password)));
  }
}

/** NIST SP 800-63B-4 §3.1.1.2: one password typed on two keyboards is one password (R009). Spaces and case stay (R008). */
function normalise(password: string): string {
  return password.normalize('NFKC');
}
