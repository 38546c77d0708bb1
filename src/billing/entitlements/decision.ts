import type { Entitlement, EntitlementReason } from '../../billing-bridge/ledger.js';
import type { PlanFeature } from '../plans/plan-features.js';
import { type SubscriptionTerms, whyNotInForce } from '../subscriptions/subscription.rules.js';

/** Everything that decides about one feature of one subject at one moment. */
export interface FeatureStanding {
  readonly featureKey: string;
  /** The subscription that counts: the subject's own, or the app's for a subject that never had one. */
  readonly subscription: SubscriptionTerms | null;
  readonly feature: PlanFeature | null;
  /** The same feature in add-ons that are in force. */
  readonly addons: readonly PlanFeature[];
  readonly override: { readonly units: number | null } | null;
  /** Units left of grants that are in force. */
  readonly granted: number;
  /** Units used in the period, without those that a reset took off; of seats, those taken. */
  readonly used: number;
  readonly reserved: number;
  readonly periodEnds: Date | null;
}

interface Need {
  /** Units wanted. */
  readonly quantity: number;
  readonly at: Date;
  /** Whether a subject whom no subscription covers is refused. */
  readonly subscriptionRequired: boolean;
}

const FOR_GOOD = new Date('9999-01-01T00:00:00Z');

/** Whether a subject may have so many more units of a feature. */
export function decide(standing: FeatureStanding, need: Need): Entitlement {
  const { featureKey, subscription, feature } = standing;
  const kind = feature?.kind ?? standing.addons[0]?.kind ?? 'unknown';
  const refuse = (reason: EntitlementReason): Entitlement => ({ featureKey, allowed: false, kind, reason });
  if (standing.override !== null) return withUnits(standing, standing.override.units, 'deny', need);
  if (subscription === null) {
    return need.subscriptionRequired ? refuse('no_subscription') : { featureKey, allowed: true, kind };
  }
  const inactive = whyNotInForce(subscription, need.at);
  if (inactive !== undefined) return refuse(inactive);
  const entries = feature === null ? standing.addons : [feature, ...standing.addons];
  const [first] = entries;
  if (first === undefined) return refuse('feature_not_in_plan');
  if (first.kind === 'static') return { featureKey, allowed: true, kind, config: first.config };
  const units = entries.some(({ limit }) => limit === null)
    ? null
    : entries.reduce((sum, { limit }) => sum + (limit as number), 0);
  if (first.kind === 'boolean')
    return units === 0 ? refuse('feature_not_in_plan') : { featureKey, allowed: true, kind };
  return withUnits(standing, units, first.overage, need);
}

/** The answer for a number of units. An override of a feature that is on or off is one of 0 units or more. */
function withUnits(
  { featureKey, feature, addons, granted, used, reserved, periodEnds }: FeatureStanding,
  units: number | null,
  overage: PlanFeature['overage'],
  { quantity }: Need,
): Entitlement {
  const kind = feature?.kind ?? addons[0]?.kind ?? 'unknown';
  const counted = kind === 'metered' || kind === 'seat';
  if (!counted && units !== 0)
    return { featureKey, allowed: true, kind, ...(kind === 'static' && { config: feature?.config }) };
  if (!counted) return { featureKey, allowed: false, kind, reason: 'feature_not_in_plan' };
  if (units === null) return { featureKey, allowed: true, kind, limit: null, remaining: null };
  const limit = units + granted;
  const remaining = Math.max(0, limit - used - reserved);
  const resetsAt = kind === 'metered' && periodEnds !== null && periodEnds < FOR_GOOD ? { resetsAt: periodEnds } : {};
  const numbers = { featureKey, kind, used, limit, remaining, soft: overage !== 'deny', ...resetsAt } as const;
  if (quantity <= remaining) return { ...numbers, allowed: true };
  return overage === 'deny'
    ? { ...numbers, allowed: false, reason: 'quota_exceeded' }
    : { ...numbers, allowed: true, reason: 'over_soft_limit' };
}
