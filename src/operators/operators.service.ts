import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppsService } from '../apps/apps.service.js';
import { PasswordPolicy } from '../auth/password/password-policy.js';
import { Config } from '../config/config.js';
import type { TenantRecord } from '../environments/tenant-record.js';
import { TenantRecords } from '../environments/tenant-records.js';
import { ForeignTenant } from '../http/tenancy/tenancy.problems.js';
import { type Actor, AuditTrail, SYSTEM_ACTOR } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { AppScope, EnvScope } from '../kernel/context/scope.js';
import { Passwords } from '../kernel/crypto/passwords.js';
import { hashToken, randomToken } from '../kernel/crypto/token.js';
import { Events } from '../kernel/events/events.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { UserEntity } from '../users/user.entity.js';
import { EmailTaken, LastOwner, PlatformOwnerProtected, UserNotFound } from '../users/users.problems.js';
import { USER_CHANGED, UsersService } from '../users/users.service.js';
import './operators.events.js';
import { OperatorNotFound, OperatorProtected, SetupRefused } from './operators.problems.js';
import { type OperatorRow, OperatorsSystemRepository } from './operators.system-repository.js';

export interface NewOperator {
  /** In canonical form. */
  readonly email: string;
  readonly password: string;
}

/** A user of the platform app, by id or by address in canonical form. */
export type OperatorName = { readonly userId: Id<'user'> } | { readonly email: string };

/** What a grant or a revocation is about: the whole platform, or one app. */
export type OperatorRight = 'every_app' | Id<'app'>;

