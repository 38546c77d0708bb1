import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PreconditionFailed } from '../http/etag.js';
import { AuditTrail } from '../kernel/audit/audit-trail.js';
import { type FieldChanges, fieldChanges } from '../kernel/audit/field-changes.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import { PERMISSIONS_CHANGED } from './live-permissions.js';
import type { Grant } from './permission.rules.js';
import { RoleAssignmentsRepository } from './role-assignments.repository.js';
import { RoleAuthority, type RoleManager } from './role-manager.js';
import type { RolePermissionEntity } from './role-permission.entity.js';
import { RolePermissionsRepository } from './role-permissions.repository.js';
import type { RoleEntity } from './role.entity.js';
import './roles.events.js';
import { PermissionNotFound, RoleCycle, RoleNotFound, RolesTooDeep, SystemRoleProtected } from './roles.problems.js';
import { DEEPEST_ROLE, type RoleChanges, RolesRepository } from './roles.repository.js';
import { isSystemGrant, SYSTEM_ROLES } from './system-roles.js';

export interface RoleInput {
  readonly slug: string;
  readonly name: string;
  readonly description: string | null;
  readonly parentId: Id<'role'> | null;
}

type RoleEvent = 'rbac.role.created' | 'rbac.role.updated';
type PermissionEvent = 'rbac.permission.added' | 'rbac.permission.removed';

/** The roles of an environment, how they stand under each other, and what each permits. */
@Injectable()
export class RolesService implements OnModuleInit {
  constructor(
    private readonly roles: RolesRepository,
    private readonly permissions: RolePermissionsRepository,
    private readonly assignments: RoleAssignmentsRepository,
    private readonly authority: RoleAuthority,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.events.within('environment.created', (scope) => this.makeSystemRoles(scope as EnvScope));
  }

  /** Oldest first. @throws MalformedCursor */
  async list(scope: EnvScope, { limit, cursor }: PageRequest): Promise<Page<RoleEntity>> {
    const list = `roles/${scope.envId}`;
    const after = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    return this.cursors.page(list, limit, await this.roles.page(scope, after, limit + 1), ({ id }) => id);
  }

  /** @throws RoleNotFound */
  get(scope: EnvScope, id: Id<'role'>): Promise<RoleEntity> {
    return this.roles.get(scope, id);
  }

  /** @throws RoleSlugTaken, RoleNotFound for a parent that is not there, RolesTooDeep, PermissionAboveOwn */
  create(scope: EnvScope, input: RoleInput, by: RoleManager): Promise<RoleEntity> {
    return this.database.transaction(async () => {
      await this.roles.lock(scope);
      if (input.parentId !== null) await this.requirePlace(scope, input.parentId, 1, by);
      return this.insert(scope, { ...input, system: false }, by);
    });
  }

  /**
   * @throws RoleNotFound, also for a parent that is not there; RoleCycle, RolesTooDeep, SystemRoleProtected, PermissionAboveOwn,
   * PreconditionFailed
   */
  update(
    scope: EnvScope,
    id: Id<'role'>,
    changes: RoleChanges,
    version: number | undefined,
    by: RoleManager,
  ): Promise<RoleEntity> {
    return this.database.transaction(async () => {
      await this.roles.lock(scope);
      const before = await this.roles.get(scope, id);
      const { parentId } = changes;
      if (before.system && parentId !== undefined && parentId !== before.parentId) throw new SystemRoleProtected();
      await this.authority.require(scope, by, await this.roles.effective(scope, id));
      if (parentId !== undefined && parentId !== null) {
        const path = await this.requirePlace(scope, parentId, await this.roles.height(scope, id), by);
        if (path.includes(id)) throw new RoleCycle();
      }
      const role = await this.roles.update(scope, id, changes, version, this.clock.now());
      if (role === undefined) throw new PreconditionFailed();
      await this.recordRole(scope, 'rbac.role.updated', role, by, fieldChanges(shown(before), shown(role)));
      return role;
    });
  }

  /** Whoever has the role has it no longer. @throws RoleNotFound, SystemRoleProtected, RoleHasChildren, PermissionAboveOwn */
  delete(scope: EnvScope, id: Id<'role'>, by: RoleManager): Promise<void> {
    return this.database.transaction(async () => {
      await this.roles.lock(scope);
      const { slug, system } = await this.roles.get(scope, id);
      if (system) throw new SystemRoleProtected();
      await this.authority.require(scope, by, await this.roles.effective(scope, id));
      const holders = await this.assignments.countHolders(scope, id);
      await this.roles.delete(scope, id);
      await this.events.record(scope, 'rbac.role.deleted', id, { role_id: id, role_slug: slug, holders });
      this.audit.record(scope, {
        action: 'rbac.role.deleted',
        actor: by.actor,
        target: { type: 'role', id },
        metadata: { slug, holders },
      });
      this.database.notify(PERMISSIONS_CHANGED + scope.envId);
    });
  }

  /** What the role permits by itself, oldest first. @throws RoleNotFound, MalformedCursor */
  async listPermissions(
    scope: EnvScope,
    id: Id<'role'>,
    { limit, cursor }: PageRequest,
  ): Promise<Page<RolePermissionEntity>> {
    await this.roles.get(scope, id);
    const list = `role_permissions/${scope.envId}/${id}`;
    const after = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.permissions.page(scope, id, after, limit + 1);
    return this.cursors.page(list, limit, rows, (permission) => permission.id);
  }

