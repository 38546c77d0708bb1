import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';

interface PlanPayload {
  plan_id: Id<'plan'>;
  plan_slug: string;
}

interface SubscriptionPayload {
  subscription_id: Id<'subscription'>;
  /** Who is billed: `org:`, `user:` or `app:` and its id. */
  subject: string;
  plan_id: Id<'plan'>;
  plan_version: number;
}

interface QuotaPayload {
  subject: string;
  feature: string;
  used: number;
  limit: number;
  resets_at: string;
}

interface AllowancePayload {
  subject: string;
  feature: string;
}

interface InvoicePayload {
  invoice_id: Id<'invoice'>;
  subscription_id: Id<'subscription'>;
  subject: string;
  /** Minor units (cents). */
  total: number;
  currency: string;
}

interface CouponPayload {
  coupon_id: Id<'coupon'>;
}

interface MeterPayload {
  meter_id: Id<'meter'>;
  meter_key: string;
}

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'billing.plan.created': PlanPayload;
    'billing.plan.published': PlanPayload & { version: number };
    'billing.plan.activated': PlanPayload;
    'billing.plan.archived': PlanPayload;
    'billing.meter.created': MeterPayload;
    'billing.meter.deleted': MeterPayload;
    'billing.subscription.created': SubscriptionPayload;
    'billing.subscription.plan_changed': SubscriptionPayload & { previous_plan_id: Id<'plan'> };
    'billing.subscription.renewed': SubscriptionPayload & { period_start: string; period_end: string };
    'billing.subscription.trial_ended': SubscriptionPayload;
    'billing.subscription.past_due': SubscriptionPayload & { grace_until: string };
    'billing.subscription.recovered': SubscriptionPayload;
    'billing.subscription.paused': SubscriptionPayload;
    'billing.subscription.resumed': SubscriptionPayload;
    'billing.subscription.cancel_requested': SubscriptionPayload & { cancel_at: string };
    'billing.subscription.canceled': SubscriptionPayload;
    'billing.subscription.expired': SubscriptionPayload;
    'billing.quota.warning': QuotaPayload;
    'billing.quota.reached': QuotaPayload;
    'billing.grant.created': AllowancePayload & { grant_id: Id<'grant'>; amount: number };
    'billing.grant.voided': AllowancePayload & { grant_id: Id<'grant'> };
    'billing.override.set': AllowancePayload & { limit?: number };
    'billing.override.removed': AllowancePayload;
    'billing.usage.reset': AllowancePayload;
    'billing.coupon.created': CouponPayload;
    'billing.coupon.deleted': CouponPayload;
    'billing.coupon.redeemed': CouponPayload & { subject: string; subscription_id: Id<'subscription'> };
    'billing.invoice.issued': InvoicePayload;
    'billing.invoice.paid': InvoicePayload;
    'billing.invoice.past_due': InvoicePayload;
    'billing.invoice.voided': InvoicePayload;
  }
}

describeEvents({
  'billing.plan.created': 'A plan was made.',
  'billing.plan.published': 'A plan has a new version; who is subscribed keeps theirs.',
  'billing.plan.activated': 'A plan can be subscribed to.',
  'billing.plan.archived': 'A plan can be subscribed to no longer; who is subscribed keeps it.',
  'billing.meter.created': 'Usage events of an environment are counted in one more way.',
  'billing.meter.deleted': 'A way of counting usage events was deleted.',
  'billing.subscription.created': 'A subject was subscribed to a plan.',
  'billing.subscription.plan_changed': 'A subscription changed to another plan, or to the newest version of its own.',
  'billing.subscription.renewed': 'A period of a subscription ended and the next one began.',
  'billing.subscription.trial_ended': 'A trial is over and the subscription goes on.',
  'billing.subscription.past_due':
    'An invoice was not paid in time; the subscription stays in force until `grace_until`.',
  'billing.subscription.recovered': 'Everything overdue was paid.',
  'billing.subscription.paused': 'A subscription was paused: it gives nothing and costs nothing.',
  'billing.subscription.resumed': 'A paused subscription goes on, or a cancellation was taken back.',
  'billing.subscription.cancel_requested': 'A subscription ends at `cancel_at`.',
  'billing.subscription.canceled': 'A subscription has ended.',
  'billing.subscription.expired': 'A subscription gives nothing any more: its trial or its grace is over.',
  'billing.quota.warning': 'A subject has used 80 % of a limit. Once in a period.',
  'billing.quota.reached': 'A subject has used all of a limit. Once in a period.',
  'billing.grant.created': 'A subject was granted units beyond its plan.',
  'billing.grant.voided': 'A grant was taken back.',
  'billing.override.set': 'A subject has more or less of a feature than its plan says. Without `limit`: no limit.',
  'billing.override.removed': 'A subject has of a feature what its plan says again.',
  'billing.usage.reset': 'A subject’s usage of a feature counts anew in the current period.',
  'billing.coupon.created': 'A coupon was made.',
  'billing.coupon.deleted': 'A coupon was deleted; what it took off stays off.',
  'billing.coupon.redeemed': 'A subject gets a coupon’s discount.',
  'billing.invoice.issued': 'A period of a subscription was invoiced.',
  'billing.invoice.paid': 'An invoice was paid, or there was nothing to pay.',
  'billing.invoice.past_due': 'An invoice was not paid in time.',
  'billing.invoice.voided': 'An invoice is void.',
});