/** The people who operate the service: users of the platform app, and what they may reach (T5). */
@Injectable()
export class OperatorsService implements OnModuleInit {
  constructor(
    private readonly operators: OperatorsSystemRepository,
    private readonly apps: AppsService,
    private readonly tenants: TenantRecords,
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly cursors: Cursors,
    private readonly policy: PasswordPolicy,
    private readonly passwords: Passwords,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.events.within('admin.user.banned', (_scope, { payload }) => this.protectOwner(payload));
    this.events.within('user.account_deleted', async (_scope, { payload }) => {
      await this.protectOwner(payload);
      await this.forget(payload.user_id);
    });
    this.events.within('user.deleted', async (scope, { payload }) => {
      await this.protectOwner(payload);
      await this.requireOwner(scope);
    });
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

  /** By user id; with an app, those who reach it. @throws MalformedCursor */
  async list(appId: Id<'app'> | undefined, { limit, cursor }: PageRequest): Promise<Page<OperatorRow>> {
    const list = `operators/${appId ?? ''}`;
    const after = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.operators.anyTenantList(after, appId, limit + 1);
    return this.cursors.page(list, limit, rows, ({ userId }) => userId);
  }

  /** Finds a user of the platform app, operator or not. @throws UserNotFound */
  async find(name: OperatorName): Promise<UserEntity> {
    const scope = await this.platform();
    if ('userId' in name) return this.users.get(scope, name.userId);
    const known = await this.users.findByEmail(scope, name.email);
    if (known === undefined) throw new UserNotFound();
    return known.user;
  }

  /** Makes a user of the platform app an operator, or gives an operator more. Idempotent. @throws UserNotFound */
  async grant(name: OperatorName, right: OperatorRight, actor: Actor): Promise<OperatorRow> {
    const user = await this.find(name);
    const scope = await this.platform();
    return this.database.transaction(async () => {
      await this.operators.anyTenantLock();
      const now = this.clock.now();
      const before = await this.operators.anyTenantFind(user.id);
      await this.operators.anyTenantInsert(scope, user.id, right === 'every_app', now);
      if (right !== 'every_app') await this.operators.anyTenantGrantApp(user.id, right, now);
      const had = right === 'every_app' ? before?.everyApp : before?.appIds.includes(right);
      if (had !== true) await this.recordRight(scope, 'grant', user.id, right, actor);
      return this.get(user.id);
    });
  }

  /** Takes one right away, and ends the impersonations that stood on it. @throws UserNotFound, OperatorNotFound, LastOwner */
  async revoke(name: OperatorName, right: OperatorRight, actor: Actor): Promise<UserEntity> {
    const user = await this.find(name);
    await this.database.transaction(async () => {
      await this.operators.anyTenantLock();
      const operator = await this.get(user.id);
      if (right === 'every_app') {
        if (!operator.everyApp) throw new OperatorNotFound();
        if (!(await this.operators.anyTenantRevokeOwner(user.id))) throw new LastOwner();
      } else if ((await this.operators.anyTenantRevokeApps(user.id, right)) === 0) {
        throw new OperatorNotFound();
      }
      await this.operators.anyTenantDropIdle(user.id);
      await this.recordRight(await this.platform(), 'revoke', user.id, right, actor);
      await this.sessions.endImpersonationsBy(user.id, right === 'every_app' ? undefined : right);
    });
    return user;
  }

  /** Takes every right away. @throws UserNotFound, OperatorNotFound, LastOwner */
  async revokeAll(userId: Id<'user'>, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      await this.operators.anyTenantLock();
      const { everyApp, appIds } = await this.get(userId);
      for (const right of [...appIds, ...(everyApp ? (['every_app'] as const) : [])]) {
        await this.revoke({ userId }, right, actor);
      }
    });
  }

  /**
   * Whether the operator may act as a user of the app now; in the caller's transaction no right changes until it ends.
   * @throws OperatorProtected when the user is an operator: rights are never borrowed. ForeignTenant when the operator has lost the app.
   */
  async requireImpersonable(operatorId: Id<'user'>, appId: Id<'app'>, userId: Id<'user'>): Promise<void> {
    await this.operators.anyTenantLock();
    const operator = await this.operators.anyTenantFind(operatorId);
    if (operator === undefined || !(operator.everyApp || operator.appIds.includes(appId))) throw new ForeignTenant();
    if ((await this.operators.anyTenantFind(userId)) !== undefined) throw new OperatorProtected();
  }

  private async get(userId: Id<'user'>): Promise<OperatorRow> {
    const operator = await this.operators.anyTenantFind(userId);
    if (operator === undefined) throw new OperatorNotFound();
    return operator;
  }

  private async platform(): Promise<EnvScope> {
    return (await this.platformTenant()).scope;
  }

  private async platformTenant(): Promise<TenantRecord> {
    const platform = await this.apps.findPlatform();
    const tenant = platform && (await this.tenants.byApp(platform.id));
    if (tenant === undefined) throw new Error('there is no platform app; bootstrap has not run');
    return tenant;
  }

  private async recordRight(
    scope: EnvScope,
    change: 'grant' | 'revoke',
    id: Id<'user'>,
    right: OperatorRight,
    actor: Actor,
  ): Promise<void> {
    const everyApp = right === 'every_app';
    const payload = { user_id: id, every_app: everyApp, ...(everyApp ? {} : { app_id: right }) };
    await this.events.record(scope, change === 'grant' ? 'operator.granted' : 'operator.revoked', id, payload);
    this.audit.record(scope, {
      action: `operator.${change}`,
      actor,
      target: { type: 'user', id },
      metadata: everyApp ? { every_app: true } : { app_id: right },
    });
    this.database.notify(USER_CHANGED + id);
  }

  private async prepare({ email, password }: NewOperator): Promise<{ email: string; hash: string; scope: EnvScope }> {
    const tenant = await this.platformTenant();
    this.policy.require(password, { email, tenant }, 'password');
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

  /**
   * Whoever reaches the platform app alone may not rid the platform of those who rule it.
   * @throws PlatformOwnerProtected when an operator who is no platform owner acts on one.
   */
  private async protectOwner({ user_id, admin_id }: { user_id: Id<'user'>; admin_id?: Id<'user'> }): Promise<void> {
    if (admin_id === undefined) return;
    const [target, admin] = [await this.operators.anyTenantFind(user_id), await this.operators.anyTenantFind(admin_id)];
    if (target?.everyApp === true && admin?.everyApp !== true) throw new PlatformOwnerProtected();
  }

  /** @throws LastOwner when no platform owner is left who can sign in. */
  private async requireOwner({ appId }: AppScope): Promise<void> {
    if ((await this.apps.findPlatform())?.id !== appId) return;
    await this.operators.anyTenantLock();
    if (!(await this.hasOwner())) throw new LastOwner();
  }

  /** An operator who erases their account is none any more; the last owner may not (the platform would be nobody's). */
  private async forget(userId: Id<'user'>): Promise<void> {
    await this.operators.anyTenantLock();
    await this.sessions.endImpersonationsBy(userId);
    const wasOwner = await this.operators.anyTenantDelete(userId);
    if (wasOwner && !(await this.hasOwner())) throw new LastOwner();
  }
}