  /** Adds a permission; one that is there already stays as it is. @throws RoleNotFound, PermissionAboveOwn */
  addPermission(scope: EnvScope, id: Id<'role'>, grant: Grant, by: RoleManager): Promise<RolePermissionEntity> {
    return this.database.transaction(async () => {
      await this.roles.lock(scope);
      const role = await this.roles.get(scope, id);
      await this.authority.require(scope, by, [...(await this.roles.effective(scope, id)), grant]);
      return this.insertGrant(scope, role, grant, by);
    });
  }

  /** @throws RoleNotFound, PermissionNotFound, SystemRoleProtected, PermissionAboveOwn */
  removePermission(scope: EnvScope, id: Id<'role'>, permissionId: Id<'permission'>, by: RoleManager): Promise<void> {
    return this.database.transaction(async () => {
      await this.roles.lock(scope);
      const role = await this.roles.get(scope, id);
      const permission = await this.permissions.find(scope, id, permissionId);
      if (permission === null) throw new PermissionNotFound();
      if (isSystemGrant(role.slug, permission) && role.system) throw new SystemRoleProtected();
      await this.authority.require(scope, by, await this.roles.effective(scope, id));
      await this.permissions.delete(scope, permissionId);
      await this.recordPermission(scope, 'rbac.permission.removed', role, permission, by);
    });
  }

  /** @returns the new parent and those it stands under. @throws RoleNotFound, RolesTooDeep, PermissionAboveOwn */
  private async requirePlace(
    scope: EnvScope,
    parentId: Id<'role'>,
    height: number,
    by: RoleManager,
  ): Promise<Id<'role'>[]> {
    const path = await this.roles.path(scope, parentId);
    if (path.length === 0) throw new RoleNotFound({ detail: 'parent role not found' });
    if (path.length + height > DEEPEST_ROLE) throw new RolesTooDeep();
    await this.authority.require(scope, by, await this.roles.effective(scope, parentId));
    return path;
  }

  private async makeSystemRoles(scope: EnvScope): Promise<void> {
    const made = new Map<string, Id<'role'>>();
    for (const { slug, name, parent, grants } of SYSTEM_ROLES) {
      const parentId = parent === undefined ? null : (made.get(parent) ?? null);
      const now = this.clock.now();
      const id = this.ids.next('role');
      const row = {
        id,
        slug,
        name,
        description: null,
        parentId,
        system: true,
        version: 1,
        createdAt: now,
        updatedAt: now,
      };
      await this.roles.insert(scope, row);
      for (const grant of grants) {
        const permission = { id: this.ids.next('permission'), roleId: id, ...grant, createdAt: now };
        await this.permissions.insert(scope, permission);
      }
      made.set(slug, id);
    }
  }

  private async insert(scope: EnvScope, input: RoleInput & { system: boolean }, by: RoleManager): Promise<RoleEntity> {
    const now = this.clock.now();
    const row = { ...input, id: this.ids.next('role'), version: 1, createdAt: now, updatedAt: now };
    const role = await this.roles.insert(scope, row);
    await this.recordRole(scope, 'rbac.role.created', role, by);
    return role;
  }

  private async insertGrant(
    scope: EnvScope,
    role: RoleEntity,
    { action, resource }: Grant,
    by: RoleManager,
  ): Promise<RolePermissionEntity> {
    const id = this.ids.next('permission');
    const row = { id, roleId: role.id, action, resource, createdAt: this.clock.now() };
    const added = await this.permissions.insert(scope, row);
    if (added !== undefined) await this.recordPermission(scope, 'rbac.permission.added', role, added, by);
    const permission = added ?? (await this.permissions.findGrant(scope, role.id, row));
    if (permission === null) throw new PermissionNotFound();
    return permission;
  }

  private async recordRole(
    scope: EnvScope,
    event: RoleEvent,
    { id, slug }: RoleEntity,
    { actor }: RoleManager,
    changes?: FieldChanges,
  ): Promise<void> {
    await this.events.record(scope, event, id, { role_id: id, role_slug: slug });
    const target = { type: 'role', id };
    this.audit.record(scope, { action: event, actor, target, metadata: { slug }, ...(changes && { changes }) });
    this.database.notify(PERMISSIONS_CHANGED + scope.envId);
  }

  private async recordPermission(
    scope: EnvScope,
    event: PermissionEvent,
    { id: roleId, slug }: RoleEntity,
    { id, action, resource }: RolePermissionEntity,
    { actor }: RoleManager,
  ): Promise<void> {
    const payload = { role_id: roleId, role_slug: slug, permission_id: id, action, resource };
    await this.events.record(scope, event, roleId, payload);
    const metadata = { slug, permission_id: id, permitted_action: action, resource };
    this.audit.record(scope, { action: event, actor, target: { type: 'role', id: roleId }, metadata });
    this.database.notify(PERMISSIONS_CHANGED + scope.envId);
  }
}

function shown({ name, description, parentId }: RoleEntity): Record<string, unknown> {
  return { name, description, parent_id: parentId };
}
