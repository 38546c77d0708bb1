import type { SubjectKey } from '../../src/billing-bridge/ledger.js';
import type { CouponEntity } from '../../src/billing/coupons/coupon.entity.js';
import { CouponsService } from '../../src/billing/coupons/coupons.service.js';
import type { GrantEntity } from '../../src/billing/grants/grant.entity.js';
import { GrantsService } from '../../src/billing/grants/grants.service.js';
import type { ReservationEntity } from '../../src/billing/grants/reservation.entity.js';
import { ReservationsService } from '../../src/billing/grants/reservations.service.js';
import type { InvoiceEntity } from '../../src/billing/invoices/invoice.entity.js';
import { InvoicesRepository } from '../../src/billing/invoices/invoices.repository.js';
import type { MeterEntity } from '../../src/billing/meters/meter.entity.js';
import { MetersService } from '../../src/billing/meters/meters.service.js';
import { PlansService } from '../../src/billing/plans/plans.service.js';
import type { PublishedPlan } from '../../src/billing/plans/plans.repository.js';
import type { SubscriptionEntity } from '../../src/billing/subscriptions/subscription.entity.js';
import { SubscriptionsService } from '../../src/billing/subscriptions/subscriptions.service.js';
import { UsageIngest } from '../../src/billing/usage/usage-ingest.js';
import { SYSTEM_ACTOR } from '../../src/kernel/audit/audit-trail.js';
import type { EnvScope } from '../../src/kernel/context/scope.js';
import { IdGenerator } from '../../src/kernel/ids/id.js';
import { uniqueEmail } from './api-client.js';
import type { TestApp } from './test-app.js';

export interface StagedBilling {
  readonly plan: PublishedPlan;
  readonly meter: MeterEntity;
  readonly subscription: SubscriptionEntity;
  /** Waits for payment. */
  readonly invoice: InvoiceEntity;
  readonly coupon: CouponEntity;
  readonly grant: GrantEntity;
  readonly reservation: ReservationEntity;
}

const word = (): string => uniqueEmail().slice(7, 19);

/** A plan that allows what is asked of it, with a few units of a feature of its own. */
export async function stagePlan(app: TestApp, scope: EnvScope, meterKey: string): Promise<PublishedPlan> {
  const counted = {
    name: 'Calls',
    limit: 100,
    period: null,
    overage: 'deny',
    config: null,
    tierMode: 'graduated',
    tiers: [],
  } as const;
  const features = [
    { ...counted, key: meterKey, kind: 'metered', meter: meterKey },
    { ...counted, key: 'authsome.feature.orgs', kind: 'boolean', limit: 1, meter: null },
  ] as const;
  const row = {
    slug: `plan-${word()}`,
    name: 'Staged',
    description: '',
    currency: 'usd',
    status: 'active',
    isAddon: false,
    trialDays: 0,
    metadata: {},
  } as const;
  return app.get(PlansService).create(scope, row, { period: 'month', baseAmount: 1_000, features }, SYSTEM_ACTOR);
}

/** Somebody's books, with something of every kind in them. */
export async function stageBilling(app: TestApp, scope: EnvScope, key: SubjectKey): Promise<StagedBilling> {
  const meterKey = `calls.${word()}`;
  const counting = {
    key: meterKey,
    eventKey: meterKey,
    aggregation: 'sum',
    valueDimension: null,
    groupBy: [],
  } as const;
  const meter = await app.get(MetersService).create(scope, counting, SYSTEM_ACTOR);
  const plan = await stagePlan(app, scope, meterKey);
  const subscription = await app
    .get(SubscriptionsService)
    .create(scope, { subjectKey: key, planId: plan.id }, SYSTEM_ACTOR);
  const voucher = {
    voucher: word().toUpperCase(),
    name: 'Ten off',
    type: 'percentage',
    percentage: 10,
    amount: 0,
    currency: 'usd',
    duration: 'once',
    maxRedemptions: 0,
    validFrom: null,
    validUntil: null,
  } as const;
  const coupon = await app.get(CouponsService).create(scope, voucher, SYSTEM_ACTOR);
  const units = { amount: 10, priority: 100, expiresAt: null, leastRollover: 0, mostRollover: 10 };
  const granted = { ...units, subjectKey: key, featureKey: meterKey, effectiveAt: app.clock.now() };
  const grant = await app.get(GrantsService).grant(scope, granted, SYSTEM_ACTOR);
  const subject = { scope, key };
  await app.get(GrantsService).override(subject, 'reports', 1, null, SYSTEM_ACTOR);
  const usage = {
    subject,
    featureKey: meterKey,
    quantity: 1,
    source: 'stage',
    idempotencyKey: word(),
    occurredAt: app.clock.now(),
  };
  await app.get(UsageIngest).take([{ ...usage, dimensions: {} }]);
  await app.get(GrantsService).reset(subject, meterKey, false, SYSTEM_ACTOR);
  const reservation = await app.get(ReservationsService).reserve(subject, meterKey, 1, 3_600_000);
  return {
    plan,
    meter,
    subscription,
    coupon,
    grant,
    reservation,
    invoice: await stageInvoice(app, scope, subscription),
  };
}

/** An invoice that waits for payment, as a period's end would make it. */
export async function stageInvoice(
  app: TestApp,
  scope: EnvScope,
  subscription: SubscriptionEntity,
): Promise<InvoiceEntity> {
  const invoice = await app.get(InvoicesRepository).insert(
    scope,
    {
      id: app.get(IdGenerator).next('invoice'),
      subscriptionId: subscription.id,
      subjectKey: subscription.subjectKey,
      status: 'open',
      currency: 'usd',
      subtotal: 1_000,
      discount: 0,
      lines: [{ type: 'base', description: 'Staged', quantity: 1, amount: 1_000 }],
      usage: [],
      periodStart: subscription.currentPeriodStart,
      periodEnd: subscription.currentPeriodEnd,
      dueAt: app.clock.in(30 * 86_400_000),
    },
    app.clock.now(),
  );
  if (invoice === undefined) throw new Error('the period was invoiced already');
  return invoice;
}
