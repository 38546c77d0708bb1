import { defineProblem } from '../kernel/errors/problem.js';

export const PlanNotFound = defineProblem({
  code: 'plan_not_found',
  kind: 'not_found',
  title: 'No such plan',
  detail: 'plan not found',
});

export const PlanSlugTaken = defineProblem({
  code: 'plan_slug_taken',
  kind: 'conflict',
  title: 'The slug is in use',
  detail: 'another plan of this environment has this slug',
});

export const PlanNotActive = defineProblem({
  code: 'plan_not_active',
  kind: 'conflict',
  title: 'The plan cannot be subscribed to',
  detail: 'activate the plan first',
});

export const PlanInvalid = defineProblem({
  code: 'plan_invalid',
  kind: 'unprocessable',
  title: 'The plan contradicts itself',
  detail: 'see which feature is wrong, and how',
});

export const MeterNotFound = defineProblem({
  code: 'meter_not_found',
  kind: 'not_found',
  title: 'No such meter',
  detail: 'meter not found',
});

export const MeterKeyTaken = defineProblem({
  code: 'meter_key_taken',
  kind: 'conflict',
  title: 'The key is in use',
  detail: 'another meter of this environment, or one that is built in, has this key',
});

export const SubscriptionNotFound = defineProblem({
  code: 'subscription_not_found',
  kind: 'not_found',
  title: 'No such subscription',
  detail: 'subscription not found',
});

export const SubscriptionExists = defineProblem({
  code: 'subscription_exists',
  kind: 'conflict',
  title: 'There is a subscription already',
  detail: 'change its plan, or cancel it first',
});

export const SubscriptionStateConflict = defineProblem({
  code: 'subscription_state_conflict',
  kind: 'conflict',
  title: 'The subscription is not in a state for this',
  detail: 'read the subscription for the state it is in',
});

export const SubjectNotFound = defineProblem({
  code: 'billing_subject_not_found',
  kind: 'not_found',
  title: 'Nobody of that name is billed here',
  detail: 'name an organization, a user or the app of this environment as tenant_id',
});

export const InvoiceNotFound = defineProblem({
  code: 'invoice_not_found',
  kind: 'not_found',
  title: 'No such invoice',
  detail: 'invoice not found',
});

export const InvoiceStateConflict = defineProblem({
  code: 'invoice_state_conflict',
  kind: 'conflict',
  title: 'The invoice is paid or void',
  detail: 'only an invoice that waits for payment can be paid or made void',
});

export const CouponNotFound = defineProblem({
  code: 'coupon_not_found',
  kind: 'not_found',
  title: 'No such coupon',
  detail: 'coupon not found',
});

export const CouponTaken = defineProblem({
  code: 'coupon_taken',
  kind: 'conflict',
  title: 'The code is in use',
  detail: 'another coupon of this environment has this code',
});

export const CouponNotRedeemable = defineProblem({
  code: 'coupon_not_redeemable',
  kind: 'conflict',
  title: 'The coupon cannot be redeemed',
  detail: 'it is used up, not valid at this time, of another currency, or was redeemed before',
});

export const GrantNotFound = defineProblem({
  code: 'grant_not_found',
  kind: 'not_found',
  title: 'No such grant',
  detail: 'grant not found',
});

export const ReservationNotFound = defineProblem({
  code: 'reservation_not_found',
  kind: 'not_found',
  title: 'No such reservation',
  detail: 'it has expired, was released, or was never made',
});

export const OverrideNotFound = defineProblem({
  code: 'override_not_found',
  kind: 'not_found',
  title: 'No such override',
  detail: 'the subject has of the feature what its plan says',
});

export const UsageNotAccepted = defineProblem({
  code: 'usage_not_accepted',
  kind: 'invalid',
  title: 'Some usage cannot be taken',
  detail: 'none of the events was recorded; see errors for each that must change',
});
