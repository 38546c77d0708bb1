import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { IdGenerator } from '../../kernel/ids/id.js';
import { settingPlace } from '../../settings/setting-place.js';
import { SettingsReader } from '../../settings/settings-reader.js';
import { PAYMENT_DAYS } from '../billing-settings.js';
import { CouponsRepository } from '../coupons/coupons.repository.js';
import { recordedBy } from '../entitlements/entitlements.repository.js';
import { type BurnableGrant, burnDown, rolledOver } from '../grants/burn-down.js';
import type { GrantEntity } from '../grants/grant.entity.js';
import { GrantsRepository } from '../grants/grants.repository.js';
import type { Period } from '../periods.js';
import type { PlanFeature } from '../plans/plan-features.js';
import { PlansService } from '../plans/plans.service.js';
import { SpansRepository } from '../subscriptions/spans.repository.js';
import type { SubscriptionEntity } from '../subscriptions/subscription.entity.js';
import { MOST_LATE_MS } from '../usage/usage.rules.js';
import { UsageRepository } from '../usage/usage.repository.js';
import {
  baseLines,
  correctionLine,
  discountLine,
  type FeatureUsage,
  type InvoiceLine,
  usageLines,
} from './invoice-lines.js';
import type { InvoiceEntity } from './invoice.entity.js';
import { InvoicesRepository } from './invoices.repository.js';
import { SeatCountsRepository } from './seat-counts.repository.js';

const DAY_MS = 86_400_000;

