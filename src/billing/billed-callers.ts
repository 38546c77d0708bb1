import { Injectable } from '@nestjs/common';
import { BilledSubjects } from '../billing-bridge/billed-subjects.js';
import type { Subject, SubjectKey } from '../billing-bridge/ledger.js';
import { Memberships, reachesRole } from '../http/access/memberships.js';
import { PermissionChecks } from '../http/access/permission-checks.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { isId } from '../kernel/ids/id.js';
import { UsersService } from '../users/users.service.js';
import { SubjectNotFound } from './billing.problems.js';

/** Who asks, and for which environment. */
export interface BillingCaller {
  readonly caller: UserPrincipal;
  readonly scope: EnvScope;
  /** Whether they act as an operator of the app. */
  readonly asOperator: boolean;
}

/** `entitlements`: what may be done, for everybody it concerns. `books`: what was used, what is owed: for who runs it. */
export type BillingMatter = 'entitlements' | 'books';

/**
 * Whose billing a caller may look at. A tenant that a request names is looked for, never believed (R362): people see their own, and the
 * organizations they run; `manage billing` sees everybody's. What somebody may not see is not there.
 */
@Injectable()
export class BilledCallers {
  constructor(
    private readonly subjects: BilledSubjects,
    private readonly memberships: Memberships,
    private readonly permissions: PermissionChecks,
    private readonly users: UsersService,
  ) {}

  /** @param tenantId absent: whoever is billed for the caller. @throws SubjectNotFound */
  async subject(by: BillingCaller, tenantId: string | undefined, matter: BillingMatter): Promise<Subject> {
    const { scope } = by;
    const key = tenantId ? keyOf(scope, tenantId) : (await this.own(by)).key;
    if (key === undefined) throw new SubjectNotFound();
    if (await this.manages(by)) await this.requireThere(scope, key);
    else if (!(await this.concerns(by, key, matter, !tenantId))) throw new SubjectNotFound();
    return { scope, key };
  }

  /** @param tenantId of a request that administrates. @throws SubjectNotFound */
  async named(scope: EnvScope, tenantId: string): Promise<Subject> {
    const key = keyOf(scope, tenantId);
    if (key === undefined) throw new SubjectNotFound();
    await this.requireThere(scope, key);
    return { scope, key };
  }

  /** Whether the caller sees everybody's billing. */
  async manages({ caller, scope, asOperator }: BillingCaller): Promise<boolean> {
    return asOperator || (await this.permissions.allows(scope, caller.userId, 'manage', 'billing'));
  }

  private own({ caller, scope, asOperator }: BillingCaller): Promise<Subject> {
    return this.subjects.of(scope, asOperator ? {} : { orgId: caller.orgId, userId: caller.userId });
  }

  private async concerns(
    { caller, scope }: BillingCaller,
    key: SubjectKey,
    matter: BillingMatter,
    isOwn: boolean,
  ): Promise<boolean> {
    const [kind, id] = key.split(':', 2) as [string, string];
    if (kind === 'user') return id === caller.userId;
    // What the app as a whole may do decides what its people may do; what it uses and owes is no concern of theirs.
    if (kind === 'app') return matter === 'entitlements' && isOwn;
    if (!isId('organization', id)) return false;
    const role = await this.memberships.roleOf(scope, id, caller.userId);
    return role !== undefined && reachesRole(role, matter === 'books' ? 'admin' : 'member');
  }

  private async requireThere(scope: EnvScope, key: SubjectKey): Promise<void> {
    const id = key.slice(key.indexOf(':') + 1);
    if (isId('user', id)) await this.users.get(scope, id);
    if (isId('organization', id) && !(await this.memberships.exists(scope, id))) throw new SubjectNotFound();
  }
}

/** @returns undefined for what is no id of a subject here. */
function keyOf({ appId }: EnvScope, tenantId: string): SubjectKey | undefined {
  if (isId('organization', tenantId)) return `org:${tenantId}`;
  if (isId('user', tenantId)) return `user:${tenantId}`;
  return tenantId === appId ? `app:${tenantId}` : undefined;
}

/** How clients name a subject: by its id. */
export function tenantIdOf(key: SubjectKey): string {
  return key.slice(key.indexOf(':') + 1);
}
