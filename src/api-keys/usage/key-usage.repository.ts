import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
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

/** Reads what a key was used for. */
@Injectable()
export class KeyUsageRepository extends EnvScopedRepository<KeyUsageEntity> {
  constructor(database: Database) {
    super(database, KeyUsageEntity);
  }

  /** Oldest first, at most 1,001. */
  async ofKey(scope: EnvScope, keyId: string, from: Date, to: Date, window: 'hour' | 'day'): Promise<KeyUsageRow[]> {
    return (await this.queryIn<KeyUsageRow>(scope, OF_KEY, [keyId, from, to, window])).rows;
  }
}
