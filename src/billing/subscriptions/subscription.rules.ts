import type { EntitlementReason } from '../../billing-bridge/ledger.js';
import type { SubscriptionEntity } from './subscription.entity.js';

/** What of a subscription decides when it is in force. */
export type SubscriptionTerms = Pick<
  SubscriptionEntity,
  'status' | 'trialEnd' | 'afterTrial' | 'cancelAt' | 'graceUntil' | 'endedAt' | 'currentPeriodEnd'
>;

/**
 * Why a subscription gives nothing at an instant; undefined: it is in force. Judged by its dates, so that an end holds from its very
 * moment, also while no worker has got round to it.
 */
export function whyNotInForce(subscription: SubscriptionTerms, at: Date): EntitlementReason | undefined {
  const { status, trialEnd, afterTrial, cancelAt, graceUntil, endedAt } = subscription;
  if (endedAt !== null || status === 'paused' || status === 'canceled') return 'subscription_inactive';
  if (cancelAt !== null && cancelAt <= at) return 'subscription_inactive';
  const trialIsOver = trialEnd !== null && trialEnd <= at;
  if (status === 'expired') return trialIsOver && afterTrial === 'expire' ? 'trial_expired' : 'subscription_inactive';
  if (status === 'trialing' && trialIsOver && afterTrial === 'expire') return 'trial_expired';
  if (status === 'past_due' && graceUntil !== null && graceUntil <= at) return 'subscription_inactive';
  return undefined;
}

/** When something about a subscription changes next without anybody's doing; null: never. */
export function nextStepOf(subscription: SubscriptionTerms): Date | null {
  const { status, trialEnd, cancelAt, graceUntil, endedAt, currentPeriodEnd } = subscription;
  if (endedAt !== null || status === 'canceled' || status === 'expired') return null;
  const steps = [
    currentPeriodEnd,
    cancelAt,
    status === 'trialing' ? trialEnd : null,
    status === 'past_due' ? graceUntil : null,
  ].filter((step): step is Date => step !== null);
  return steps.sort((a, b) => a.getTime() - b.getTime())[0] ?? null;
}
