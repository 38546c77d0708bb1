import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository, type Unscoped } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import { RolePermissionEntity } from './role-permission.entity.js';

const COLUMNS = columnsOf(RolePermissionEntity);

const INSERT = envStatement(
  'role_permissions.insert',
  `INSERT INTO role_permissions (app_id, env_id, id, role_id, action, resource, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
   ON CONFLICT (app_id, env_id, role_id, action, resource) DO NOTHING RETURNING ${COLUMNS}`,
);
const PAGE = envStatement(
  'role_permissions.page',
  `SELECT ${COLUMNS} FROM role_permissions WHERE app_id = $1 AND env_id = $2 AND role_id = $3 AND id > $4 ORDER BY id LIMIT $5`,
);
const ALL = envStatement(
  'role_permissions.all',
  `SELECT ${COLUMNS} FROM role_permissions WHERE app_id = $1 AND env_id = $2 ORDER BY action, resource`,
);

@Injectable()
export class RolePermissionsRepository extends EnvScopedRepository<RolePermissionEntity> {
  constructor(database: Database) {
    super(database, RolePermissionEntity);
  }

  /** @returns undefined when the role permits it already. */
  async insert(
    scope: EnvScope,
    { id, roleId, action, resource, createdAt }: Unscoped<RolePermissionEntity>,
  ): Promise<RolePermissionEntity | undefined> {
    const values = [id, roleId, action, resource, createdAt];
    return (await this.queryIn<RolePermissionEntity>(scope, INSERT, values)).rows[0];
  }

  find(scope: EnvScope, roleId: Id<'role'>, id: Id<'permission'>): Promise<RolePermissionEntity | null> {
    return this.findOneIn(scope, { roleId, id });
  }

  findGrant(
    scope: EnvScope,
    roleId: Id<'role'>,
    { action, resource }: Pick<RolePermissionEntity, 'action' | 'resource'>,
  ): Promise<RolePermissionEntity | null> {
    return this.findOneIn(scope, { roleId, action, resource });
  }

  /** Those of the role alone, oldest first; after `after` (empty: from the oldest). */
  async page(scope: EnvScope, roleId: Id<'role'>, after: string, limit: number): Promise<RolePermissionEntity[]> {
    return (await this.queryIn<RolePermissionEntity>(scope, PAGE, [roleId, after, limit])).rows;
  }

  /** Of every role. */
  async all(scope: EnvScope): Promise<RolePermissionEntity[]> {
    return (await this.queryIn<RolePermissionEntity>(scope, ALL)).rows;
  }

  delete(scope: EnvScope, id: Id<'permission'>): Promise<number> {
    return this.deleteIn(scope, { id });
  }
}
