import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { LivePermissions } from './live-permissions.js';
import type { EffectivePermissions, HeldGrant, HeldRole } from './permission.rules.js';

/** May this user do that? */
export interface PermissionQuestion {
  readonly userId: Id<'user'>;
  readonly action: string;
  readonly resource: string;
  /** What the user has in that organization counts too. */
  readonly orgId: Id<'organization'> | undefined;
}

export interface Decision {
  readonly allowed: boolean;
  /** What decided; undefined: nothing permits it. */
  readonly grant: HeldGrant | undefined;
  /** The roles that were looked at. Empty: there is no such user, or they are banned. */
  readonly roles: readonly HeldRole[];
}

/** Answers what people may do, and why. */
@Injectable()
export class PermissionsService {
  constructor(private readonly permissions: LivePermissions) {}

  async check(scope: EnvScope, { userId, action, resource, orgId }: PermissionQuestion): Promise<Decision> {
    const own = await this.permissions.of(scope, userId, orgId);
    const grant = own.find(action, resource);
    return { allowed: grant !== undefined, grant, roles: own.roles };
  }

  /** Everything that a user may do. */
  of(scope: EnvScope, userId: Id<'user'>, orgId: Id<'organization'> | undefined): Promise<EffectivePermissions> {
    return this.permissions.of(scope, userId, orgId);
  }
}
