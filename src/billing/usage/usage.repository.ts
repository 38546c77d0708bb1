import { Injectable } from '@nestjs/common';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import type { Period } from '../periods.js';
import { UsageRollupEntity } from './usage-rollup.entity.js';

/** What a meter counted for a subject in a span of time, each way it can be read. */
export interface MeterTotals {
  readonly meterKey: string;
  readonly total: string;
  readonly events: string;
  readonly highest: string;
  readonly latest: string;
}

export const WINDOWS = ['hour', 'day', 'month'] as const;
export type UsageWindow = (typeof WINDOWS)[number];

export interface UsagePoint extends MeterTotals {
  readonly windowStart: Date;
  /** JSON of the dimensions that are counted apart; empty where there are none. */
  readonly dimensions: string;
}

/** A meter's sums against the events they were made of. */
export interface Reconciliation {
  readonly featureKey: string;
  readonly events: string;
  readonly eventUnits: string;
  readonly rolledUpUnits: string;
}

const TOTALS = envStatement(
  'billing_usage.totals',
  `SELECT meter_key AS "meterKey", sum(total) AS total, sum(events) AS events, max(highest) AS highest,
     (array_agg(latest ORDER BY latest_at DESC))[1] AS latest
   FROM billing_usage_rollups
   WHERE app_id = $1 AND env_id = $2 AND subject_key = $3 AND meter_key = ANY ($4) AND bucket >= $5 AND bucket < $6 GROUP BY 1`,
);
const SERIES = envStatement(
  'billing_usage.series',
  `SELECT meter_key AS "meterKey", date_trunc($5, bucket, 'UTC') AS "windowStart", CASE WHEN $8 THEN dimensions ELSE '' END AS dimensions,
     sum(total) AS total, sum(events) AS events, max(highest) AS highest, (array_agg(latest ORDER BY latest_at DESC))[1] AS latest
   FROM billing_usage_rollups
   WHERE app_id = $1 AND env_id = $2 AND subject_key = $3 AND meter_key = $4 AND bucket >= $6 AND bucket < $7
   GROUP BY 1, 2, 3 ORDER BY 2, 3 LIMIT 1001`,
);
/** Whole hours only: a sum holds all of its hour. Meters that add up under their event's own name. */
const RECONCILE = envStatement(
  'billing_usage.reconcile',
  `SELECT coalesce(e.feature_key, r.meter_key) AS "featureKey", coalesce(e.events, 0) AS events, coalesce(e.units, 0) AS "eventUnits",
     coalesce(r.units, 0) AS "rolledUpUnits"
   FROM (SELECT feature_key, count(*) AS events, sum(quantity) AS units FROM billing_usage_events
         WHERE app_id = $1 AND env_id = $2 AND occurred_at >= $3 AND occurred_at < $4 AND feature_key = ANY ($5) GROUP BY 1) e
   FULL JOIN (SELECT meter_key, sum(total) AS units FROM billing_usage_rollups
              WHERE app_id = $1 AND env_id = $2 AND bucket >= $3 AND bucket < $4 AND meter_key = ANY ($5) GROUP BY 1) r
     ON r.meter_key = e.feature_key
   ORDER BY 1`,
);

/** Reads what the meters of an environment have counted. */
@Injectable()
export class UsageRepository extends EnvScopedRepository<UsageRollupEntity> {
  constructor(database: Database) {
    super(database, UsageRollupEntity);
  }

  /** Those of the meters that counted anything. The period must begin and end with an hour. */
  async totals(
    scope: EnvScope,
    key: SubjectKey,
    meterKeys: readonly string[],
    { starts, ends }: Period,
  ): Promise<MeterTotals[]> {
    return (await this.queryIn<MeterTotals>(scope, TOTALS, [key, meterKeys, starts, ends])).rows;
  }

  /** Oldest first, at most 1,001. @param apart whether dimensions that the meter counts apart are told apart. */
  async series(
    scope: EnvScope,
    key: SubjectKey,
    meterKey: string,
    window: UsageWindow,
    { starts, ends }: Period,
    apart: boolean,
  ): Promise<UsagePoint[]> {
    return (await this.queryIn<UsagePoint>(scope, SERIES, [key, meterKey, window, starts, ends, apart])).rows;
  }

  /** @param meterKeys meters that sum the events of their own name. */
  async reconcile(scope: EnvScope, { starts, ends }: Period, meterKeys: readonly string[]): Promise<Reconciliation[]> {
    return (await this.queryIn<Reconciliation>(scope, RECONCILE, [starts, ends, meterKeys])).rows;
  }
}