/** What the end of a period brings: usage beyond the plan is taken from grants, and what is left to pay is invoiced. */
@Injectable()
export class PeriodClosing {
  constructor(
    private readonly plans: PlansService,
    private readonly spans: SpansRepository,
    private readonly usage: UsageRepository,
    private readonly seats: SeatCountsRepository,
    private readonly grants: GrantsRepository,
    private readonly coupons: CouponsRepository,
    private readonly invoices: InvoicesRepository,
    private readonly settings: SettingsReader,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /**
   * Closes a period, in the transaction that holds the subscription. Of a trial nothing is charged.
   * @returns the invoice; undefined when there is nothing on it, or the period was closed before. And whether the coupon is used up.
   */
  async close(
    scope: EnvScope,
    subscription: SubscriptionEntity,
    period: Period,
  ): Promise<{ readonly invoice?: InvoiceEntity; readonly couponUsed: boolean }> {
    const plan = await this.plans.get(scope, subscription.planId);
    const { features } = await this.plans.version(scope, subscription.planId, subscription.planVersion);
    const usages = await this.burn(
      scope,
      subscription,
      period,
      await this.count(scope, subscription, features, period),
    );
    if (subscription.status === 'trialing') return { couponUsed: false };
    const lines: InvoiceLine[] = [
      ...baseLines(await this.spans.within(scope, subscription.id, period), period),
      ...usageLines(usages),
      ...(await this.corrections(scope, subscription, period)),
    ];
    const subtotal = sumOf(lines);
    const discount = await this.discount(scope, subscription, subtotal);
    if (discount !== undefined) lines.push(discount.line);
    const off = -(discount?.line.amount ?? 0);
    const couponUsed = discount?.once === true;
    if (lines.length === 0 && !usages.some(({ feature }) => feature.overage === 'bill')) return { couponUsed };
    const now = this.clock.now();
    const days = await this.settings.value(settingPlace.environment(scope), PAYMENT_DAYS);
    const invoice = await this.invoices.insert(
      scope,
      {
        id: this.ids.next('invoice'),
        subscriptionId: subscription.id,
        subjectKey: subscription.subjectKey,
        // A credit, or nothing at all, waits for no payment.
        status: subtotal - off <= 0 ? 'paid' : 'open',
        currency: plan.currency,
        subtotal,
        discount: off,
        lines,
        usage: usages,
        periodStart: period.starts,
        periodEnd: period.ends,
        dueAt: this.clock.in(days * DAY_MS),
      },
      now,
    );
    return { ...(invoice && { invoice }), couponUsed };
  }

  private async count(
    scope: EnvScope,
    { subjectKey }: SubscriptionEntity,
    features: readonly PlanFeature[],
    period: Period,
  ): Promise<FeatureUsage[]> {
    const meterKeys = features.flatMap(({ kind, meter }) => (kind === 'metered' && meter !== null ? [meter] : []));
    const totals = await this.usage.totals(scope, subjectKey, meterKeys, period);
    const seats = features.some(({ kind }) => kind === 'seat') ? await this.seats.of(scope, subjectKey) : 0;
    return features.flatMap((feature) => {
      if (feature.kind === 'seat') return [{ feature, used: seats, burned: 0 }];
      if (feature.kind !== 'metered') return [];
      const row = totals.find(({ meterKey }) => meterKey === feature.meter);
      const used = row === undefined ? 0 : Number(recordedBy(feature.aggregation ?? 'sum', row) ?? 0);
      return [{ feature, used, burned: 0 }];
    });
  }

  /** Takes what was used beyond the plan from grants, and lets the rest of them roll over. */
  private async burn(
    scope: EnvScope,
    { subjectKey }: SubscriptionEntity,
    { starts, ends }: Period,
    usages: readonly FeatureUsage[],
  ): Promise<FeatureUsage[]> {
    const metered = usages.filter(({ feature }) => feature.kind === 'metered').map(({ feature }) => feature.key);
    const grants = metered.length === 0 ? [] : await this.grants.burnable(scope, subjectKey, metered, starts, ends);
    if (grants.length === 0) return [...usages];
    const left: { readonly id: string; readonly remaining: number }[] = [];
    const burned = usages.map((usage) => {
      const own = grants.filter(({ featureKey }) => featureKey === usage.feature.key).map(toBurnable);
      const excess = usage.feature.limit === null ? 0 : Math.max(0, usage.used - usage.feature.limit);
      const after = burnDown(own, excess);
      for (const { id, remaining } of after) {
        left.push({ id, remaining: rolledOver(own.find((grant) => grant.id === id) as BurnableGrant, remaining) });
      }
      return { ...usage, burned: after.reduce((sum, { used }) => sum + used, 0) };
    });
    await this.grants.leave(scope, left);
    return burned;
  }

  /** What earlier invoices did not know, because it was told late. */
  private async corrections(scope: EnvScope, subscription: SubscriptionEntity, period: Period): Promise<InvoiceLine[]> {
    const since = new Date(period.starts.getTime() - 2 * MOST_LATE_MS);
    const known = await this.invoices.recent(scope, subscription.id, since);
    const lines: InvoiceLine[] = [];
    for (const invoice of known) {
      if (invoice.periodStart >= period.starts) continue;
      const billed = invoice.usage.filter(({ feature }) => feature.overage === 'bill' && feature.kind === 'metered');
      const features = billed.map(({ feature }) => feature);
      const counted = await this.count(scope, subscription, features, {
        starts: invoice.periodStart,
        ends: invoice.periodEnd,
      });
      for (const { feature, used } of counted) {
        const { burned } = billed.find((usage) => usage.feature.key === feature.key) as FeatureUsage;
        const charged = known
          .flatMap((other) => other.lines.map((line) => ({ of: line.corrects ?? other.id, line })))
          .filter(({ of, line }) => of === invoice.id && line.featureKey === feature.key);
        const before = {
          used: charged.at(-1)?.line.used ?? billed.find((usage) => usage.feature.key === feature.key)?.used ?? 0,
          amount: sumOf(charged.map(({ line }) => line)),
        };
        const line = correctionLine(invoice.id, { feature, used, burned }, before);
        if (line !== undefined) lines.push(line);
      }
    }
    return lines;
  }

  private async discount(
    scope: EnvScope,
    { couponId }: SubscriptionEntity,
    subtotal: number,
  ): Promise<{ readonly line: InvoiceLine; readonly once: boolean } | undefined> {
    const coupon = couponId === null ? null : await this.coupons.find(scope, couponId);
    if (coupon === null) return undefined;
    const line = discountLine(subtotal, { ...coupon, amount: Number(coupon.amount) });
    return line && { line, once: coupon.duration === 'once' };
  }
}

function sumOf(lines: readonly InvoiceLine[]): number {
  return lines.reduce((sum, { amount }) => sum + amount, 0);
}

function toBurnable({
  id,
  remaining,
  priority,
  expiresAt,
  createdAt,
  leastRollover,
  mostRollover,
}: GrantEntity): BurnableGrant {
  return {
    id,
    remaining: Number(remaining),
    priority,
    expiresAt,
    createdAt,
    leastRollover: Number(leastRollover),
    mostRollover: Number(mostRollover),
  };
}
