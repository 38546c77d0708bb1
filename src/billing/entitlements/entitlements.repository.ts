import { Injectable } from '@nestjs/common';
import type { Subject, SubjectKey } from '../../billing-bridge/ledger.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import type { Aggregation } from '../meters/meter.rules.js';
import type { Period, PlanPeriod } from '../periods.js';
import type { PlanFeature } from '../plans/plan-features.js';
import { SubscriptionEntity } from '../subscriptions/subscription.entity.js';
import type { SubscriptionTerms } from '../subscriptions/subscription.rules.js';
import type { FeatureStanding } from './decision.js';

/** A standing with what only the engine itself needs. */
export interface DetailedStanding extends FeatureStanding {
  readonly periodStarts: Date | null;
  /** Units recorded in the period, whatever was reset. */
  readonly recorded: number;
}

/** The plan that counts for a subject, in the period that runs. */
export interface CurrentPlan extends Period {
  readonly features: readonly PlanFeature[];
  readonly period: PlanPeriod;
}

interface StandingRow {
  readonly featureKey: string;
  readonly subscriptionId: string | null;
  readonly status: SubscriptionTerms['status'];
  readonly trialEnd: Date | null;
  readonly afterTrial: SubscriptionTerms['afterTrial'];
  readonly cancelAt: Date | null;
  readonly graceUntil: Date | null;
  readonly endedAt: Date | null;
  readonly currentPeriodEnd: Date;
  readonly feature: PlanFeature | null;
  readonly addons: PlanFeature[] | null;
  readonly overridden: boolean;
  readonly units: string | null;
  readonly granted: string | null;
  readonly reserved: string | null;
  readonly baseline: string | null;
  readonly total: string | null;
  readonly events: string | null;
  readonly highest: string | null;
  readonly latest: string | null;
  readonly seats: number | null;
  readonly periodStarts: Date | null;
  readonly periodEnds: Date | null;
}

/**
 * One round trip for everything that decides. The last subscription of the subject counts, also one that is over; the app's counts for a
 * subject that never had any. Usage is read only where a limit asks for it: an unlimited feature reads none.
 */
const STANDING = envStatement(
  'billing.standing',
  `WITH main AS (
     SELECT s.*, v.features FROM billing_subscriptions s
     JOIN billing_plan_versions v
       ON v.app_id = s.app_id AND v.env_id = s.env_id AND v.plan_id = s.plan_id AND v.number = s.plan_version
     WHERE s.app_id = $1 AND s.env_id = $2 AND s.subject_key = ANY ($3::text[]) AND NOT s.addon
     ORDER BY array_position($3::text[], s.subject_key), s.ended_at IS NULL DESC, s.id DESC LIMIT 1),
   extras AS (
     SELECT f.entry FROM billing_subscriptions s
     JOIN billing_plan_versions v
       ON v.app_id = s.app_id AND v.env_id = s.env_id AND v.plan_id = s.plan_id AND v.number = s.plan_version
     CROSS JOIN LATERAL jsonb_array_elements(v.features) AS f (entry)
     WHERE s.app_id = $1 AND s.env_id = $2 AND s.subject_key = $4 AND s.addon AND s.ended_at IS NULL
       AND (s.status IN ('active', 'past_due') OR (s.status = 'trialing' AND s.trial_end > $6))
       AND (s.cancel_at IS NULL OR s.cancel_at > $6))
   SELECT k.key AS "featureKey", m.id AS "subscriptionId", m.status, m.trial_end AS "trialEnd", m.after_trial AS "afterTrial",
     m.cancel_at AS "cancelAt", m.grace_until AS "graceUntil", m.ended_at AS "endedAt", m.current_period_end AS "currentPeriodEnd",
     e.entry AS feature, x.entries AS addons, o.subject_key IS NOT NULL AS overridden, o.units, g.granted, r.reserved, z.baseline,
     u.total, u.events, u.highest, u.latest, c.seats, p.starts AS "periodStarts", p.ends AS "periodEnds"
   FROM unnest($5::text[]) WITH ORDINALITY AS k (key, n)
   LEFT JOIN main m ON true
   LEFT JOIN LATERAL (SELECT f.entry FROM jsonb_array_elements(m.features) AS f (entry) WHERE f.entry->>'key' = k.key LIMIT 1) e ON true
   LEFT JOIN LATERAL (SELECT jsonb_agg(entry) AS entries FROM extras WHERE entry->>'key' = k.key) x ON true
   LEFT JOIN LATERAL (
     SELECT * FROM authsome_period(m.anchor, coalesce(e.entry->>'period', m.period), $6) WHERE m.id IS NOT NULL) p ON true
   LEFT JOIN billing_overrides o ON o.app_id = $1 AND o.env_id = $2 AND o.subject_key = $4 AND o.feature_key = k.key
     AND (o.expires_at IS NULL OR o.expires_at > $6)
   LEFT JOIN LATERAL (
     SELECT sum(remaining) AS granted FROM billing_grants WHERE app_id = $1 AND env_id = $2 AND subject_key = $4 AND feature_key = k.key
       AND voided_at IS NULL AND effective_at <= $6 AND (expires_at IS NULL OR expires_at > $6)) g ON true
   LEFT JOIN LATERAL (
     SELECT sum(quantity) AS reserved FROM billing_reservations
     WHERE app_id = $1 AND env_id = $2 AND subject_key = $4 AND feature_key = k.key AND expires_at > $6) r ON true
   LEFT JOIN billing_resets z ON z.app_id = $1 AND z.env_id = $2 AND z.subject_key = $4 AND z.feature_key = k.key
     AND z.period_start = p.starts
   LEFT JOIN LATERAL (
     SELECT sum(total) AS total, sum(events) AS events, max(highest) AS highest,
       (array_agg(latest ORDER BY latest_at DESC))[1] AS latest
     FROM billing_usage_rollups WHERE app_id = $1 AND env_id = $2 AND subject_key = $4
       AND meter_key = coalesce(e.entry->>'meter', x.entries->0->>'meter', k.key) AND bucket >= p.starts AND bucket < p.ends) u
     ON coalesce(e.entry, x.entries->0)->>'kind' = 'metered'
     AND (CASE WHEN o.subject_key IS NULL THEN coalesce(e.entry, x.entries->0)->>'limit' ELSE o.units::text END) IS NOT NULL
   LEFT JOIN LATERAL (
     SELECT member_count AS seats FROM organizations WHERE app_id = $1 AND env_id = $2 AND 'org:' || id = $4) c
     ON coalesce(e.entry, x.entries->0)->>'kind' = 'seat'
   ORDER BY k.n`,
);
/** What the plan that counts for a subject holds, and the period it is in. */
const PLAN = envStatement(
  'billing.plan_of',
  `SELECT v.features, s.period, p.starts, p.ends FROM billing_subscriptions s
   JOIN billing_plan_versions v
     ON v.app_id = s.app_id AND v.env_id = s.env_id AND v.plan_id = s.plan_id AND v.number = s.plan_version
   CROSS JOIN LATERAL authsome_period(s.anchor, s.period, $4::timestamptz) AS p
   WHERE s.app_id = $1 AND s.env_id = $2 AND s.subject_key = ANY ($3::text[]) AND NOT s.addon
   ORDER BY array_position($3::text[], s.subject_key), s.ended_at IS NULL DESC, s.id DESC LIMIT 1`,
);
/** One at a time per subject and feature, on every replica: what is counted is still so when units are given. */
const LOCK_FEATURE = envStatement(
  'billing.lock_feature',
  "SELECT pg_advisory_xact_lock(hashtextextended(concat($1::text, $2::text, $3::text, '/', $4::text), 0))",
);

