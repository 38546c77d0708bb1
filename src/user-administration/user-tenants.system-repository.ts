import { Injectable } from '@nestjs/common';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';

/** Uses users_deleted_idx. */
const WITH_DELETED = statement(
  'users.tenants_with_deleted',
  `SELECT DISTINCT app_id AS "appId", env_id AS "envId" FROM users WHERE deleted_at IS NOT NULL AND erased_at IS NULL`,
);

const OF_USER = statement(
  'users.tenant_of',
  `SELECT app_id AS "appId", env_id AS "envId" FROM users WHERE id = $1 AND deleted_at IS NULL`,
);

interface Tenant {
  readonly appId: Id<'app'>;
  readonly envId: Id<'environment'>;
}

@Injectable()
export class UserTenantsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /** The environments that have deleted users who are not erased yet. */
  async anyTenantWithDeleted(): Promise<Tenant[]> {
    return (await this.query<Tenant>(WITH_DELETED)).rows;
  }

  /** Where a living user lives. */
  async anyTenantOf(id: Id<'user'>): Promise<Tenant | undefined> {
    return (await this.query<Tenant>(OF_USER, [id])).rows[0];
  }
}
