import { Injectable } from '@nestjs/common';
import { type Actor, AuditTrail, SYSTEM_ACTOR } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Events } from '../../kernel/events/events.js';
import type { Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { settingPlace } from '../../settings/setting-place.js';
import { SettingsReader } from '../../settings/settings-reader.js';
import { GRACE_DAYS } from '../billing-settings.js';
import { entitlementsChanged } from '../entitlements/entitlements-changed.js';
import { recordInvoice } from '../invoices/invoice-record.js';
import { PeriodClosing } from '../invoices/period-closing.js';
import { anchorAt } from '../periods.js';
import { SpansRepository } from './spans.repository.js';
import type { SubscriptionEntity } from './subscription.entity.js';
import { recordSubscription, type SubscriptionEvent } from './subscription-record.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';

const DAY_MS = 86_400_000;
/** More steps than a subscription can be behind by: a year of hourly periods. */
const MOST_STEPS = 10_000;

/** What becomes of subscriptions by the course of time, and of payments. */
@Injectable()
export class SubscriptionLifecycle {
  readonly #recorders: { readonly events: Events; readonly audit: AuditTrail };

  constructor(
    private readonly subscriptions: SubscriptionsRepository,
    private readonly spans: SpansRepository,
    private readonly closing: PeriodClosing,
    private readonly settings: SettingsReader,
    private readonly database: Database,
    private readonly clock: Clock,
    events: Events,
    audit: AuditTrail,
  ) {
    this.#recorders = { events, audit };
  }

  /** Takes every step that is due, one transaction each: a worker that dies in between loses nothing. */
  async catchUp(scope: EnvScope, id: Id<'subscription'>): Promise<void> {
    for (let step = 0; step < MOST_STEPS; step += 1) if (!(await this.step(scope, id))) return;
  }

  /** Ends a subscription, in the caller's transaction, and invoices what is open. */
  async end(scope: EnvScope, subscription: SubscriptionEntity, at: Date, actor: Actor): Promise<SubscriptionEntity> {
    await this.spans.close(scope, subscription.id, at);
    const closed = await this.close(scope, subscription, at);
    const ended = { ...closed, status: 'canceled', canceledAt: closed.canceledAt ?? at, endedAt: at } as const;
    return this.save(scope, ended, 'billing.subscription.canceled', actor);
  }

  /** An invoice was not paid in time: grace begins, in the caller's transaction. */
  async fallBehind(scope: EnvScope, id: Id<'subscription'>): Promise<void> {
    const subscription = await this.subscriptions.lock(scope, id);
    if (subscription?.status !== 'active') return;
    const days = await this.settings.value(settingPlace.environment(scope), GRACE_DAYS);
    const graceUntil = this.clock.in(days * DAY_MS);
    const behind = { ...subscription, status: 'past_due', pastDueSince: this.clock.now(), graceUntil } as const;
    await this.save(scope, behind, 'billing.subscription.past_due', SYSTEM_ACTOR, {
      grace_until: graceUntil.toISOString(),
    });
  }

  /** Nothing is overdue any more, in the caller's transaction. Also one whose grace was over comes back. */
  async recover(scope: EnvScope, id: Id<'subscription'>, actor: Actor): Promise<void> {
    const subscription = await this.subscriptions.lock(scope, id);
    if (subscription === undefined || subscription.pastDueSince === null || subscription.endedAt !== null) return;
    const wasOver = subscription.status === 'expired';
    const current = wasOver ? await this.rewound(scope, subscription) : subscription;
    if (wasOver) await this.spans.open(scope, current, current.currentPeriodStart);
    const recovered = { ...current, status: 'active', pastDueSince: null, graceUntil: null } as const;
    await this.save(scope, recovered, 'billing.subscription.recovered', actor);
  }

  /** With the period it would be in, had it never stood still. */
  async rewound(scope: EnvScope, subscription: SubscriptionEntity): Promise<SubscriptionEntity> {
    const period = await this.subscriptions.periodAt(scope, subscription.id, subscription.anchor, this.clock.now());
    return { ...subscription, currentPeriodStart: period.starts, currentPeriodEnd: period.ends };
  }

  /** Writes a changed subscription, says so, and lets every replica forget what it thought of the subject. */
  async save(
    scope: EnvScope,
    subscription: SubscriptionEntity,
    event: SubscriptionEvent,
    actor: Actor,
    more: Readonly<Record<string, string>> = {},
  ): Promise<SubscriptionEntity> {
    const saved = await this.subscriptions.save(scope, subscription, this.clock.now());
    await recordSubscription(this.#recorders, scope, event, saved, actor, more);
    entitlementsChanged(this.database, scope, saved.subjectKey);
    return saved;
  }

  private step(scope: EnvScope, id: Id<'subscription'>): Promise<boolean> {
    return this.database.transaction(async () => {
      const subscription = await this.subscriptions.lock(scope, id);
      const now = this.clock.now();
      if (subscription === undefined || subscription.nextStepAt === null || subscription.nextStepAt > now) return false;
      const { cancelAt, trialEnd, graceUntil, status, nextStepAt } = subscription;
      if (cancelAt !== null && cancelAt <= nextStepAt) await this.end(scope, subscription, cancelAt, SYSTEM_ACTOR);
      else if (status === 'trialing' && trialEnd !== null && trialEnd <= nextStepAt)
        await this.endTrial(scope, subscription, trialEnd);
      else if (status === 'past_due' && graceUntil !== null && graceUntil <= nextStepAt)
        await this.expire(scope, subscription, graceUntil);
      else await this.renew(scope, subscription);
      return true;
    });
  }

  private async endTrial(scope: EnvScope, subscription: SubscriptionEntity, at: Date): Promise<void> {
    if (subscription.afterTrial === 'expire') return this.expire(scope, subscription, at);
    const anchor = anchorAt(at);
    const { starts, ends } = await this.subscriptions.periodAt(scope, subscription.id, anchor, at);
    await this.spans.open(scope, subscription, anchor);
    const begun = {
      ...subscription,
      status: 'active',
      anchor,
      currentPeriodStart: starts,
      currentPeriodEnd: ends,
    } as const;
    await this.save(scope, begun, 'billing.subscription.trial_ended', SYSTEM_ACTOR);
  }

  private async expire(scope: EnvScope, subscription: SubscriptionEntity, at: Date): Promise<void> {
    await this.spans.close(scope, subscription.id, at);
    const closed = await this.close(scope, subscription, at);
    await this.save(scope, { ...closed, status: 'expired' }, 'billing.subscription.expired', SYSTEM_ACTOR);
  }

  private async renew(scope: EnvScope, subscription: SubscriptionEntity): Promise<void> {
    const { currentPeriodEnd: starts } = subscription;
    const closed = await this.close(scope, subscription, starts);
    const next = await this.subscriptions.periodAt(scope, subscription.id, subscription.anchor, starts);
    const renewed = { ...closed, currentPeriodStart: next.starts, currentPeriodEnd: next.ends };
    await this.save(scope, renewed, 'billing.subscription.renewed', SYSTEM_ACTOR, {
      period_start: next.starts.toISOString(),
      period_end: next.ends.toISOString(),
    });
  }

  /** @returns the subscription without a coupon that has done its part. */
  private async close(scope: EnvScope, subscription: SubscriptionEntity, at: Date): Promise<SubscriptionEntity> {
    const { currentPeriodStart: starts, currentPeriodEnd: ends } = subscription;
    if (at <= starts) return subscription;
    const { invoice, couponUsed } = await this.closing.close(scope, subscription, { starts, ends });
    if (invoice !== undefined) {
      await recordInvoice(this.#recorders, scope, 'billing.invoice.issued', invoice, SYSTEM_ACTOR);
      if (invoice.status === 'paid')
        await recordInvoice(this.#recorders, scope, 'billing.invoice.paid', invoice, SYSTEM_ACTOR);
    }
    return couponUsed ? { ...subscription, couponId: null } : subscription;
  }
}
