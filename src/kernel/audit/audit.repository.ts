import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../context/scope.js';
import type { Id } from '../ids/id.js';
import { columnsOf } from '../persistence/columns.js';
import { Database } from '../persistence/database.js';
import { EnvScopedRepository } from '../persistence/env-scoped.repository.js';
import { envStatement } from '../persistence/statement.js';
import { AuditEntryEntity } from './audit-entry.entity.js';

type EnvAuditEntry = AuditEntryEntity & { envId: Id<'environment'> };

/** Uses audit_entries_actor_id_idx and audit_entries_target_id_idx. */
const OF_PERSON = envStatement(
  'audit_entries.of_person',
  `SELECT ${columnsOf(AuditEntryEntity)} FROM audit_entries
   WHERE app_id = $1 AND env_id = $2 AND (actor_id = $3 OR target_id = $3) ORDER BY id DESC LIMIT $4`,
);

const PAGE_OF_PERSON = envStatement(
  'audit_entries.page_of_person',
  `SELECT ${columnsOf(AuditEntryEntity)} FROM audit_entries
   WHERE app_id = $1 AND env_id = $2 AND (actor_id = $3 OR target_id = $3) AND ($4 = '' OR id < $4) ORDER BY id DESC LIMIT $5`,
);

/** Reads the audit trail. Nothing but {@link AuditTrail} writes it. */
@Injectable()
export class AuditRepository extends EnvScopedRepository<EnvAuditEntry> {
  constructor(database: Database) {
    super(database, AuditEntryEntity);
  }

  /** What a person did and what was done to their account, newest first. */
  async ofPerson(scope: EnvScope, id: Id<'user'>, most: number): Promise<AuditEntryEntity[]> {
    return (await this.queryIn<AuditEntryEntity>(scope, OF_PERSON, [id, most])).rows;
  }

  /** The same, page by page. @param before the last id of the page before, or the empty text. */
  async pageOfPerson(scope: EnvScope, id: Id<'user'>, before: string, most: number): Promise<AuditEntryEntity[]> {
    return (await this.queryIn<AuditEntryEntity>(scope, PAGE_OF_PERSON, [id, before, most])).rows;
  }
}
