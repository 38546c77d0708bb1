import { FEATURE_KEY, LONGEST_FEATURE_KEY } from '../../billing-bridge/feature-keys.js';
import type { Usage } from '../../billing-bridge/ledger.js';

const DAY_MS = 86_400_000;

/** How late and how early usage may be said to have happened: what Stripe accepts, so that books agree. */
export const MOST_LATE_MS = 35 * DAY_MS;
export const MOST_AHEAD_MS = 5 * 60_000;
/** Sums stay exact in JavaScript and JSON for a thousand of the largest events an hour over a century. */
export const MOST_UNITS = 1_000_000_000;

/** Why usage can never be taken; undefined: it can. */
export function whyRefused({ featureKey, quantity, occurredAt }: Usage, now: Date): string | undefined {
  if (featureKey.length > LONGEST_FEATURE_KEY || !FEATURE_KEY.test(featureKey)) return 'the feature key is malformed';
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > MOST_UNITS) {
    return `the quantity must be a whole number of 1 to ${MOST_UNITS}`;
  }
  const ageMs = now.getTime() - occurredAt.getTime();
  if (Number.isNaN(ageMs)) return 'the time is malformed';
  if (ageMs > MOST_LATE_MS) return 'usage may be told at most 35 days late';
  if (ageMs < -MOST_AHEAD_MS) return 'usage may be told at most 5 minutes ahead';
  return undefined;
}
