import { LRUCache } from 'lru-cache';
import type { Notifications } from './notifications.js';

/**
 * What was read from the database, kept until a notification says that it may have changed: then all of it goes. While changes may go
 * unheard, nothing is taken from memory.
 */
export class LiveCache<Value extends object> {
  readonly #values: LRUCache<string, Value>;
  /** Counts what was thrown away, so that a read which began before does not put its stale answer back. */
  #round = 0;

  /** @param topics each is what is notified, or its prefix that ends with a colon. @param most values; the least recently used go first. */
  constructor(
    private readonly notifications: Notifications,
    topics: string | readonly string[],
    most: number,
  ) {
    this.#values = new LRUCache({ max: most });
    for (const topic of [topics].flat()) notifications.on(topic, () => this.forget());
    notifications.onReset(() => this.forget());
  }

  /** What is in memory and holds. */
  recall(slot: string): Value | undefined {
    return this.notifications.isLive ? this.#values.get(slot) : undefined;
  }

  /** From memory, or by `read`, whose answer is kept unless it is undefined. */
  async remember<Read extends Value | undefined>(slot: string, read: () => Promise<Read>): Promise<Value | Read> {
    const known = this.recall(slot);
    if (known !== undefined) return known;
    const round = this.#round;
    const value = await read();
    if (value !== undefined && round === this.#round) this.#values.set(slot, value);
    return value;
  }

  private forget(): void {
    this.#round += 1;
    this.#values.clear();
  }
}
