/**
 * The one source of time. Every expiry, window and timestamp of the service is judged by it, so that a test can
 * move time and so that replicas with different wall clocks agree (see {@link DatabaseClock}).
 */
export abstract class Clock {
  /** The current instant in milliseconds since the Unix epoch. */
  abstract nowMs(): number;

  now(): Date {
    return new Date(this.nowMs());
  }

  /** The instant `ms` milliseconds from now (negative: ago). */
  in(ms: number): Date {
    return new Date(this.nowMs() + ms);
  }
}
