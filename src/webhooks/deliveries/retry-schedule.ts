const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Waits after the first, second, … failure. Together about three days. */
const WAITS_MS = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  20 * HOUR,
  28 * HOUR,
];
/** Of the wait: endpoints that failed together are not tried again together. */
const JITTER = 0.2;
/** A receiver may ask for patience, but not for ever. */
const LONGEST_WISH_MS = 24 * HOUR;

/** Tries before a delivery is a dead letter. */
export const MOST_ATTEMPTS = WAITS_MS.length + 1;

/**
 * How long to wait after a failure, in milliseconds.
 * @param failures of this delivery so far, at least 1.
 * @param retryAfter the receiver's header, honoured up to a day (R234).
 * @param random from 0 to 1.
 * @returns undefined when it was the last try.
 */
export function waitAfter(
  failures: number,
  retryAfter: string | undefined,
  now: Date,
  random: number,
): number | undefined {
  const wait = WAITS_MS[failures - 1];
  if (wait === undefined) return undefined;
  const jittered = Math.round(wait * (1 + JITTER * (2 * random - 1)));
  return Math.max(jittered, Math.min(wishOf(retryAfter, now), LONGEST_WISH_MS));
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3); 0 for anything else. */
function wishOf(retryAfter: string | undefined, now: Date): number {
  if (retryAfter === undefined) return 0;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * SECOND;
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now.getTime());
}
