import { Injectable } from '@nestjs/common';
import type { AppScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { AppScopedRepository } from '../kernel/persistence/app-scoped.repository.js';
import { Database } from '../kernel/persistence/database.js';
import { appStatement } from '../kernel/persistence/statement.js';
import { StatCounterEntity, type StatMetric } from './stat-counter.entity.js';

export interface CounterRow {
  readonly envId: Id<'environment'>;
  readonly metric: StatMetric;
  /** An ISO date. */
  readonly day: string;
  readonly value: number;
}

export interface TotalRow {
  readonly envId: Id<'environment'>;
  readonly users: number;
}

/** Both read by primary key. */
const BETWEEN = appStatement(
  'stat_counters.between',
  `SELECT env_id AS "envId", metric, to_char(day, 'YYYY-MM-DD') AS day, value::double precision AS value FROM stat_counters
   WHERE app_id = $1 AND ($2::text IS NULL OR env_id = $2) AND metric = ANY ($3) AND day BETWEEN $4::date AND $5::date
   ORDER BY day, env_id, metric`,
);
const TOTALS = appStatement(
  'user_totals.read',
  `SELECT env_id AS "envId", users::double precision AS users FROM user_totals
   WHERE app_id = $1 AND ($2::text IS NULL OR env_id = $2) ORDER BY env_id`,
);

@Injectable()
export class StatsRepository extends AppScopedRepository<StatCounterEntity> {
  constructor(database: Database) {
    super(database, StatCounterEntity);
  }

  /** @param envId undefined: every environment of the app. @param from @param to ISO dates, both included. */
  async between(
    scope: AppScope,
    envId: Id<'environment'> | undefined,
    metrics: readonly StatMetric[],
    from: string,
    to: string,
  ): Promise<CounterRow[]> {
    return (await this.queryIn<CounterRow>(scope, BETWEEN, [envId ?? null, metrics, from, to])).rows;
  }

  async totals(scope: AppScope, envId: Id<'environment'> | undefined): Promise<TotalRow[]> {
    return (await this.queryIn<TotalRow>(scope, TOTALS, [envId ?? null])).rows;
  }
}
