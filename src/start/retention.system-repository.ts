import { Injectable } from '@nestjs/common';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';

const PURGE_OUTBOX = statement('outbox.purge', 'DELETE FROM outbox WHERE occurred_at <= $1');

/** Ends what was kept long enough. */
@Injectable()
export class RetentionSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantPurgeOutbox(before: Date): Promise<void> {
    await this.query(PURGE_OUTBOX, [before]);
  }
}
