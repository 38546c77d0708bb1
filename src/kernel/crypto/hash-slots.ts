import { Overloaded } from '../errors/common-problems.js';

/**
 * Bounds how many password hashes run at once and how many wait. Each hash takes 19 MiB and a core for some ten
 * milliseconds, so an unbounded number of sign-ins would be a memory and CPU attack (F17): past the queue the caller is
 * told to come back.
 */
export class HashSlots {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly slots: number,
    private readonly queue: number,
  ) {}

  /** @throws Overloaded when all slots are taken and the queue is full. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.slots) {
      if (this.#waiting.length >= this.queue) throw new Overloaded({ extras: { retry_after: 1 } });
      await new Promise<void>((resume) => this.#waiting.push(resume));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      // The slot is handed to the next in line without being freed, so nobody can slip in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
