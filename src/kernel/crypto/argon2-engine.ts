export interface Argon2Cost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

/** What both argon2 packages offer. They write and read the same PHC strings. */
export interface Argon2Engine {
  readonly name: string;
  hash(password: string, cost: Argon2Cost): Promise<string>;
  verify(stored: string, password: string): Promise<boolean>;
}

const ARGON2ID = 2;

async function nativeRust(): Promise<Argon2Engine> {
  const { hash, verify } = await import('@node-rs/argon2');
  return {
    name: '@node-rs/argon2',
    hash: (password, cost) =>
      hash(password, {
        algorithm: ARGON2ID,
        memoryCost: cost.memoryKib,
        timeCost: cost.passes,
        parallelism: cost.lanes,
      }),
    verify: (stored, password) => verify(stored, password),
  };
}

async function reference(): Promise<Argon2Engine> {
  const { default: argon2 } = await import('argon2');
  return {
    name: 'argon2',
    hash: (password, cost) =>
      argon2.hash(password, {
        type: argon2.argon2id,
        memoryCost: cost.memoryKib,
        timeCost: cost.passes,
        parallelism: cost.lanes,
      }),
    verify: (stored, password) => argon2.verify(stored, password),
  };
}

/** The optional Rust build hashes about twice as fast; where it has no binary, the reference build takes over. */
export async function loadArgon2Engine(): Promise<Argon2Engine> {
  try {
    return await nativeRust();
  } catch {
    return reference();
  }
}

/** Both engines, for the contract suite. */
export const argon2Engines = { nativeRust, reference };
