import { Injectable } from '@nestjs/common';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';

const REFRESH_STATISTICS = statement('users.refresh_statistics', 'SELECT authsome_analyze_users()');

/** Statistics are of a table, not of any tenant. */
@Injectable()
export class BulkUsersSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /**
   * Lets PostgreSQL look at the users again. Of a table that it has never looked at, it checks foreign keys by whichever index begins with
   * the tenant: every row then costs as much as there are users, until autovacuum comes by.
   */
  async anyTenantRefreshStatistics(): Promise<void> {
    await this.query(REFRESH_STATISTICS);
  }
}
