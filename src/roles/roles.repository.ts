import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository, type Unscoped } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import type { Grant } from './permission.rules.js';
import { RoleEntity } from './role.entity.js';
import { RoleHasChildren, RoleNotFound, RoleSlugTaken } from './roles.problems.js';

const COLUMNS = columnsOf(RoleEntity);

/** How deep roles may stand under each other. */
export const DEEPEST_ROLE = 16;
const ONE_TOO_MANY = DEEPEST_ROLE + 1;

/** One change of an environment's hierarchy at a time: two that are harmless alone may make a ring together (R200). */
const LOCK = envStatement(
  'roles.lock',
  "SELECT pg_advisory_xact_lock(hashtextextended(concat($1::text, $2::text, '/roles'), 0))",
);
const PAGE = envStatement(
  'roles.page',
  `SELECT ${COLUMNS} FROM roles WHERE app_id = $1 AND env_id = $2 AND id > $3 ORDER BY id LIMIT $4`,
);
const ALL = envStatement('roles.all', `SELECT ${COLUMNS} FROM roles WHERE app_id = $1 AND env_id = $2 ORDER BY id`);
const UPDATE = envStatement(
  'roles.update',
  `UPDATE roles SET name = coalesce($4, name), description = CASE WHEN $5 THEN $6 ELSE description END,
     parent_id = CASE WHEN $7 THEN $8 ELSE parent_id END, version = version + 1, updated_at = $9
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND ($10::integer IS NULL OR version = $10) RETURNING ${COLUMNS}`,
);
/** The role and those it stands under, one more than may be; UNION ends a ring, should there ever be one. */
const PATH = envStatement(
  'roles.path',
  `WITH RECURSIVE path AS (
     SELECT id, parent_id FROM roles WHERE app_id = $1 AND env_id = $2 AND id = $3
     UNION
     SELECT r.id, r.parent_id FROM roles r JOIN path p ON r.id = p.parent_id WHERE r.app_id = $1 AND r.env_id = $2)
   SELECT id FROM path LIMIT ${ONE_TOO_MANY}`,
);
/** How many levels a role and those under it make. */
const HEIGHT = envStatement(
  'roles.height',
  `WITH RECURSIVE below AS (
     SELECT id, 1 AS level FROM roles WHERE app_id = $1 AND env_id = $2 AND id = $3
     UNION
     SELECT r.id, b.level + 1 FROM roles r JOIN below b ON r.parent_id = b.id
     WHERE r.app_id = $1 AND r.env_id = $2 AND b.level <= ${DEEPEST_ROLE})
   SELECT max(level) AS height FROM below`,
);
/** Everything a role permits, by itself and by those it stands under. */
const EFFECTIVE = envStatement(
  'roles.effective',
  `WITH RECURSIVE path AS (
     SELECT id, parent_id FROM roles WHERE app_id = $1 AND env_id = $2 AND id = $3
     UNION
     SELECT r.id, r.parent_id FROM roles r JOIN path p ON r.id = p.parent_id WHERE r.app_id = $1 AND r.env_id = $2)
   SELECT DISTINCT action, resource FROM role_permissions p JOIN path ON path.id = p.role_id WHERE p.app_id = $1 AND p.env_id = $2`,
);

/** What is there changes; null clears. */
export interface RoleChanges {
  readonly name?: string;
  readonly description?: string | null;
  readonly parentId?: Id<'role'> | null;
}

@Injectable()
export class RolesRepository extends EnvScopedRepository<RoleEntity> {
  constructor(database: Database) {
    super(database, RoleEntity, {
      roles_app_id_env_id_slug_key: () => new RoleSlugTaken(),
      roles_parent_id_fkey: () => new RoleHasChildren(),
    });
  }

  async lock(scope: EnvScope): Promise<void> {
    await this.queryIn(scope, LOCK);
  }

  /** @throws RoleSlugTaken */
  insert(scope: EnvScope, role: Unscoped<RoleEntity>): Promise<RoleEntity> {
    return this.insertIn(scope, role);
  }

  /** @throws RoleNotFound */
  async get(scope: EnvScope, id: Id<'role'>): Promise<RoleEntity> {
    const role = await this.findOneIn(scope, { id });
    if (role === null) throw new RoleNotFound();
    return role;
  }

  findBySlug(scope: EnvScope, slug: string): Promise<RoleEntity | null> {
    return this.findOneIn(scope, { slug });
  }

  /** Oldest first, after `after` (empty: from the oldest). */
  async page(scope: EnvScope, after: string, limit: number): Promise<RoleEntity[]> {
    return (await this.queryIn<RoleEntity>(scope, PAGE, [after, limit])).rows;
  }

  /** Oldest first. */
  async all(scope: EnvScope): Promise<RoleEntity[]> {
    return (await this.queryIn<RoleEntity>(scope, ALL)).rows;
  }

  /** @returns undefined when there is none of that version. */
  async update(
    scope: EnvScope,
    id: Id<'role'>,
    { name, description, parentId }: RoleChanges,
    version: number | undefined,
    now: Date,
  ): Promise<RoleEntity | undefined> {
    const { rows } = await this.queryIn<RoleEntity>(scope, UPDATE, [
      id,
      name ?? null,
      description !== undefined,
      description ?? null,
      parentId !== undefined,
      parentId ?? null,
      now,
      version ?? null,
    ]);
    return rows[0];
  }

  /** @throws RoleHasChildren */
  delete(scope: EnvScope, id: Id<'role'>): Promise<number> {
    return this.deleteIn(scope, { id });
  }

  /** The role and those it stands under; empty when there is none. */
  async path(scope: EnvScope, id: Id<'role'>): Promise<Id<'role'>[]> {
    return (await this.queryIn<{ id: Id<'role'> }>(scope, PATH, [id])).rows.map((role) => role.id);
  }

  async height(scope: EnvScope, id: Id<'role'>): Promise<number> {
    return (await this.queryIn<{ height: number | null }>(scope, HEIGHT, [id])).rows[0]?.height ?? 0;
  }

  /** Everything the role permits, inherited or not. */
  async effective(scope: EnvScope, id: Id<'role'>): Promise<Grant[]> {
    return (await this.queryIn<Grant>(scope, EFFECTIVE, [id])).rows;
  }
}
