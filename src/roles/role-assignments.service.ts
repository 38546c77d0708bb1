import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AuditTrail } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import { MemberNotFound } from '../organizations/members/members.problems.js';
import { MembersService } from '../organizations/members/members.service.js';
import { UsersService } from '../users/users.service.js';
import { PERMISSIONS_CHANGED } from './live-permissions.js';
import { type AssignedWhere, RoleAssignmentsRepository, type RoleOfUser } from './role-assignments.repository.js';
import { RoleAuthority, type RoleManager } from './role-manager.js';
import type { RoleEntity } from './role.entity.js';
import './roles.events.js';
import { RoleNotAssigned } from './roles.problems.js';
import { RolesRepository } from './roles.repository.js';

/** To whom a role is given, and where it holds. */
export interface AssignmentTarget {
  readonly userId: Id<'user'>;
  /** Undefined: everywhere in the environment. */
  readonly orgId: Id<'organization'> | undefined;
}

type AssignmentEvent = 'rbac.role.assigned' | 'rbac.role.unassigned';

/** Who has which role, everywhere or within an organization. */
@Injectable()
export class RoleAssignmentsService implements OnModuleInit {
  constructor(
    private readonly assignments: RoleAssignmentsRepository,
    private readonly roles: RolesRepository,
    private readonly authority: RoleAuthority,
    private readonly users: UsersService,
    private readonly members: MembersService,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.events.within('user.account_deleted', async (scope, { payload }) => {
      await this.assignments.deleteAll(scope as EnvScope, payload.user_id);
    });
    // What somebody may do ends, and comes back, with the account.
    for (const event of ['user.deleted', 'user.restored', 'admin.user.banned', 'admin.user.unbanned'] as const) {
      this.events.within(event, (_, { payload }) => {
        this.database.notify(PERMISSIONS_CHANGED + payload.user_id);
        return Promise.resolve();
      });
    }
  }

  /** Gives a role; who has it keeps it. @throws RoleNotFound, UserNotFound, MemberNotFound, PermissionAboveOwn */
  assign(scope: EnvScope, roleId: Id<'role'>, target: AssignmentTarget, by: RoleManager): Promise<void> {
    return this.database.transaction(async () => {
      const { userId, orgId } = target;
      const role = await this.roles.get(scope, roleId);
      await this.users.get(scope, userId);
      if (orgId !== undefined && !(await this.members.isMember(scope, orgId, userId))) throw new MemberNotFound();
      await this.authority.require(scope, by, await this.roles.effective(scope, roleId), orgId);
      const assigned = await this.assignments.insert(scope, {
        id: this.ids.next('role_assignment'),
        roleId,
        userId,
        orgId: orgId ?? null,
        assignedBy: by.userId,
        assignedAt: this.clock.now(),
      });
      if (assigned) await this.record(scope, 'rbac.role.assigned', role, target, by);
    });
  }

  /** @throws RoleNotFound, RoleNotAssigned, PermissionAboveOwn */
  unassign(scope: EnvScope, roleId: Id<'role'>, target: AssignmentTarget, by: RoleManager): Promise<void> {
    return this.database.transaction(async () => {
      const { userId, orgId } = target;
      const role = await this.roles.get(scope, roleId);
      await this.authority.require(scope, by, await this.roles.effective(scope, roleId), orgId);
      const taken = await this.assignments.delete(scope, { roleId, userId, orgId: orgId ?? null });
      if (!taken) throw new RoleNotAssigned();
      await this.record(scope, 'rbac.role.unassigned', role, target, by);
    });
  }

  /** The roles that a user was given, in that order. @throws UserNotFound, MalformedCursor */
  async listOfUser(
    scope: EnvScope,
    userId: Id<'user'>,
    where: AssignedWhere,
    { limit, cursor }: PageRequest,
  ): Promise<Page<RoleOfUser>> {
    await this.users.get(scope, userId);
    const list = `roles_of_user/${scope.envId}/${userId}/${where ?? ''}`;
    const after = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.assignments.ofUser(scope, userId, where, after, limit + 1);
    return this.cursors.page(list, limit, rows, ({ assignmentId }) => assignmentId);
  }

  /** Every role that a user was given, for the export of a person’s data. */
  allOfUser(scope: EnvScope, userId: Id<'user'>, most: number): Promise<RoleOfUser[]> {
    return this.assignments.ofUser(scope, userId, 'anywhere', '', most);
  }

  private async record(
    scope: EnvScope,
    event: AssignmentEvent,
    { id, slug }: RoleEntity,
    { userId, orgId }: AssignmentTarget,
    { actor }: RoleManager,
  ): Promise<void> {
    const within = orgId === undefined ? {} : { org_id: orgId };
    await this.events.record(scope, event, userId, { role_id: id, role_slug: slug, user_id: userId, ...within });
    this.audit.record(scope, {
      action: event,
      actor,
      target: { type: 'user', id: userId },
      metadata: { role_id: id, slug, ...within },
    });
    this.database.notify(PERMISSIONS_CHANGED + userId);
  }
}
