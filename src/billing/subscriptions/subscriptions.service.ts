import { Injectable } from '@nestjs/common';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import { type Actor, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Events } from '../../kernel/events/events.js';
import { IdGenerator, type Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../../kernel/persistence/page.js';
import '../billing.events.js';
import {
  CouponNotFound,
  CouponNotRedeemable,
  PlanNotActive,
  SubscriptionExists,
  SubscriptionNotFound,
  SubscriptionStateConflict,
} from '../billing.problems.js';
import { CouponsRepository } from '../coupons/coupons.repository.js';
import { anchorAt } from '../periods.js';
import { PlansService } from '../plans/plans.service.js';
import type { PublishedPlan } from '../plans/plans.repository.js';
import { SpansRepository } from './spans.repository.js';
import { SubscriptionLifecycle } from './subscription-lifecycle.js';
import type { AfterTrial, SubscriptionEntity } from './subscription.entity.js';
import { type SubscriptionFilter, SubscriptionsRepository } from './subscriptions.repository.js';

const DAY_MS = 86_400_000;

export interface SubscriptionInput {
  readonly subjectKey: SubjectKey;
  readonly planId: Id<'plan'>;
  /** Absent: the plan's. */
  readonly trialDays?: number;
  readonly afterTrial?: AfterTrial;
}

/** Who has which plan, as people and operators change it. What time changes is done by {@link SubscriptionLifecycle}. */
@Injectable()
export class SubscriptionsService {
  constructor(
    private readonly subscriptions: SubscriptionsRepository,
    private readonly spans: SpansRepository,
    private readonly lifecycle: SubscriptionLifecycle,
    private readonly plans: PlansService,
    private readonly coupons: CouponsRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /**
   * Subscribes a subject. A subscription that has expired makes room; a trial is had once.
   * @throws PlanNotFound, PlanNotActive, SubscriptionExists
   */
  create(scope: EnvScope, input: SubscriptionInput, actor: Actor): Promise<SubscriptionEntity> {
    return this.database.transaction(async () => {
      const plan = await this.plans.get(scope, input.planId);
      if (plan.status !== 'active') throw new PlanNotActive();
      await this.subscriptions.lockSubject(scope, input.subjectKey);
      const known = await this.subscriptions.ofSubject(scope, input.subjectKey);
      await this.makeRoom(scope, plan, known, actor);
      return this.begin(
        scope,
        plan,
        input,
        known.some(({ trialStart }) => trialStart !== null),
        actor,
      );
    });
  }

  /** @param key whose it must be; undefined: anybody's. @throws SubscriptionNotFound */
  async get(scope: EnvScope, id: Id<'subscription'>, key?: SubjectKey): Promise<SubscriptionEntity> {
    const subscription = await this.subscriptions.find(scope, id);
    if (subscription === undefined || (key !== undefined && subscription.subjectKey !== key))
      throw new SubscriptionNotFound();
    return subscription;
  }

  /** The one that has not ended, apart from add-ons. @throws SubscriptionNotFound */
  async current(scope: EnvScope, key: SubjectKey): Promise<SubscriptionEntity> {
    const [first] = await this.subscriptions.ofSubject(scope, key);
    if (first === undefined || first.endedAt !== null || first.addon) throw new SubscriptionNotFound();
    return first;
  }

  /** Newest first, with the number of all, up to 10,000. @throws MalformedCursor */
  async list(
    scope: EnvScope,
    filter: SubscriptionFilter,
    { limit, cursor }: PageRequest,
  ): Promise<Page<SubscriptionEntity> & { readonly total: number }> {
    const list = `subscriptions/${scope.envId}/${JSON.stringify(filter)}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.subscriptions.page(scope, filter, before, limit + 1);
    return {
      ...this.cursors.page(list, limit, rows, ({ id }) => id),
      total: await this.subscriptions.count(scope, filter),
    };
  }

  /**
   * Changes to another plan at once, or to the newest version of the same. Each plan's fee is charged for its part of the period; one that
   * had expired begins anew. @throws SubscriptionNotFound, PlanNotFound, PlanNotActive, SubscriptionStateConflict
   */
  changePlan(scope: EnvScope, id: Id<'subscription'>, planId: Id<'plan'>, actor: Actor): Promise<SubscriptionEntity> {
    return this.database.transaction(async () => {
      const subscription = await this.lock(scope, id);
      const plan = await this.plans.get(scope, planId);
      if (plan.status !== 'active' && plan.id !== subscription.planId) throw new PlanNotActive();
      if (subscription.endedAt !== null || plan.isAddon !== subscription.addon) throw new SubscriptionStateConflict();
      if (plan.terms.period !== subscription.period) {
        throw new SubscriptionStateConflict({
          detail: 'a plan of another period begins anew: cancel, and subscribe to it',
        });
      }
      const changed = { ...subscription, planId, planVersion: plan.terms.number };
      const next =
        subscription.status === 'expired' ? await this.anew(scope, changed) : await this.moved(scope, changed);
      const more = { previous_plan_id: subscription.planId };
      return this.lifecycle.save(scope, next, 'billing.subscription.plan_changed', actor, more);
    });
  }

  /** @param immediately otherwise at the end of the period, or of the trial. @throws SubscriptionNotFound, SubscriptionStateConflict */
  cancel(scope: EnvScope, id: Id<'subscription'>, immediately: boolean, actor: Actor): Promise<SubscriptionEntity> {
    return this.database.transaction(async () => {
      const subscription = await this.lock(scope, id);
      if (subscription.endedAt !== null) throw new SubscriptionStateConflict();
      const now = this.clock.now();
      if (immediately || subscription.status === 'expired') return this.lifecycle.end(scope, subscription, now, actor);
      const { status, trialEnd, currentPeriodEnd } = subscription;
      const cancelAt = status === 'trialing' && trialEnd !== null ? trialEnd : currentPeriodEnd;
      const more = { cancel_at: cancelAt.toISOString() };
      const going = { ...subscription, cancelAt, canceledAt: now };
      return this.lifecycle.save(scope, going, 'billing.subscription.cancel_requested', actor, more);
    });
  }

  /** It gives nothing and costs no base fee until it is resumed. @throws SubscriptionNotFound, SubscriptionStateConflict */
  pause(scope: EnvScope, id: Id<'subscription'>, actor: Actor): Promise<SubscriptionEntity> {
    return this.database.transaction(async () => {
      const subscription = await this.lock(scope, id);
      if (subscription.status !== 'active') throw new SubscriptionStateConflict();
      const now = this.clock.now();
      await this.spans.close(scope, id, now);
      const paused = { ...subscription, status: 'paused', pausedAt: now } as const;
      return this.lifecycle.save(scope, paused, 'billing.subscription.paused', actor);
    });
  }

  /** Goes on with a paused subscription, or takes back that it ends. @throws SubscriptionNotFound, SubscriptionStateConflict */
  resume(scope: EnvScope, id: Id<'subscription'>, actor: Actor): Promise<SubscriptionEntity> {
    return this.database.transaction(async () => {
      const subscription = await this.lock(scope, id);
      const wasPaused = subscription.status === 'paused';
      if (subscription.endedAt !== null || (!wasPaused && subscription.cancelAt === null))
        throw new SubscriptionStateConflict();
      if (wasPaused) await this.spans.open(scope, subscription, this.clock.now());
      const resumed = {
        ...subscription,
        status: wasPaused ? 'active' : subscription.status,
        pausedAt: null,
        cancelAt: null,
        canceledAt: null,
      } as const;
      return this.lifecycle.save(scope, resumed, 'billing.subscription.resumed', actor);
    });
  }

  /** Once per subject. @throws SubscriptionNotFound, CouponNotFound, CouponNotRedeemable, SubscriptionStateConflict */
  redeem(scope: EnvScope, id: Id<'subscription'>, voucher: string, actor: Actor): Promise<SubscriptionEntity> {
    return this.database.transaction(async () => {
      const subscription = await this.lock(scope, id);
      if (subscription.endedAt !== null || subscription.couponId !== null) throw new SubscriptionStateConflict();
      if ((await this.coupons.findByVoucher(scope, voucher)) === null) throw new CouponNotFound();
      const { currency } = await this.plans.get(scope, subscription.planId);
      const { subjectKey } = subscription;
      const coupon = await this.coupons.redeem(scope, voucher, currency, subjectKey, this.clock.now());
      if (coupon === undefined) throw new CouponNotRedeemable();
      const payload = { coupon_id: coupon.id, subject: subjectKey, subscription_id: id };
      await this.events.record(scope, 'billing.coupon.redeemed', coupon.id, payload);
      this.audit.record(scope, {
        action: 'billing.coupon.redeemed',
        actor,
        target: { type: 'coupon', id: coupon.id },
        metadata: { subject: subjectKey, subscription_id: id },
      });
      return this.subscriptions.save(scope, { ...subscription, couponId: coupon.id }, this.clock.now());
    });
  }

  /** Ends everything a subject has: it is gone. In the caller's transaction. */
  async endAll(scope: EnvScope, key: SubjectKey, actor: Actor): Promise<void> {
    await this.subscriptions.lockSubject(scope, key);
    for (const { id, endedAt } of await this.subscriptions.ofSubject(scope, key)) {
      if (endedAt === null) await this.lifecycle.end(scope, await this.lock(scope, id), this.clock.now(), actor);
    }
  }

  /** @throws SubscriptionExists */
  private async makeRoom(
    scope: EnvScope,
    { isAddon, id: planId }: PublishedPlan,
    known: readonly SubscriptionEntity[],
    actor: Actor,
  ): Promise<void> {
    const live = known.filter(({ endedAt }) => endedAt === null);
    const rival = live.find((other) => (isAddon ? other.planId === planId : !other.addon));
    if (rival === undefined) return;
    if (rival.status !== 'expired') throw new SubscriptionExists();
    await this.lifecycle.end(scope, await this.lock(scope, rival.id), this.clock.now(), actor);
  }

  private async begin(
    scope: EnvScope,
    plan: PublishedPlan,
    { subjectKey, trialDays = plan.trialDays, afterTrial = 'expire' }: SubscriptionInput,
    hadTrial: boolean,
    actor: Actor,
  ): Promise<SubscriptionEntity> {
    const now = this.clock.now();
    const onTrial = trialDays > 0 && !hadTrial;
    const row = {
      id: this.ids.next('subscription'),
      subjectKey,
      planId: plan.id,
      planVersion: plan.terms.number,
      addon: plan.isAddon,
      status: onTrial ? 'trialing' : 'active',
      period: plan.terms.period,
      anchor: anchorAt(now),
      trialStart: onTrial ? now : null,
      trialEnd: onTrial ? this.clock.in(trialDays * DAY_MS) : null,
      afterTrial,
    } as const;
    const subscription = await this.subscriptions.insert(scope, row, now);
    if (!onTrial) await this.spans.open(scope, subscription, subscription.anchor);
    return this.lifecycle.save(scope, subscription, 'billing.subscription.created', actor);
  }

  /** From now on the other plan, in the period that runs. */
  private async moved(scope: EnvScope, subscription: SubscriptionEntity): Promise<SubscriptionEntity> {
    if (subscription.status === 'active' || subscription.status === 'past_due') {
      const now = this.clock.now();
      await this.spans.close(scope, subscription.id, now);
      await this.spans.open(scope, subscription, now);
    }
    return subscription;
  }

  /** A new beginning, with periods counted from now. */
  private async anew(scope: EnvScope, subscription: SubscriptionEntity): Promise<SubscriptionEntity> {
    const now = this.clock.now();
    const anchor = anchorAt(now);
    const { starts, ends } = await this.subscriptions.periodAt(scope, subscription.id, anchor, now);
    await this.spans.open(scope, subscription, anchor);
    return {
      ...subscription,
      status: 'active',
      anchor,
      currentPeriodStart: starts,
      currentPeriodEnd: ends,
      pastDueSince: null,
      graceUntil: null,
    };
  }

  private async lock(scope: EnvScope, id: Id<'subscription'>): Promise<SubscriptionEntity> {
    const subscription = await this.subscriptions.lock(scope, id);
    if (subscription === undefined) throw new SubscriptionNotFound();
    return subscription;
  }
}
