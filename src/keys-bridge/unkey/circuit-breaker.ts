import type { Clock } from '../../kernel/clock/clock.js';

const MOST_FAILURES = 5;
const PAUSE_MS = 5_000;

/**
 * Spares callers the wait for somebody who is away: after five failures in a row nobody asks for five seconds, then one does, and what they meet
 * decides for all.
 */
export class CircuitBreaker {
  #failures = 0;
  #closedAgainMs = 0;
  #trying = false;

  constructor(private readonly clock: Clock) {}

  /** Whether a call may be made; every one that may is followed by {@link succeeded} or {@link failed}. */
  admits(): boolean {
    if (this.#failures < MOST_FAILURES) return true;
    if (this.#trying || this.clock.nowMs() < this.#closedAgainMs) return false;
    this.#trying = true;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#trying = false;
  }

  failed(): void {
    this.#failures += 1;
    this.#trying = false;
    if (this.#failures >= MOST_FAILURES) this.#closedAgainMs = this.clock.nowMs() + PAUSE_MS;
  }
}
