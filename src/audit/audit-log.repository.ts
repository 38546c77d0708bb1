import { Injectable } from '@nestjs/common';
import { AuditEntryEntity } from '../kernel/audit/audit-entry.entity.js';
import type { AppScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { AppScopedRepository } from '../kernel/persistence/app-scoped.repository.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { appStatement } from '../kernel/persistence/statement.js';

/** What entries are looked for by; every condition that is there must hold. */
export interface AuditFilter {
  readonly envId?: Id<'environment'>;
  /** Whole, or with a dot at its end: whatever begins so. */
  readonly action?: string;
  readonly outcome?: string;
  readonly actorId?: string;
  readonly targetType?: string;
  readonly targetId?: string;
  readonly requestId?: string;
  readonly from?: Date;
  readonly to?: Date;
}

const COLUMNS = columnsOf(AuditEntryEntity);

/** Planned with the values in sight, what was not asked for falls away; times leave out whole partitions. */
const PAGE = appStatement(
  'audit_entries.page',
  `SELECT ${COLUMNS} FROM audit_entries
   WHERE app_id = $1 AND ($2::text IS NULL OR env_id = $2)
     AND ($3::text IS NULL OR action = $3 OR (right($3, 1) = '.' AND starts_with(action, $3)))
     AND ($4::text IS NULL OR outcome = $4) AND ($5::text IS NULL OR actor_id = $5)
     AND ($6::text IS NULL OR target_type = $6) AND ($7::text IS NULL OR target_id = $7)
     AND ($8::text IS NULL OR request_id = $8)
     AND ($9::timestamptz IS NULL OR occurred_at >= $9) AND ($10::timestamptz IS NULL OR occurred_at < $10)
     AND ($11 = '' OR id < $11)
   ORDER BY id DESC LIMIT $12`,
  { replanned: true },
);
const ONE = appStatement('audit_entries.one', `SELECT ${COLUMNS} FROM audit_entries WHERE app_id = $1 AND id = $2`);

/** Reads an app's audit trail for its operators. Nothing but AuditTrail writes it. */
@Injectable()
export class AuditLogRepository extends AppScopedRepository<AuditEntryEntity> {
  constructor(database: Database) {
    super(database, AuditEntryEntity);
  }

  /** Newest first. @param before the last id of the page before, or the empty text. */
  async page(scope: AppScope, filter: AuditFilter, before: string, most: number): Promise<AuditEntryEntity[]> {
    const { envId, action, outcome, actorId, targetType, targetId, requestId, from, to } = filter;
    const values = [envId, action, outcome, actorId, targetType, targetId, requestId, from, to].map(
      (one) => one ?? null,
    );
    return (await this.queryIn<AuditEntryEntity>(scope, PAGE, [...values, before, most])).rows;
  }

  async find(scope: AppScope, id: Id<'audit_entry'>): Promise<AuditEntryEntity | undefined> {
    return (await this.queryIn<AuditEntryEntity>(scope, ONE, [id])).rows[0];
  }
}
