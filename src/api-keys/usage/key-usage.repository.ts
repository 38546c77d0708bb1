import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { LATENCY_BUCKETS } from './latency.js';
import { KeyUsageEntity } from './key-usage.entity.js';

export interface KeyUsageRow {
  readonly windowStart: Date;
  readonly outcome: string;
  readonly tag: string;
  readonly generation: string;
  readonly count: string;
}

const OF_KEY = envStatement(
  'api_key_usage.of_key',
  `SELECT date_trunc($6, hour, 'UTC') AS "windowStart", outcome, tag, generation, sum(count) AS count FROM api_key_usage
   WHERE app_id = $1 AND env_id = $2 AND key_id = $3 AND hour >= $4 AND hour < $5 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 LIMIT 1001`,
);

/** What is counted of several keys together. */
export interface KeyTotals {
  readonly outcomes: readonly { readonly outcome: string; readonly count: string }[];
  /** Most used first. */
  readonly keys: readonly {
    readonly keyId: string;
    readonly name: string;
    readonly count: string;
    readonly accepted: string;
  }[];
}

/** Whose keys, and when. */
export interface UsageSpan {
  /** Undefined: everybody's. */
  readonly ownerId?: string;
  /** Undefined: all of theirs. */
  readonly keyId?: string;
  readonly from: Date;
  readonly to: Date;
}

const WITHIN = `FROM api_key_usage u JOIN api_keys k ON k.app_id = u.app_id AND k.env_id = u.env_id AND k.id = u.key_id
   WHERE u.app_id = $1 AND u.env_id = $2 AND u.hour >= $3 AND u.hour < $4 AND ($5::text IS NULL OR k.owner_id = $5)
     AND ($6::text IS NULL OR u.key_id = $6)`;
const LATENCIES = envStatement(
  'api_key_usage.latencies',
  `SELECT (n - 1)::integer AS bucket, sum(c)::bigint AS count FROM (SELECT u.latency ${WITHIN}) s,
     unnest(s.latency) WITH ORDINALITY AS t (c, n) GROUP BY n ORDER BY n`,
  { replanned: true },
);
const OUTCOMES = envStatement(
  'api_key_usage.outcomes',
  `SELECT u.outcome, sum(u.count) AS count ${WITHIN} GROUP BY 1 ORDER BY 2 DESC, 1`,
  { replanned: true },
);
const TOP = envStatement(
  'api_key_usage.top',
  `SELECT u.key_id AS "keyId", k.name, sum(u.count) AS count, coalesce(sum(u.count) FILTER (WHERE u.outcome = 'accepted'), 0) AS accepted
   ${WITHIN} GROUP BY 1, 2 ORDER BY 3 DESC, 1 LIMIT $7`,
  { replanned: true },
);

/** Reads what keys were used for. */
@Injectable()
export class KeyUsageRepository extends EnvScopedRepository<KeyUsageEntity> {
  constructor(database: Database) {
    super(database, KeyUsageEntity);
  }

  /** Oldest first, at most 1,001. */
  async ofKey(scope: EnvScope, keyId: string, from: Date, to: Date, window: 'hour' | 'day'): Promise<KeyUsageRow[]> {
    return (await this.queryIn<KeyUsageRow>(scope, OF_KEY, [keyId, from, to, window])).rows;
  }

  /** @returns how many validations took how long, by the buckets of latency.ts. */
  async latencies(scope: EnvScope, span: UsageSpan): Promise<number[]> {
    const { rows } = await this.queryIn<{ bucket: number; count: string }>(scope, LATENCIES, valuesOf(span));
    const counts: number[] = new Array<number>(LATENCY_BUCKETS).fill(0);
    for (const { bucket, count } of rows) counts[bucket] = Number(count);
    return counts;
  }

  /** @param most keys. */
  async totals(scope: EnvScope, span: UsageSpan, most: number): Promise<KeyTotals> {
    const { rows: outcomes } = await this.queryIn<KeyTotals['outcomes'][number]>(scope, OUTCOMES, valuesOf(span));
    const { rows: keys } = await this.queryIn<KeyTotals['keys'][number]>(scope, TOP, [...valuesOf(span), most]);
    return { outcomes, keys };
  }
}

const valuesOf = ({ from, to, ownerId, keyId }: UsageSpan) => [from, to, ownerId ?? null, keyId ?? null];
