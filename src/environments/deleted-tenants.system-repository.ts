import { Injectable } from '@nestjs/common';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';

/** What the deleted environments still hold most of, a bounded number at a time; what hangs on a user goes with them. */
const DELETE_USERS = statement(
  'deleted_tenants.delete_users',
  `DELETE FROM users WHERE id IN (
     SELECT u.id FROM users u JOIN environments e ON e.app_id = u.app_id AND e.id = u.env_id JOIN apps a ON a.id = e.app_id
     WHERE e.deleted_at IS NOT NULL OR a.deleted_at IS NOT NULL LIMIT $1)`,
);
const DELETE_FACTS = statement(
  'deleted_tenants.delete_facts',
  `DELETE FROM outbox WHERE id IN (
     SELECT o.id FROM outbox o JOIN apps a ON a.id = o.app_id LEFT JOIN environments e ON e.app_id = o.app_id AND e.id = o.env_id
     WHERE a.deleted_at IS NOT NULL OR e.deleted_at IS NOT NULL LIMIT $1)`,
);
const DELETE_ENVIRONMENTS = statement(
  'deleted_tenants.delete_environments',
  'DELETE FROM environments WHERE deleted_at IS NOT NULL RETURNING id',
);
const DELETE_APPS = statement(
  'deleted_tenants.delete_apps',
  'DELETE FROM apps WHERE deleted_at IS NOT NULL RETURNING id',
);

/** Works across tenants, on those that are no more. */
@Injectable()
export class DeletedTenantsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantDeleteUsers(most: number): Promise<number> {
    return (await this.query(DELETE_USERS, [most])).count;
  }

  async anyTenantDeleteFacts(most: number): Promise<number> {
    return (await this.query(DELETE_FACTS, [most])).count;
  }

  /** With everything that is left of them. Call when nothing large is. */
  async anyTenantDeleteRest(): Promise<Id<'environment' | 'app'>[]> {
    const environments = await this.query<{ id: Id<'environment'> }>(DELETE_ENVIRONMENTS);
    const apps = await this.query<{ id: Id<'app'> }>(DELETE_APPS);
    return [...environments.rows, ...apps.rows].map(({ id }) => id);
  }
}
