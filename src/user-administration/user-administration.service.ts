import { Injectable } from '@nestjs/common';
import '../auth/auth.events.js';
import { PasswordPolicy } from '../auth/password/password-policy.js';
import { Lockout, type LockoutState } from '../auth/sign-in/lockout.service.js';
import { EnvironmentNotFound } from '../environments/environments.problems.js';
import type { TenantRecord } from '../environments/tenant-record.js';
import { TenantRecords } from '../environments/tenant-records.js';
import { requireReach } from '../http/access/reach.js';
import { type Actor, administeredBy, AuditTrail } from '../kernel/audit/audit-trail.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { Passwords } from '../kernel/crypto/passwords.js';
import { Events } from '../kernel/events/events.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import type { UserEntity } from '../users/user.entity.js';
import { EmailTaken, UserNotFound } from '../users/users.problems.js';
import { type NewUser, UsersService } from '../users/users.service.js';
import { UserTenantsSystemRepository } from './user-tenants.system-repository.js';

export type CreatedUser = Omit<NewUser, 'passwordHash'> & { readonly password?: string };

/** What operators do about accounts beyond what their owners can do themselves. */
@Injectable()
export class UserAdministrationService {
  constructor(
    private readonly users: UsersService,
    private readonly anyTenant: UserTenantsSystemRepository,
    private readonly tenants: TenantRecords,
    private readonly policy: PasswordPolicy,
    private readonly passwords: Passwords,
    private readonly lockout: Lockout,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
  ) {}

  /** Sign-up may be closed and its form is not asked; the rules for passwords hold. @throws WeakPassword, EmailTaken, UsernameTaken */
  async create(scope: EnvScope, { password, ...input }: CreatedUser, admin: Actor): Promise<UserEntity> {
    const passwordHash = password === undefined ? undefined : await this.hash(scope, password, input.email);
    const user = await this.users.create(scope, { ...input, ...(passwordHash && { passwordHash }) }, admin);
    if (user === undefined) throw new EmailTaken();
    return user;
  }

  /**
   * Makes an account with the profile and the password of another one, in an environment of any app that the caller reaches: no session,
   * device or right comes along, nor a password that has to be replaced or is contested: a new one is set by mail. Whose app is out of reach does not exist for the caller.
   * @throws UserNotFound, ForeignTenant, EnvironmentNotFound, EmailTaken, UsernameTaken, ExternalIdTaken
   */
  async copy(
    id: Id<'user'>,
    target: { readonly appId: Id<'app'>; readonly envId: Id<'environment'> | undefined },
    caller: UserPrincipal,
  ): Promise<UserEntity> {
    const { scope: source } = await this.tenantOf(id, caller);
    requireReach(caller, target.appId);
    const { user, passwordHash, isContested } = await this.users.credentials(source, id);
    // One that opens nothing, or of which it is open whose it is, would be as good as any in the copy.
    const isGood = user.resetRequiredAt === null && !isContested;
    const tenant = await this.tenants.forOperator(target.appId, target.envId);
    if (tenant === undefined) throw new EnvironmentNotFound();
    const admin = actorOf(caller);
    const { username, displayUsername } = user;
    const input: NewUser = {
      email: user.email ?? '',
      emailVerified: user.emailVerified,
      firstName: user.firstName,
      lastName: user.lastName,
      ...(username !== null && { username: { canonical: username, display: displayUsername ?? username } }),
      image: user.image,
      phone: user.phone,
      phoneVerified: user.phoneVerified,
      externalId: user.externalId,
      metadata: user.metadata,
      ...(passwordHash !== undefined && isGood && { passwordHash }),
    };
    return this.database.transaction(async () => {
      const copy = await this.users.create(tenant.scope, input, admin);
      if (copy === undefined) throw new EmailTaken();
      this.audit.record(source, {
        action: 'admin.user.copy',
        actor: admin,
        target: { type: 'user', id },
        metadata: { copy: copy.id, app_id: target.appId, env_id: tenant.scope.envId },
      });
      return copy;
    });
  }

  /** @throws UserNotFound */
  async lockoutState(scope: EnvScope, id: Id<'user'>): Promise<LockoutState> {
    await this.users.get(scope, id);
    return this.lockout.state(scope, id);
  }

  /** Forgets the wrong passwords, so that the account may be tried again at once. @throws UserNotFound */
  unlock(scope: EnvScope, id: Id<'user'>, admin: Actor): Promise<void> {
    return this.database.transaction(async () => {
      await this.users.get(scope, id);
      await this.lockout.clear(scope, { account: id, knownDevice: undefined });
      await this.events.record(scope, 'admin.user.unlocked', id, { user_id: id, ...administeredBy(admin) });
      this.audit.record(scope, { action: 'admin.user.unlock', actor: admin, target: { type: 'user', id } });
    });
  }

  private async tenantOf(id: Id<'user'>, { operator }: UserPrincipal): Promise<TenantRecord> {
    const named = await this.anyTenant.anyTenantOf(id);
    const reached = named !== undefined && (operator === 'every_app' || operator?.has(named.appId) === true);
    const tenant = reached ? await this.tenants.forOperator(named.appId, named.envId) : undefined;
    if (tenant === undefined) throw new UserNotFound();
    return tenant;
  }

  private async hash(scope: EnvScope, password: string, email: string): Promise<string> {
    this.policy.require(password, { email, tenant: await this.tenants.get(scope) }, 'password');
    return this.passwords.hash(password);
  }
}
