import { Injectable } from '@nestjs/common';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import type { Period } from '../periods.js';
import { SubscriptionEntity, type SubscriptionStatus } from './subscription.entity.js';
import { nextStepOf } from './subscription.rules.js';

export interface SubscriptionFilter {
  readonly subjectKey?: SubjectKey;
  readonly status?: SubscriptionStatus;
}

const COLUMNS = columnsOf(SubscriptionEntity);

/** One at a time per subject, so that none has two. */
const LOCK_SUBJECT = envStatement(
  'billing_subscriptions.lock_subject',
  "SELECT pg_advisory_xact_lock(hashtextextended(concat($1::text, $2::text, $3::text, '/subscription'), 0))",
);
const INSERT = envStatement(
  'billing_subscriptions.insert',
  `INSERT INTO billing_subscriptions (app_id, env_id, id, subject_key, plan_id, plan_version, addon, status, period, anchor,
     current_period_start, current_period_end, trial_start, trial_end, after_trial, next_step_at, version, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, (authsome_period($10, $9, $14)).starts, (authsome_period($10, $9, $14)).ends,
     $11::timestamptz, $12::timestamptz, $13, NULL, 1, $14, $14) RETURNING ${COLUMNS}`,
);
const SAVE = envStatement(
  'billing_subscriptions.save',
  `UPDATE billing_subscriptions SET plan_id = $4, plan_version = $5, status = $6, anchor = $7, current_period_start = $8,
     current_period_end = $9, trial_end = $10, cancel_at = $11, canceled_at = $12, ended_at = $13, paused_at = $14, past_due_since = $15,
     grace_until = $16, coupon_id = $17, next_step_at = $18, version = version + 1, updated_at = $19
   WHERE app_id = $1 AND env_id = $2 AND id = $3 RETURNING ${COLUMNS}`,
);
const FIND = envStatement(
  'billing_subscriptions.find',
  `SELECT ${COLUMNS} FROM billing_subscriptions WHERE app_id = $1 AND env_id = $2 AND id = $3`,
);
const LOCK = envStatement(
  'billing_subscriptions.lock',
  `SELECT ${COLUMNS} FROM billing_subscriptions WHERE app_id = $1 AND env_id = $2 AND id = $3 FOR NO KEY UPDATE`,
);
const OF_SUBJECT = envStatement(
  'billing_subscriptions.of_subject',
  `SELECT ${COLUMNS} FROM billing_subscriptions WHERE app_id = $1 AND env_id = $2 AND subject_key = $3
   ORDER BY ended_at IS NULL DESC, addon, id DESC LIMIT 100`,
);
const PAGE = envStatement(
  'billing_subscriptions.page',
  `SELECT ${COLUMNS} FROM billing_subscriptions
   WHERE app_id = $1 AND env_id = $2 AND ($3::text IS NULL OR subject_key = $3) AND ($4::text IS NULL OR status = $4)
     AND ($5 = '' OR id < $5)
   ORDER BY id DESC LIMIT $6`,
  { replanned: true },
);
const COUNT = envStatement(
  'billing_subscriptions.count',
  `SELECT count(*)::integer AS total FROM (
     SELECT FROM billing_subscriptions WHERE app_id = $1 AND env_id = $2 AND ($3::text IS NULL OR subject_key = $3) AND ($4::text IS NULL OR status = $4)
     LIMIT 10000) t`,
);
const PERIOD = envStatement(
  'billing_subscriptions.period',
  `SELECT p.starts, p.ends FROM billing_subscriptions s CROSS JOIN LATERAL authsome_period($4::timestamptz, s.period, $5::timestamptz) AS p
   WHERE s.app_id = $1 AND s.env_id = $2 AND s.id = $3`,
);

@Injectable()
export class SubscriptionsRepository extends EnvScopedRepository<SubscriptionEntity> {
  constructor(database: Database) {
    super(database, SubscriptionEntity);
  }

  /** Holds off everyone else who subscribes the subject, until the transaction ends. */
  async lockSubject(scope: EnvScope, key: SubjectKey): Promise<void> {
    await this.queryIn(scope, LOCK_SUBJECT, [key]);
  }

  async insert(
    scope: EnvScope,
    s: Pick<
      SubscriptionEntity,
      | 'id'
      | 'subjectKey'
      | 'planId'
      | 'planVersion'
      | 'addon'
      | 'status'
      | 'period'
      | 'anchor'
      | 'trialStart'
      | 'trialEnd'
      | 'afterTrial'
    >,
    now: Date,
  ): Promise<SubscriptionEntity> {
    const dates = [s.trialStart, s.trialEnd, s.afterTrial, now];
    const values = [s.id, s.subjectKey, s.planId, s.planVersion, s.addon, s.status, s.period, s.anchor, ...dates];
    return (await this.queryIn<SubscriptionEntity>(scope, INSERT, values)).rows[0] as SubscriptionEntity;
  }

  /** Writes what may change of a subscription that is locked; when it is looked at next follows from that. */
  async save(scope: EnvScope, s: SubscriptionEntity, now: Date): Promise<SubscriptionEntity> {
    const { rows } = await this.queryIn<SubscriptionEntity>(scope, SAVE, [
      s.id,
      s.planId,
      s.planVersion,
      s.status,
      s.anchor,
      s.currentPeriodStart,
      s.currentPeriodEnd,
      s.trialEnd,
      s.cancelAt,
      s.canceledAt,
      s.endedAt,
      s.pausedAt,
      s.pastDueSince,
      s.graceUntil,
      s.couponId,
      nextStepOf(s),
      now,
    ]);
    return rows[0] as SubscriptionEntity;
  }

  async find(scope: EnvScope, id: Id<'subscription'>): Promise<SubscriptionEntity | undefined> {
    return (await this.queryIn<SubscriptionEntity>(scope, FIND, [id])).rows[0];
  }

  /** The row is this transaction's until it ends. */
  async lock(scope: EnvScope, id: Id<'subscription'>): Promise<SubscriptionEntity | undefined> {
    return (await this.queryIn<SubscriptionEntity>(scope, LOCK, [id])).rows[0];
  }

  /** Those that have not ended first, and of these add-ons last; then the newest first. */
  async ofSubject(scope: EnvScope, key: SubjectKey): Promise<SubscriptionEntity[]> {
    return (await this.queryIn<SubscriptionEntity>(scope, OF_SUBJECT, [key])).rows;
  }

  /** Newest first, older than `before` (empty: from the newest). */
  async page(
    scope: EnvScope,
    { subjectKey, status }: SubscriptionFilter,
    before: string,
    limit: number,
  ): Promise<SubscriptionEntity[]> {
    const values = [subjectKey ?? null, status ?? null, before, limit];
    return (await this.queryIn<SubscriptionEntity>(scope, PAGE, values)).rows;
  }

  /** Up to 10,000. */
  async count(scope: EnvScope, { subjectKey, status }: SubscriptionFilter): Promise<number> {
    return (
      (await this.queryIn<{ total: number }>(scope, COUNT, [subjectKey ?? null, status ?? null])).rows[0]?.total ?? 0
    );
  }

  /** The subscription's period that an instant falls into, counted from an anchor. */
  async periodAt(scope: EnvScope, id: Id<'subscription'>, anchor: Date, at: Date): Promise<Period> {
    return (await this.queryIn<Period>(scope, PERIOD, [id, anchor, at])).rows[0] as Period;
  }
}
