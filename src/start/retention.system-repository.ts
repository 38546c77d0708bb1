import { Injectable } from '@nestjs/common';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';

const PURGE_OUTBOX = statement('outbox.purge', 'DELETE FROM outbox WHERE occurred_at <= $1');
const KEEP_PARTITIONS = statement('audit_entries.keep_partitions', 'SELECT authsome_keep_audit_partitions($1, $2)');

/** Ends what was kept long enough. */
@Injectable()
export class RetentionSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantPurgeOutbox(before: Date): Promise<void> {
    await this.query(PURGE_OUTBOX, [before]);
  }

  /** Makes the partitions of this month and the next two, and drops those whose every entry is older than `oldest`. */
  async anyTenantKeepAuditPartitions(now: Date, oldest: Date): Promise<void> {
    await this.query(KEEP_PARTITIONS, [now, oldest]);
  }
}
