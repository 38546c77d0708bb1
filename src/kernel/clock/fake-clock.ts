import { Clock } from './clock.js';

/** A clock that stands still until it is told to move: for tests. */
export class FakeClock extends Clock {
  #nowMs: number;

  constructor(start: Date) {
    super();
    this.#nowMs = start.getTime();
  }

  override nowMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