/** What a subject has and has used, as plans, grants and overrides say. */
@Injectable()
export class EntitlementsRepository extends EnvScopedRepository<SubscriptionEntity> {
  constructor(database: Database) {
    super(database, SubscriptionEntity);
  }

  /** @returns one for each key, in their order. */
  async standings(
    scope: EnvScope,
    key: SubjectKey,
    featureKeys: readonly string[],
    at: Date,
  ): Promise<DetailedStanding[]> {
    const owners = [key, `app:${scope.appId}`];
    const { rows } = await this.queryIn<StandingRow>(scope, STANDING, [owners, key, featureKeys, at]);
    return rows.map(toStanding);
  }

  /** @returns undefined for a subject whom no subscription covers. */
  async planOf(scope: EnvScope, key: SubjectKey, at: Date): Promise<CurrentPlan | undefined> {
    return (await this.queryIn<CurrentPlan>(scope, PLAN, [[key, `app:${scope.appId}`], at])).rows[0];
  }

  /** Holds off everyone else who gives units of the feature, until the transaction ends. */
  async lockFeature({ scope, key }: Subject, featureKey: string): Promise<void> {
    await this.queryIn(scope, LOCK_FEATURE, [key, featureKey]);
  }
}

function toStanding(row: StandingRow): DetailedStanding {
  const { featureKey, feature, periodStarts, periodEnds } = row;
  const addons = row.addons ?? [];
  const aggregation = (feature ?? addons[0])?.aggregation ?? 'sum';
  const recorded = row.seats ?? Number(recordedBy(aggregation, row) ?? 0);
  return {
    featureKey,
    subscription: row.subscriptionId === null ? null : row,
    feature,
    addons,
    override: row.overridden ? { units: row.units === null ? null : Number(row.units) } : null,
    granted: Number(row.granted ?? 0),
    used: Math.max(0, recorded - Number(row.baseline ?? 0)),
    recorded,
    reserved: Number(row.reserved ?? 0),
    periodStarts,
    periodEnds,
  };
}

/** What a meter's rollups of a period come to. Unique values were counted one by one, so that their sum is their number. */
export function recordedBy(
  aggregation: Aggregation,
  { total, events, highest, latest }: Pick<StandingRow, 'total' | 'events' | 'highest' | 'latest'>,
): string | null {
  switch (aggregation) {
    case 'sum':
    case 'unique':
      return total;
    case 'count':
      return events;
    case 'max':
      return highest;
    case 'latest':
      return latest;
  }
}
