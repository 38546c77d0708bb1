import { readFileSync } from 'node:fs';
import { Clock } from './clock.js';

/**
 * Database time carried forward by the process's monotonic timer.
 *
 * A jump of the host's wall clock therefore neither revives a used token nor ends a live one, and two replicas differ
 * by no more than half a round trip to their common database. Until the first {@link synchronise} the host's clock is used.
 */
export class DatabaseClock extends Clock {
  #epochAtTimerZero = Date.now() - performance.now();
  #shiftMs = 0;

  /** @param offsetFile a file holding a number of milliseconds to add to the time: a test seam, refused in production. */
  constructor(private readonly offsetFile?: string) {
    super();
    this.readOffset();
  }

  override nowMs(): number {
    return Math.trunc(this.#epochAtTimerZero + performance.now() + this.#shiftMs);
  }

  /**
   * Adopts the database's time.
   * @param ask asks the database for its clock, in milliseconds since the epoch; half of its duration is added.
   */
  async synchronise(ask: () => Promise<number>): Promise<void> {
    const asked = performance.now();
    const databaseMs = await ask();
    const answered = performance.now();
    this.#epochAtTimerZero = databaseMs + (answered - asked) / 2 - answered;
    this.readOffset();
  }

  /** Re-reads the offset file; a missing or malformed file means no offset. */
  readOffset(): void {
    if (this.offsetFile === undefined) return;
    try {
      const shift = Number(readFileSync(this.offsetFile, 'utf8').trim());
      this.#shiftMs = Number.isFinite(shift) ? shift : 0;
    } catch {
      this.#shiftMs = 0;
    }
  }
}
