import type { Entitlement } from '../ledger.js';

/** What holds while the engine does not answer: a feature stays open, or the last answer counts for so long, and then nobody gets it. */
export type FailurePolicy = { readonly kind: 'open' } | { readonly kind: 'last_answer'; readonly forMs: number };

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Refusing a second factor or a passkey lowers security (R358); the rest is commerce, and can wait. */
const POLICIES: Readonly<Record<string, FailurePolicy>> = {
  'authsome.feature.mfa': { kind: 'open' },
  'authsome.feature.passkeys': { kind: 'open' },
  'authsome.feature.orgs': { kind: 'last_answer', forMs: 15 * MINUTE_MS },
};
const OTHERS: FailurePolicy = { kind: 'last_answer', forMs: DAY_MS };

/** @param open features that the deployment keeps open besides. */
export function failurePolicyOf(featureKey: string, open: readonly string[]): FailurePolicy {
  return open.includes(featureKey) ? { kind: 'open' } : (POLICIES[featureKey] ?? OTHERS);
}

/** What is answered in an engine's place. @param last what it said last, and how long ago. */
export function answerWithout(
  featureKey: string,
  policy: FailurePolicy,
  last: { readonly entitlement: Entitlement; readonly ageMs: number } | undefined,
): Entitlement {
  if (policy.kind === 'open')
    return { featureKey, allowed: true, kind: last?.entitlement.kind ?? 'unknown', stale: true };
  if (last !== undefined && last.ageMs <= policy.forMs) return { ...last.entitlement, stale: true };
  return { featureKey, allowed: false, kind: 'unknown', reason: 'provider_unavailable', stale: true };
}
