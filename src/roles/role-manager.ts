import { Injectable } from '@nestjs/common';
import { type Actor } from '../kernel/audit/audit-trail.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { LivePermissions } from './live-permissions.js';
import type { Grant } from './permission.rules.js';
import { PermissionAboveOwn } from './roles.problems.js';

/** Who manages roles. */
export interface RoleManager {
  readonly actor: Actor;
  /** Null for operators and for the service itself, who are not bound by what they hold in the environment. */
  readonly userId: Id<'user'> | null;
}

/** @param asOperator whether the edge let the caller in as an operator of the app. */
export function roleManager(caller: UserPrincipal, asOperator: boolean): RoleManager {
  return { actor: actorOf(caller), userId: asOperator ? null : caller.userId };
}

/** Keeps those who manage roles from handing out, or taking away, what they do not have themselves (R203). */
@Injectable()
export class RoleAuthority {
  constructor(private readonly permissions: LivePermissions) {}

  /** @param orgId where the change holds; what the manager has in that organization counts too. @throws PermissionAboveOwn */
  async require(
    scope: EnvScope,
    { userId }: RoleManager,
    wanted: readonly Grant[],
    orgId?: Id<'organization'>,
  ): Promise<void> {
    if (userId === null || wanted.length === 0) return;
    const own = await this.permissions.of(scope, userId, orgId);
    if (!own.coverAll(wanted)) throw new PermissionAboveOwn();
  }
}
