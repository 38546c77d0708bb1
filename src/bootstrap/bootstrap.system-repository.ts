import { Injectable } from '@nestjs/common';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';

const LOCK = statement('bootstrap.lock', 'SELECT pg_advisory_xact_lock(4827116)');

@Injectable()
export class BootstrapSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /** Of replicas that start at once on an empty database, one bootstraps. */
  async anyTenantLock(): Promise<void> {
    await this.query(LOCK);
  }
}
