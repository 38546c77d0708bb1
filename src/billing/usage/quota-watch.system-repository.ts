import { Injectable } from '@nestjs/common';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { statement } from '../../kernel/persistence/statement.js';
import { SystemRepository } from '../../kernel/persistence/system.repository.js';
import type { ChangedMeter } from './usage-ingest.system-repository.js';

export interface QuotaMark {
  readonly appId: Id<'app'>;
  readonly envId: Id<'environment'>;
  readonly subjectKey: SubjectKey;
  readonly featureKey: string;
  readonly percent: number;
  readonly used: string;
  readonly units: string;
  readonly periodEnds: Date;
}

/** Only subjects with a subscription of their own, or whose app has one, have a limit to reach. */
const MARK = statement(
  'billing_quota_marks.mark',
  `WITH limited AS (
     SELECT c.app_id, c.env_id, c.subject_key, f.entry->>'key' AS feature_key, c.meter_key, f.entry->>'aggregation' AS aggregation,
       CASE WHEN o.subject_key IS NULL THEN (f.entry->>'limit')::bigint ELSE o.units END AS units, p.starts, p.ends
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS c (app_id, env_id, subject_key, meter_key)
     CROSS JOIN LATERAL (
       SELECT s.anchor, s.period, s.plan_id, s.plan_version FROM billing_subscriptions s
       WHERE s.app_id = c.app_id AND s.env_id = c.env_id AND s.subject_key IN (c.subject_key, 'app:' || c.app_id) AND NOT s.addon
       ORDER BY s.subject_key = c.subject_key DESC, s.ended_at IS NULL DESC, s.id DESC LIMIT 1) s
     JOIN billing_plan_versions v ON v.app_id = c.app_id AND v.env_id = c.env_id AND v.plan_id = s.plan_id AND v.number = s.plan_version
     CROSS JOIN LATERAL jsonb_array_elements(v.features) AS f (entry)
     CROSS JOIN LATERAL authsome_period(s.anchor, coalesce(f.entry->>'period', s.period), $5) AS p
     LEFT JOIN billing_overrides o ON o.app_id = c.app_id AND o.env_id = c.env_id AND o.subject_key = c.subject_key
       AND o.feature_key = f.entry->>'key' AND (o.expires_at IS NULL OR o.expires_at > $5)
     WHERE f.entry->>'kind' = 'metered' AND f.entry->>'meter' = c.meter_key),
   reached AS (
     SELECT l.*, l.units + g.granted AS most,
       greatest(0, CASE l.aggregation WHEN 'count' THEN u.events WHEN 'max' THEN u.highest WHEN 'latest' THEN u.latest ELSE u.total END
         - coalesce(z.baseline, 0)) AS used
     FROM limited l
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(remaining), 0) AS granted FROM billing_grants g WHERE g.app_id = l.app_id AND g.env_id = l.env_id
         AND g.subject_key = l.subject_key AND g.feature_key = l.feature_key AND g.voided_at IS NULL AND g.effective_at <= $5
         AND (g.expires_at IS NULL OR g.expires_at > $5)) g
     CROSS JOIN LATERAL (
       SELECT sum(total) AS total, sum(events) AS events, max(highest) AS highest,
         (array_agg(latest ORDER BY latest_at DESC))[1] AS latest
       FROM billing_usage_rollups r WHERE r.app_id = l.app_id AND r.env_id = l.env_id AND r.subject_key = l.subject_key
         AND r.meter_key = l.meter_key AND r.bucket >= l.starts AND r.bucket < l.ends) u
     LEFT JOIN billing_resets z ON z.app_id = l.app_id AND z.env_id = l.env_id AND z.subject_key = l.subject_key
       AND z.feature_key = l.feature_key AND z.period_start = l.starts
     WHERE l.units > 0),
   marked AS (
     INSERT INTO billing_quota_marks (app_id, env_id, subject_key, feature_key, period_start, percent, marked_at)
     SELECT r.app_id, r.env_id, r.subject_key, r.feature_key, r.starts, p.percent, $5
     FROM reached r CROSS JOIN (VALUES (80), (100)) AS p (percent)
     WHERE r.used * 100 >= r.most * p.percent ORDER BY 1, 2, 3, 4, 5, 6
     ON CONFLICT DO NOTHING RETURNING *)
   SELECT m.app_id AS "appId", m.env_id AS "envId", m.subject_key AS "subjectKey", m.feature_key AS "featureKey", m.percent,
     r.used, r.most AS units, r.ends AS "periodEnds"
   FROM marked m JOIN reached r USING (app_id, env_id, subject_key, feature_key) ORDER BY m.percent`,
);

/** Finds whose limits are reached, in every tenant. */
@Injectable()
export class QuotaWatchSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /** @returns the marks that were not there before. */
  async anyTenantMark(changed: readonly ChangedMeter[], now: Date): Promise<QuotaMark[]> {
    const { rows } = await this.query<QuotaMark>(MARK, [
      changed.map(({ appId }) => appId),
      changed.map(({ envId }) => envId),
      changed.map(({ subjectKey }) => subjectKey),
      changed.map(({ meterKey }) => meterKey),
      now,
    ]);
    return rows;
  }
}
