import { Injectable } from '@nestjs/common';
import { PermissionChecks } from '../http/access/permission-checks.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { LiveCache } from '../kernel/notifications/live-cache.js';
import { Notifications } from '../kernel/notifications/notifications.js';
import { MEMBERS_CHANGED } from '../organizations/members/live-memberships.js';
import { EffectivePermissions, type HeldGrant, type HeldRole } from './permission.rules.js';
import { type AccessRow, RoleAssignmentsRepository } from './role-assignments.repository.js';

/** Notification, followed by the id of the environment or the user, that somebody may do more or less than before. */
export const PERMISSIONS_CHANGED = 'permissions:';

const MOST_REMEMBERED = 20_000;
const NOTHING = new EffectivePermissions([], []);

/** What people may do: from memory while every change is heard of, by one query otherwise. */
@Injectable()
export class LivePermissions extends PermissionChecks {
  readonly #known: LiveCache<EffectivePermissions>;

  constructor(
    private readonly assignments: RoleAssignmentsRepository,
    private readonly clock: Clock,
    notifications: Notifications,
  ) {
    super();
    this.#known = new LiveCache(notifications, [PERMISSIONS_CHANGED, MEMBERS_CHANGED], MOST_REMEMBERED);
  }

  override allows(
    scope: EnvScope,
    userId: Id<'user'>,
    action: string,
    resource: string,
    orgId?: Id<'organization'>,
  ): boolean | Promise<boolean> {
    const known = this.#known.recall(slotOf(scope, userId, orgId));
    if (known !== undefined) return known.find(action, resource) !== undefined;
    return this.of(scope, userId, orgId).then((found) => found.find(action, resource) !== undefined);
  }

  /** Everything that a user may do, app-wide or within an organization as well. Nothing for somebody who is not there, or banned. */
  async of(scope: EnvScope, userId: Id<'user'>, orgId?: Id<'organization'>): Promise<EffectivePermissions> {
    const found = await this.#known.remember(slotOf(scope, userId, orgId), async () => {
      const rows = await this.assignments.access(scope, userId, orgId, this.clock.now());
      return rows.length === 0 ? undefined : compiled(rows);
    });
    return found ?? NOTHING;
  }
}

function slotOf({ envId }: EnvScope, userId: Id<'user'>, orgId: Id<'organization'> | undefined): string {
  return `${envId}/${userId}/${orgId ?? ''}`;
}

/** Rows come nearest first: of two ways to one permission the shorter is kept. */
function compiled(rows: readonly AccessRow[]): EffectivePermissions {
  const roles = new Map<string, HeldRole>();
  const grants: HeldGrant[] = [];
  for (const { heldId, heldSlug, source, roleId, roleSlug, path, permissionId, action, resource } of rows) {
    const held = { id: heldId, slug: heldSlug };
    roles.set(`${source}/${heldId}`, { ...held, source });
    if (permissionId === null || action === null || resource === null) continue;
    grants.push({ action, resource, permissionId, role: { id: roleId, slug: roleSlug }, held, path, source });
  }
  return new EffectivePermissions([...roles.values()], grants);
}
