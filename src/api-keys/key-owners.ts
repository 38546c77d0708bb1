import { Inject, Injectable } from '@nestjs/common';
import { Memberships, reachesRole } from '../http/access/memberships.js';
import { InsufficientPermissions, OrganizationNotFound } from '../http/access/access.problems.js';
import { PermissionChecks } from '../http/access/permission-checks.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { type KeyInfo, type KeyManager, type KeyOwner, SERVICE_KEYS } from '../keys-bridge/key-manager.js';
import { UsersService } from '../users/users.service.js';
import { GrantableScopes } from './grantable-scopes.js';

/** Who asks, and for which environment. */
export interface KeysCaller {
  readonly caller: UserPrincipal;
  readonly scope: EnvScope;
  readonly asOperator: boolean;
}

/** Whose keys a caller may make and see: their own, those of organizations they run, everybody's with `manage` on `apikey`. */
@Injectable()
export class KeyOwners {
  constructor(
    private readonly permissions: PermissionChecks,
    private readonly memberships: Memberships,
    private readonly users: UsersService,
    private readonly grantable: GrantableScopes,
    @Inject(SERVICE_KEYS) private readonly keys: KeyManager,
  ) {}

  /** Whether the caller sees everybody's keys. */
  async manages({ caller, scope, asOperator }: KeysCaller): Promise<boolean> {
    return asOperator || (await this.permissions.allows(scope, caller.userId, 'manage', 'apikey'));
  }

  /** @throws InsufficientPermissions */
  async requireManager(by: KeysCaller): Promise<void> {
    if (!(await this.manages(by))) throw new InsufficientPermissions();
  }

  /** Whose a key must be for the caller to touch it; undefined: anybody's. */
  async within(by: KeysCaller): Promise<KeyOwner | undefined> {
    return (await this.manages(by)) ? undefined : { kind: 'user', id: by.caller.userId };
  }

  /** As {@link within}, for one key: who runs the organization that it belongs to touches it too. @throws KeyNotFound */
  async around(by: KeysCaller, keyId: Id<'api_key'>): Promise<KeyOwner | undefined> {
    const own = await this.within(by);
    if (own === undefined) return undefined;
    const { owner } = await this.keys.getKey(by.scope, keyId);
    return owner.kind === 'organization' && (await this.runs(by, owner.id as Id<'organization'>)) ? owner : own;
  }

  /** Whose keys a caller lists. @throws InsufficientPermissions for somebody else's */
  async listed(
    by: KeysCaller,
    userId: Id<'user'> | undefined,
    orgId: Id<'organization'> | undefined,
  ): Promise<KeyOwner | undefined> {
    const within = await this.within(by);
    if (orgId && (within === undefined || (await this.runs(by, orgId)))) return { kind: 'organization', id: orgId };
    const named = userId ? ({ kind: 'user', id: userId } as const) : within;
    if (orgId || (within !== undefined && named?.id !== within.id)) throw new InsufficientPermissions();
    return named;
  }

  /** Whose a new key is. @throws InsufficientPermissions, UserNotFound, OrganizationNotFound */
  async ofNew(
    by: KeysCaller,
    userId: Id<'user'> | undefined,
    orgId: Id<'organization'> | undefined,
  ): Promise<KeyOwner> {
    if (orgId) return this.organization(by, orgId);
    const id = userId || by.caller.userId;
    if ((by.asOperator || id !== by.caller.userId) && !(await this.manages(by))) throw new InsufficientPermissions();
    await this.users.get(by.scope, id);
    return { kind: 'user', id };
  }

  /** Nobody gives a key more than they, and its owner, may do. @throws InvalidScope */
  async requireGrantable(
    { caller, scope, asOperator }: KeysCaller,
    owner: KeyOwner,
    scopes: readonly string[],
  ): Promise<void> {
    if (!asOperator) await this.grantable.requireForUser(scope, caller.userId, scopes);
    if (owner.kind === 'user' && owner.id !== caller.userId)
      await this.grantable.requireForUser(scope, owner.id as Id<'user'>, scopes);
  }

  /**
   * Who rotates a key holds its new secret, and so what it opens: of somebody else's key that may be no more than they may do themselves.
   * @throws InvalidScope
   */
  async requireHeld({ caller, scope, asOperator }: KeysCaller, { owner, scopes }: KeyInfo): Promise<void> {
    if (asOperator || owner.id === caller.userId) return;
    await this.grantable.requireForUser(scope, caller.userId, scopes);
  }

  private async runs(by: KeysCaller, orgId: Id<'organization'>): Promise<boolean> {
    const role = by.asOperator ? undefined : await this.memberships.roleOf(by.scope, orgId, by.caller.userId);
    return role !== undefined && reachesRole(role, 'admin');
  }

  private async organization(by: KeysCaller, orgId: Id<'organization'>): Promise<KeyOwner> {
    if (
      !(await this.runs(by, orgId)) &&
      !((await this.manages(by)) && (await this.memberships.exists(by.scope, orgId)))
    )
      throw new OrganizationNotFound();
    return { kind: 'organization', id: orgId };
  }
}
