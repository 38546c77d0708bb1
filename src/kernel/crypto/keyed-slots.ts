import { HashSlots } from './hash-slots.js';

/**
 * Bounded concurrency per key: work for one key waits for its own kind and delays nobody else. Keys without work are forgotten.
 */
export class KeyedSlots {
  readonly #slots = new Map<string, { slots: HashSlots; users: number }>();

  constructor(
    private readonly perKey: number,
    private readonly queue: number,
  ) {}

  /** @throws Overloaded when too much waits for `key` already. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const entry = this.#slots.get(key) ?? { slots: new HashSlots(this.perKey, this.queue), users: 0 };
    this.#slots.set(key, entry);
    entry.users += 1;
    try {
      return await entry.slots.run(work);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) this.#slots.delete(key);
    }
  }
}
