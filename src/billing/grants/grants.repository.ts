import { Injectable } from '@nestjs/common';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { GrantEntity } from './grant.entity.js';

export type NewGrant = Pick<
  GrantEntity,
  'id' | 'subjectKey' | 'featureKey' | 'priority' | 'effectiveAt' | 'expiresAt'
> & { readonly amount: number; readonly leastRollover: number; readonly mostRollover: number };

const COLUMNS = columnsOf(GrantEntity);

const INSERT = envStatement(
  'billing_grants.insert',
  `INSERT INTO billing_grants (app_id, env_id, id, subject_key, feature_key, amount, remaining, priority, effective_at, expires_at,
     least_rollover, most_rollover, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, $10, $11, $12) RETURNING ${COLUMNS}`,
);
const PAGE = envStatement(
  'billing_grants.page',
  `SELECT ${COLUMNS} FROM billing_grants
   WHERE app_id = $1 AND env_id = $2 AND subject_key = $3 AND ($4::text IS NULL OR feature_key = $4) AND ($5 = '' OR id < $5)
   ORDER BY id DESC LIMIT $6`,
  { replanned: true },
);
const VOID = envStatement(
  'billing_grants.void',
  `UPDATE billing_grants SET voided_at = $4 WHERE app_id = $1 AND env_id = $2 AND id = $3 AND voided_at IS NULL RETURNING ${COLUMNS}`,
);
/** Those that were in force at some time of a period. */
const BURNABLE = envStatement(
  'billing_grants.burnable',
  `SELECT ${COLUMNS} FROM billing_grants
   WHERE app_id = $1 AND env_id = $2 AND subject_key = $3 AND feature_key = ANY ($4) AND voided_at IS NULL AND effective_at < $6
     AND (expires_at IS NULL OR expires_at > $5) FOR UPDATE`,
);
const LEAVE = envStatement(
  'billing_grants.leave',
  `UPDATE billing_grants g SET remaining = t.remaining FROM unnest($3::text[], $4::bigint[]) AS t (id, remaining)
   WHERE g.app_id = $1 AND g.env_id = $2 AND g.id = t.id`,
);

@Injectable()
export class GrantsRepository extends EnvScopedRepository<GrantEntity> {
  constructor(database: Database) {
    super(database, GrantEntity);
  }

  async insert(scope: EnvScope, g: NewGrant, now: Date): Promise<GrantEntity> {
    const units = [g.leastRollover, g.mostRollover, now];
    const values = [g.id, g.subjectKey, g.featureKey, g.amount, g.priority, g.effectiveAt, g.expiresAt, ...units];
    return (await this.queryIn<GrantEntity>(scope, INSERT, values)).rows[0] as GrantEntity;
  }

  /** Newest first, older than `before` (empty: from the newest). */
  async page(
    scope: EnvScope,
    key: SubjectKey,
    featureKey: string | undefined,
    before: string,
    limit: number,
  ): Promise<GrantEntity[]> {
    return (await this.queryIn<GrantEntity>(scope, PAGE, [key, featureKey ?? null, before, limit])).rows;
  }

  /** @returns undefined when there is none, or it was void already. */
  async void(scope: EnvScope, id: Id<'grant'>, now: Date): Promise<GrantEntity | undefined> {
    return (await this.queryIn<GrantEntity>(scope, VOID, [id, now])).rows[0];
  }

  /** Grants that a period’s usage may be taken from; nobody else touches them until the transaction ends. */
  async burnable(
    scope: EnvScope,
    key: SubjectKey,
    featureKeys: readonly string[],
    starts: Date,
    ends: Date,
  ): Promise<GrantEntity[]> {
    return (await this.queryIn<GrantEntity>(scope, BURNABLE, [key, featureKeys, starts, ends])).rows;
  }

  async leave(scope: EnvScope, left: readonly { readonly id: string; readonly remaining: number }[]): Promise<void> {
    await this.queryIn(scope, LEAVE, [left.map(({ id }) => id), left.map(({ remaining }) => remaining)]);
  }
}
