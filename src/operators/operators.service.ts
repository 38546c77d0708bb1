import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppsService } from '../apps/apps.service.js';
import { PasswordPolicy } from '../auth/password/password-policy.js';
import { Config } from '../config/config.js';
import { TenantRecords } from '../environments/tenant-records.js';
import { AuditTrail, SYSTEM_ACTOR } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { Passwords } from '../kernel/crypto/passwords.js';
import { hashToken, randomToken } from '../kernel/crypto/token.js';
import { Events } from '../kernel/events/events.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import type { UserEntity } from '../users/user.entity.js';
import { EmailTaken, LastOwner } from '../users/users.problems.js';
import { USER_CHANGED, UsersService } from '../users/users.service.js';
import './operators.events.js';
import { SetupRefused } from './operators.problems.js';
import { OperatorsSystemRepository } from './operators.system-repository.js';

export interface NewOperator {
  /** In canonical form. */
  readonly email: string;
  readonly password: string;
}

/** The people who operate the service: users of the platform app, and what they may reach (T5). */
@Injectable()
export class OperatorsService implements OnModuleInit {
  constructor(
    private readonly operators: OperatorsSystemRepository,
    private readonly apps: AppsService,
    private readonly tenants: TenantRecords,
    private readonly users: UsersService,
    private readonly policy: PasswordPolicy,
    private readonly passwords: Passwords,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.events.within('user.account_deleted', (_scope, { payload }) => this.forget(payload.user_id));
  }

  async hasOwner(): Promise<boolean> {
    return (await this.operators.anyTenantOwners()) > 0;
  }

  /** Draws the one-time secret that creates the first owner; an earlier one stops working. */
  async drawSetupToken(): Promise<string> {
    const token = randomToken();
    await this.operators.anyTenantPutSetupToken(hashToken(token), this.clock.in(this.config.challenges.setupTtlMs));
    return token;
  }

  /**
   * Creates the first owner with the setup token. Of any number of callers one succeeds (R286).
   * @throws SetupRefused, WeakPassword (the token stays usable)
   */
  async setUp(token: string, owner: NewOperator): Promise<UserEntity> {
    const prepared = await this.prepare(owner);
    return this.database.transaction(async () => {
      await this.operators.anyTenantLock();
      const used = await this.operators.anyTenantUseSetupToken(hashToken(token), this.clock.now());
      if (!used || (await this.hasOwner())) throw new SetupRefused();
      return this.add(prepared, true);
    });
  }

  /** Creates the first owner from the configuration, unless there is one. @throws WeakPassword */
  async ensureOwner(owner: NewOperator): Promise<void> {
    if (await this.hasOwner()) return;
    const prepared = await this.prepare(owner);
    await this.database.transaction(async () => {
      await this.operators.anyTenantLock();
      if (!(await this.hasOwner())) await this.add(prepared, true);
    });
  }

  /** Creates an operator who reaches one app. @throws WeakPassword, EmailTaken */
  async create(operator: NewOperator, appId: Id<'app'>): Promise<UserEntity> {
    const prepared = await this.prepare(operator);
    return this.database.transaction(async () => {
      const user = await this.add(prepared, false, appId);
      await this.operators.anyTenantGrantApp(user.id, appId, this.clock.now());
      return user;
    });
  }

  private async prepare({ email, password }: NewOperator): Promise<{ email: string; hash: string; scope: EnvScope }> {
    const platform = await this.apps.findPlatform();
    const tenant = platform && (await this.tenants.byApp(platform.id));
    if (tenant === undefined) throw new Error('there is no platform app; bootstrap has not run');
    this.policy.require(password, { email, appName: tenant.appName }, 'password');
    return { email, hash: await this.passwords.hash(password), scope: tenant.scope };
  }

  private async add(
    { email, hash, scope }: { email: string; hash: string; scope: EnvScope },
    everyApp: boolean,
    appId?: Id<'app'>,
  ): Promise<UserEntity> {
    const input = { email, emailVerified: true, firstName: '', lastName: '', metadata: {}, passwordHash: hash };
    const user = await this.users.create(scope, input, SYSTEM_ACTOR);
    if (user === undefined) throw new EmailTaken();
    await this.operators.anyTenantInsert(scope, user.id, everyApp, this.clock.now());
    const payload = { user_id: user.id, every_app: everyApp, ...(appId === undefined ? {} : { app_id: appId }) };
    await this.events.record(scope, 'operator.granted', user.id, payload);
    this.audit.record(scope, { action: 'operator.grant', actor: SYSTEM_ACTOR, target: { type: 'user', id: user.id } });
    this.database.notify(USER_CHANGED + user.id);
    return user;
  }

  /** An operator who erases their account is none any more; the last owner may not (the platform would be nobody's). */
  private async forget(userId: Id<'user'>): Promise<void> {
    await this.operators.anyTenantLock();
    const wasOwner = await this.operators.anyTenantDelete(userId);
    if (wasOwner && !(await this.hasOwner())) throw new LastOwner();
  }
}
