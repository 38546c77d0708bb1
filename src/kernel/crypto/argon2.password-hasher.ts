import type { Argon2Cost, Argon2Engine } from './argon2-engine.js';
import { PasswordHasher } from './password-hasher.js';

/** Salts of 8 to 64 bytes and digests of 12 to 64: what other systems write, and no more (R012). */
const PHC =
  /^\$argon2(id|i|d)\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;
/** RFC 9106 §3.1: an engine refuses to compute with less memory per lane. */
const LEAST_KIB_PER_LANE = 8;

/** A stored hash that would cost more than this is refused unread: it would be a memory or CPU attack (R012). */
const HIGHEST_COST: Argon2Cost = { memoryKib: 262_144, passes: 16, lanes: 16 };

export class Argon2PasswordHasher extends PasswordHasher {
  constructor(
    private readonly engine: Argon2Engine,
    private readonly cost: Argon2Cost,
  ) {
    super();
  }

  override get name(): string {
    const { memoryKib, passes, lanes } = this.cost;
    return `argon2id (${this.engine.name}, ${memoryKib} KiB, ${passes} passes, ${lanes} lane)`;
  }

  override hash(password: string): Promise<string> {
    return this.engine.hash(password, this.cost);
  }

  override async verify(stored: string, password: string): Promise<boolean> {
    return this.reads(stored) && (await this.engine.verify(stored, password));
  }

  override reads(stored: string): boolean {
    const cost = costOf(stored);
    return (
      cost !== undefined &&
      cost.memoryKib <= HIGHEST_COST.memoryKib &&
      cost.passes <= HIGHEST_COST.passes &&
      cost.lanes <= HIGHEST_COST.lanes
    );
  }

  override isOutdated(stored: string): boolean {
    const cost = costOf(stored);
    return (
      !stored.startsWith('$argon2id$') ||
      cost?.memoryKib !== this.cost.memoryKib ||
      cost.passes !== this.cost.passes ||
      cost.lanes !== this.cost.lanes
    );
  }
}

function costOf(stored: string): Argon2Cost | undefined {
  const match = PHC.exec(stored);
  if (match === null || !isCanonical(match[5]) || !isCanonical(match[6])) return undefined;
  const cost = { memoryKib: Number(match[2]), passes: Number(match[3]), lanes: Number(match[4]) };
  const computable = cost.passes >= 1 && cost.lanes >= 1 && cost.memoryKib >= LEAST_KIB_PER_LANE * cost.lanes;
  return computable ? cost : undefined;
}

/** One value has one spelling: the engines differ on what they make of the others. */
function isCanonical(base64 = ''): boolean {
  return Buffer.from(base64, 'base64').toString('base64').replace(/=+$/, '') === base64;
}
