import { Injectable } from '@nestjs/common';
import type { SubjectKey, Usage } from '../../billing-bridge/ledger.js';
import type { Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { statement } from '../../kernel/persistence/statement.js';
import { SystemRepository } from '../../kernel/persistence/system.repository.js';
import { BUILT_IN_METERS } from '../meters/meter.rules.js';

/** A subject's meter whose value has changed. */
export interface ChangedMeter {
  readonly appId: Id<'app'>;
  readonly envId: Id<'environment'>;
  readonly subjectKey: SubjectKey;
  readonly meterKey: string;
}

export interface Ingested {
  /** Events that had not been taken before. */
  readonly taken: number;
  readonly changed: readonly ChangedMeter[];
}

const quoted = (value: string | null): string => (value === null ? 'NULL' : `'${value}'`);
const BUILT_IN = BUILT_IN_METERS.map(
  ({ key, eventKey, aggregation, valueDimension, groupBy }) =>
    `(NULL, ${quoted(key)}, ${quoted(eventKey)}, ${quoted(aggregation)}, ${quoted(valueDimension)}, ARRAY[${groupBy.map(quoted).join()}]::text[])`,
).join(', ');

/**
 * All or nothing, and each event once: an event that is there already adds to no sum, whoever brings it again, and a batch whose commit was
 * in doubt may be brought again. Rows are written in the order of their keys, so that replicas wait for each other instead of deadlocking.
 * An environment that is gone meanwhile is left out.
 */
const TAKE = statement(
  'billing_usage.take',
  `WITH input AS (
     SELECT DISTINCT ON (i.app_id, i.env_id, i.source, i.dedupe_key) i.*
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::timestamptz[], $9::jsonb[])
       AS i (app_id, env_id, subject_key, feature_key, quantity, source, dedupe_key, occurred_at, dimensions)
     JOIN environments e ON e.app_id = i.app_id AND e.id = i.env_id
     ORDER BY i.app_id, i.env_id, i.source, i.dedupe_key),
   taken AS (
     INSERT INTO billing_usage_events (app_id, env_id, source, dedupe_key, subject_key, feature_key, quantity, dimensions, occurred_at, recorded_at)
     SELECT app_id, env_id, source, dedupe_key, subject_key, feature_key, quantity, dimensions, occurred_at, $10 FROM input
     ON CONFLICT DO NOTHING
     RETURNING app_id, env_id, subject_key, feature_key, quantity, occurred_at, dimensions),
   meters (env_id, key, event_key, aggregation, value_dimension, group_by) AS (
     VALUES ${BUILT_IN}
     UNION ALL SELECT env_id, key, event_key, aggregation, value_dimension, group_by FROM billing_meters WHERE env_id = ANY ($2)),
   metered AS (
     SELECT t.app_id, t.env_id, t.subject_key, m.key AS meter_key, m.aggregation, t.quantity, t.occurred_at,
       t.dimensions->>m.value_dimension AS value,
       CASE WHEN cardinality(m.group_by) = 0 THEN '' ELSE (
         SELECT coalesce(jsonb_object_agg(d, t.dimensions->d)::text, '') FROM unnest(m.group_by) AS d WHERE t.dimensions ? d) END AS dimensions
     FROM taken t JOIN meters m ON m.event_key = t.feature_key AND (m.env_id IS NULL OR m.env_id = t.env_id)),
   uniques AS (
     INSERT INTO billing_usage_uniques (app_id, env_id, subject_key, meter_key, period_start, value)
     SELECT DISTINCT t.app_id, t.env_id, t.subject_key, t.meter_key, p.starts, t.value
     FROM metered t
     LEFT JOIN LATERAL (
       SELECT anchor, period FROM billing_subscriptions s
       WHERE s.app_id = t.app_id AND s.env_id = t.env_id AND s.subject_key IN (t.subject_key, 'app:' || t.app_id) AND NOT s.addon
       ORDER BY s.subject_key = t.subject_key DESC, s.ended_at IS NULL DESC, s.id DESC LIMIT 1) s ON true
     CROSS JOIN LATERAL
       authsome_period(coalesce(s.anchor, timestamptz '1970-01-01 00:00:00Z'), coalesce(s.period, 'month'), t.occurred_at) AS p
     WHERE t.aggregation = 'unique' AND t.value IS NOT NULL
     ORDER BY 1, 2, 3, 4, 5, 6
     ON CONFLICT DO NOTHING
     RETURNING app_id, env_id, subject_key, meter_key, period_start),
   additions AS (
     SELECT app_id, env_id, subject_key, meter_key, date_bin('1 hour', occurred_at, timestamptz '1970-01-01 00:00:00Z') AS bucket, dimensions,
       sum(quantity) AS total, count(*) AS events, max(quantity) AS highest,
       (array_agg(quantity ORDER BY occurred_at DESC))[1] AS latest, max(occurred_at) AS latest_at
     FROM metered WHERE aggregation <> 'unique' GROUP BY 1, 2, 3, 4, 5, 6
     UNION ALL
     SELECT app_id, env_id, subject_key, meter_key, period_start, '', count(*), count(*), 1, 1, period_start
     FROM uniques GROUP BY 1, 2, 3, 4, 5),
   rolled AS (
     INSERT INTO billing_usage_rollups AS r
       (app_id, env_id, subject_key, meter_key, bucket, dimensions, total, events, highest, latest, latest_at)
     SELECT * FROM additions ORDER BY 1, 2, 3, 4, 5, 6
     ON CONFLICT (app_id, env_id, subject_key, meter_key, bucket, dimensions) DO UPDATE SET
       total = r.total + excluded.total, events = r.events + excluded.events, highest = greatest(r.highest, excluded.highest),
       latest = CASE WHEN excluded.latest_at >= r.latest_at THEN excluded.latest ELSE r.latest END,
       latest_at = greatest(r.latest_at, excluded.latest_at)
     RETURNING app_id, env_id, subject_key, meter_key)
   SELECT (SELECT count(*)::integer FROM taken) AS taken, coalesce((
     SELECT jsonb_agg(DISTINCT jsonb_build_object('appId', app_id, 'envId', env_id, 'subjectKey', subject_key, 'meterKey', meter_key))
     FROM rolled), '[]') AS changed`,
);
const PURGE_EVENTS = statement(
  'billing_usage_events.purge',
  'DELETE FROM billing_usage_events WHERE recorded_at <= $1',
);
const PURGE_ROLLUPS = statement('billing_usage_rollups.purge', 'DELETE FROM billing_usage_rollups WHERE bucket <= $1');
const PURGE_UNIQUES = statement(
  'billing_usage_uniques.purge',
  'DELETE FROM billing_usage_uniques WHERE period_start <= $1',
);
const PURGE_MARKS = statement('billing_quota_marks.purge', 'DELETE FROM billing_quota_marks WHERE period_start <= $1');
const PURGE_RESETS = statement('billing_resets.purge', 'DELETE FROM billing_resets WHERE reset_at <= $1');
const PURGE_RESERVATIONS = statement(
  'billing_reservations.purge',
  'DELETE FROM billing_reservations WHERE expires_at <= $1',
);

/** Takes the usage of every tenant. */
@Injectable()
export class UsageIngestSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantTake(usages: readonly Usage[], now: Date): Promise<Ingested> {
    const { rows } = await this.query<Ingested>(TAKE, [
      usages.map(({ subject }) => subject.scope.appId),
      usages.map(({ subject }) => subject.scope.envId),
      usages.map(({ subject }) => subject.key),
      usages.map(({ featureKey }) => featureKey),
      usages.map(({ quantity }) => quantity),
      usages.map(({ source }) => source),
      usages.map(({ idempotencyKey }) => idempotencyKey),
      usages.map(({ occurredAt }) => occurredAt),
      usages.map(({ dimensions }) => JSON.stringify(dimensions)),
      now,
    ]);
    return rows[0] as Ingested;
  }

  /** @param events until when usage events go; @param sums until when hourly sums and what belongs to past periods go. */
  async anyTenantPurge(events: Date, sums: Date, now: Date): Promise<void> {
    await this.query(PURGE_EVENTS, [events]);
    for (const purge of [PURGE_ROLLUPS, PURGE_UNIQUES, PURGE_MARKS, PURGE_RESETS]) await this.query(purge, [sums]);
    await this.query(PURGE_RESERVATIONS, [now]);
  }
}
