import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { Id } from '../../kernel/ids/id.js';
import type { PlanPeriod } from '../periods.js';

export const SUBSCRIPTION_STATUSES = ['trialing', 'active', 'past_due', 'paused', 'canceled', 'expired'] as const;
export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];

/** What becomes of a subscription when its trial is over. */
export type AfterTrial = 'expire' | 'activate';

/** Who has which plan. Beside add-ons, a subject has one subscription that has not ended, at most. */
@Entity('billing_subscriptions')
@Unique('billing_subscriptions_app_id_env_id_id_key', ['appId', 'envId', 'id'])
@Index('billing_subscriptions_live_idx', ['appId', 'envId', 'subjectKey'], {
  unique: true,
  where: 'ended_at IS NULL AND NOT addon',
})
@Index('billing_subscriptions_subject_key_idx', ['appId', 'envId', 'subjectKey', 'id'])
@Index('billing_subscriptions_plan_id_idx', ['appId', 'envId', 'planId'])
@Index('billing_subscriptions_next_step_at_idx', ['nextStepAt'], { where: 'next_step_at IS NOT NULL' })
export class SubscriptionEntity {
  @PrimaryColumn('text') id: Id<'subscription'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'subject_key' }) subjectKey: SubjectKey;
  @Column({ type: 'text', name: 'plan_id' }) planId: Id<'plan'>;
  @Column({ type: 'integer', name: 'plan_version' }) planVersion: number;
  @Column('boolean') addon: boolean;
  @Column('text') status: SubscriptionStatus;
  @Column('text') period: PlanPeriod;
  @Column('timestamptz') anchor: Date;
  @Column({ type: 'timestamptz', name: 'current_period_start' }) currentPeriodStart: Date;
  @Column({ type: 'timestamptz', name: 'current_period_end' }) currentPeriodEnd: Date;
  @Column({ type: 'timestamptz', name: 'trial_start', nullable: true }) trialStart: Date | null;
  @Column({ type: 'timestamptz', name: 'trial_end', nullable: true }) trialEnd: Date | null;
  @Column({ type: 'text', name: 'after_trial' }) afterTrial: AfterTrial;
  /** From then on it is over, whether or not a worker has noticed. */
  @Column({ type: 'timestamptz', name: 'cancel_at', nullable: true }) cancelAt: Date | null;
  @Column({ type: 'timestamptz', name: 'canceled_at', nullable: true }) canceledAt: Date | null;
  @Column({ type: 'timestamptz', name: 'ended_at', nullable: true }) endedAt: Date | null;
  @Column({ type: 'timestamptz', name: 'paused_at', nullable: true }) pausedAt: Date | null;
  @Column({ type: 'timestamptz', name: 'past_due_since', nullable: true }) pastDueSince: Date | null;
  @Column({ type: 'timestamptz', name: 'grace_until', nullable: true }) graceUntil: Date | null;
  @Column({ type: 'text', name: 'coupon_id', nullable: true }) couponId: Id<'coupon'> | null;
  /** When a worker looks at it next: a period, trial, grace or life that ends. */
  @Column({ type: 'timestamptz', name: 'next_step_at', nullable: true }) nextStepAt: Date | null;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
