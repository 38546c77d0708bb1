import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository, type Unscoped } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import type { GrantSource } from './permission.rules.js';
import { RoleAssignmentEntity } from './role-assignment.entity.js';
import { DEEPEST_ROLE } from './roles.repository.js';
import { RoleEntity } from './role.entity.js';
import { EVERYBODY } from './system-roles.js';

const INSERT = envStatement(
  'role_assignments.insert',
  `INSERT INTO role_assignments (app_id, env_id, id, role_id, user_id, org_id, assigned_by, assigned_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
);
const DELETE = envStatement(
  'role_assignments.delete',
  `DELETE FROM role_assignments
   WHERE app_id = $1 AND env_id = $2 AND role_id = $3 AND user_id = $4 AND org_id IS NOT DISTINCT FROM $5`,
);
const DELETE_ALL = envStatement(
  'role_assignments.delete_all',
  'DELETE FROM role_assignments WHERE app_id = $1 AND env_id = $2 AND user_id = $3',
);
const COUNT_HOLDERS = envStatement(
  'role_assignments.count_holders',
  'SELECT count(*)::integer AS count FROM role_assignments WHERE app_id = $1 AND env_id = $2 AND role_id = $3',
);
const OF_USER = envStatement(
  'role_assignments.of_user',
  `SELECT ${columnsOf(RoleEntity, 'r')}, a.id AS "assignmentId", a.org_id AS "orgId", a.assigned_by AS "assignedBy", a.assigned_at AS "assignedAt"
   FROM role_assignments a JOIN roles r ON r.app_id = a.app_id AND r.env_id = a.env_id AND r.id = a.role_id
   WHERE a.app_id = $1 AND a.env_id = $2 AND a.user_id = $3 AND ($4::boolean OR a.org_id IS NOT DISTINCT FROM $5) AND a.id > $6
   ORDER BY a.id LIMIT $7`,
);
/**
 * Everything that somebody may do, with the way to it, in one query: the roles they have — assigned, everybody's, and within the
 * organization that of their place in it — those above them, and what each permits. Who is deleted or banned has nothing.
 */
const ACCESS = envStatement(
  'role_assignments.access',
  `WITH RECURSIVE person AS (
     SELECT id FROM users
     WHERE app_id = $1 AND env_id = $2 AND id = $3 AND deleted_at IS NULL AND (NOT banned OR ban_expires <= $5)),
   place AS (
     SELECT 'org-' || m.role AS slug FROM members m JOIN person ON person.id = m.user_id
     JOIN organizations o ON o.app_id = m.app_id AND o.env_id = m.env_id AND o.id = m.org_id AND o.active
     WHERE m.app_id = $1 AND m.env_id = $2 AND m.org_id = $4),
   held AS (
     SELECT a.role_id AS id, CASE WHEN a.org_id IS NULL THEN 'assignment' ELSE 'organization_assignment' END AS source
     FROM role_assignments a JOIN person ON person.id = a.user_id
     WHERE a.app_id = $1 AND a.env_id = $2 AND (a.org_id IS NULL OR (a.org_id = $4 AND EXISTS (SELECT FROM place)))
     UNION ALL
     SELECT r.id, 'everyone' FROM roles r, person
     WHERE r.app_id = $1 AND r.env_id = $2 AND r.slug = '${EVERYBODY}' AND r.system
     UNION ALL
     SELECT r.id, 'member_role' FROM roles r JOIN place ON place.slug = r.slug
     WHERE r.app_id = $1 AND r.env_id = $2 AND r.system),
   tree AS (
     SELECT h.id AS held_id, h.source, r.slug AS held_slug, r.id, r.slug, r.parent_id, ARRAY[r.slug] AS path
     FROM held h JOIN roles r ON r.app_id = $1 AND r.env_id = $2 AND r.id = h.id
     UNION ALL
     SELECT t.held_id, t.source, t.held_slug, r.id, r.slug, r.parent_id, t.path || r.slug
     FROM tree t JOIN roles r ON r.app_id = $1 AND r.env_id = $2 AND r.id = t.parent_id
     WHERE cardinality(t.path) < ${DEEPEST_ROLE})
   SELECT t.held_id AS "heldId", t.source, t.held_slug AS "heldSlug", t.id AS "roleId", t.slug AS "roleSlug", t.path,
     p.id AS "permissionId", p.action, p.resource
   FROM tree t LEFT JOIN role_permissions p ON p.app_id = $1 AND p.env_id = $2 AND p.role_id = t.id
   ORDER BY cardinality(t.path), t.held_id, p.id`,
);

/** One permission of one role that somebody has, or a role that permits nothing itself. */
export interface AccessRow {
  readonly heldId: string;
  readonly heldSlug: string;
  readonly source: GrantSource;
  readonly roleId: string;
  readonly roleSlug: string;
  readonly path: readonly string[];
  readonly permissionId: string | null;
  readonly action: string | null;
  readonly resource: string | null;
}

/** A role with where and by whom it was given. */
export interface RoleOfUser extends RoleEntity {
  readonly assignmentId: Id<'role_assignment'>;
  readonly orgId: Id<'organization'> | null;
  readonly assignedBy: Id<'user'> | null;
  readonly assignedAt: Date;
}

/** Where a user's roles are looked for: everywhere, app-wide alone (null), or within an organization. */
export type AssignedWhere = 'anywhere' | Id<'organization'> | null;

@Injectable()
export class RoleAssignmentsRepository extends EnvScopedRepository<RoleAssignmentEntity> {
  constructor(database: Database) {
    super(database, RoleAssignmentEntity);
  }

  /** @returns whether the user did not have it yet. */
  async insert(scope: EnvScope, assignment: Unscoped<RoleAssignmentEntity>): Promise<boolean> {
    const { id, roleId, userId, orgId, assignedBy, assignedAt } = assignment;
    return (await this.queryIn(scope, INSERT, [id, roleId, userId, orgId, assignedBy, assignedAt])).count === 1;
  }

  /** @returns whether the user had it. */
  async delete(
    scope: EnvScope,
    { roleId, userId, orgId }: Pick<RoleAssignmentEntity, 'roleId' | 'userId' | 'orgId'>,
  ): Promise<boolean> {
    return (await this.queryIn(scope, DELETE, [roleId, userId, orgId])).count === 1;
  }

  async deleteAll(scope: EnvScope, userId: Id<'user'>): Promise<void> {
    await this.queryIn(scope, DELETE_ALL, [userId]);
  }

  async countHolders(scope: EnvScope, roleId: Id<'role'>): Promise<number> {
    const { rows } = await this.queryIn<{ count: number }>(scope, COUNT_HOLDERS, [roleId]);
    return (rows[0] as { count: number }).count;
  }

  /** Those that were given, in that order; after the assignment `after` (empty: from the first). */
  async ofUser(
    scope: EnvScope,
    userId: Id<'user'>,
    where: AssignedWhere,
    after: string,
    limit: number,
  ): Promise<RoleOfUser[]> {
    const values = [userId, where === 'anywhere', where === 'anywhere' ? null : where, after, limit];
    return (await this.queryIn<RoleOfUser>(scope, OF_USER, values)).rows;
  }

  /** Everything that a user may do, app-wide or within an organization; empty for nobody. */
  async access(
    scope: EnvScope,
    userId: Id<'user'>,
    orgId: Id<'organization'> | undefined,
    now: Date,
  ): Promise<AccessRow[]> {
    return (await this.queryIn<AccessRow>(scope, ACCESS, [userId, orgId ?? null, now])).rows;
  }
}
