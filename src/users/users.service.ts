import { Injectable } from '@nestjs/common';
import { PreconditionFailed } from '../http/etag.js';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { EventName } from '../kernel/events/event-map.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { UserForgetting } from './user-forgetting.job.js';
import type { UserEntity } from './user.entity.js';
import type { FullName } from './user.rules.js';
import './users.events.js';
import { CannotBanSelf, UserNotFound } from './users.problems.js';
import { type Credentials, type ProfileChanges, UsersRepository } from './users.repository.js';

/** Notification, followed by the user's id, that the account changed: cached sessions of it are re-read. */
export const USER_CHANGED = 'user:';

export interface NewUser extends FullName {
  /** In canonical form. */
  readonly email: string;
  readonly emailVerified: boolean;
  /** In canonical form, and as typed. */
  readonly username?: { readonly canonical: string; readonly display: string };
  readonly metadata: Record<string, string>;
  readonly passwordHash: string;
}

/** Accounts: what they are and what may change about them. Who may ask is decided by the flows that call. */
@Injectable()
export class UsersService {
  constructor(
    private readonly users: UsersRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly forgetting: UserForgetting,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** Creates an account. @returns undefined when the address is taken. @throws UsernameTaken */
  create(scope: EnvScope, input: NewUser, actor: Actor): Promise<UserEntity | undefined> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const user = await this.users.insert(scope, {
        id: this.ids.next('user'),
        email: input.email,
        emailVerified: input.emailVerified,
        username: input.username?.canonical ?? null,
        displayUsername: input.username?.display ?? null,
        firstName: input.firstName,
        lastName: input.lastName,
        metadata: input.metadata,
        now,
      });
      if (user === undefined) return undefined;
      await this.users.putPassword(scope, user.id, input.passwordHash, now);
      await this.events.record(scope, 'user.created', user.id, { user_id: user.id, email: input.email });
      this.audit.record(scope, { action: 'user.create', actor, target: { type: 'user', id: user.id } });
      return user;
    });
  }

  /** @throws UserNotFound */
  async get(scope: EnvScope, id: Id<'user'>): Promise<UserEntity> {
    return (await this.credentials(scope, id)).user;
  }

  /** @throws UserNotFound */
  async credentials(scope: EnvScope, id: Id<'user'>): Promise<Credentials> {
    const known = await this.users.findCredentials(scope, id);
    if (known === undefined) throw new UserNotFound();
    return known;
  }

  findByEmail(scope: EnvScope, email: string): Promise<Credentials | undefined> {
    return this.users.findByEmail(scope, email);
  }

  findByUsername(scope: EnvScope, username: string): Promise<Credentials | undefined> {
    return this.users.findByUsername(scope, username);
  }

  /** @param version what If-Match demands. @throws UserNotFound, UsernameTaken, PreconditionFailed */
  updateProfile(
    scope: EnvScope,
    id: Id<'user'>,
    changes: ProfileChanges,
    version: number | undefined,
    actor: Actor,
  ): Promise<UserEntity> {
    return this.change(scope, id, 'user.updated', actor, async () => {
      const updated = await this.users.updateProfile(scope, id, changes, version, this.clock.now());
      if (updated !== undefined) return updated;
      await this.get(scope, id);
      throw new PreconditionFailed();
    });
  }

  /** Stores a new password and makes whatever was proved with the old one worthless. @throws UserNotFound */
  async replacePassword(scope: EnvScope, id: Id<'user'>, hash: string): Promise<UserEntity> {
    const now = this.clock.now();
    await this.users.putPassword(scope, id, hash, now);
    const user = await this.users.startNewEpoch(scope, id, now);
    this.database.notify(USER_CHANGED + id);
    return user;
  }

  /** Leaves open whose a password is, while the address is not proved. @see ContestedAddresses */
  contestPassword(scope: EnvScope, id: Id<'user'>): Promise<void> {
    return this.users.contestPassword(scope, id);
  }

  /** Whoever owns the address knows the password. */
  confirmPassword(scope: EnvScope, id: Id<'user'>): Promise<void> {
    return this.users.confirmPassword(scope, id);
  }

  /** Takes a contested password away and makes whatever was proved with it worthless. @returns undefined when none was contested. */
  async dropContestedPassword(scope: EnvScope, id: Id<'user'>): Promise<UserEntity | undefined> {
    if (!(await this.users.dropContestedPassword(scope, id))) return undefined;
    const user = await this.users.startNewEpoch(scope, id, this.clock.now());
    this.database.notify(USER_CHANGED + id);
    return user;
  }

  /** Replaces a hash by a stronger one of the same password; does nothing when the password has changed meanwhile. */
  upgradeHash(scope: EnvScope, id: Id<'user'>, from: string, to: string): Promise<void> {
    return this.users.upgradeHash(scope, id, from, to, this.clock.now());
  }

  /** Proved again, an address is no news. @returns undefined when the user no longer has that address. */
  verifyEmail(scope: EnvScope, id: Id<'user'>, email: string, actor: Actor): Promise<UserEntity | undefined> {
    return this.database.transaction(async () => {
      const verified = await this.users.verifyEmail(scope, id, email, this.clock.now());
      if (verified?.isNew) await this.recordChange(scope, verified.user, 'user.email_verified', actor);
      return verified?.user;
    });
  }

  /** @returns undefined when the user no longer has the address `from`. @throws EmailTaken */
  changeEmail(
    scope: EnvScope,
    id: Id<'user'>,
    from: string,
    to: string,
    actor: Actor,
  ): Promise<UserEntity | undefined> {
    return this.database.transaction(async () => {
      const user = await this.users.changeEmail(scope, id, from, to, this.clock.now());
      if (user === undefined) return undefined;
      await this.events.record(scope, 'user.email_changed', id, { user_id: id, email: to });
      this.audit.record(scope, { action: 'user.email_changed', actor, target: { type: 'user', id } });
      this.database.notify(USER_CHANGED + id);
      return user;
    });
  }

  /** @param expires null: for good. @throws UserNotFound, CannotBanSelf */
  ban(
    scope: EnvScope,
    id: Id<'user'>,
    ban: { reason: string | null; expires: Date | null },
    admin: Extract<Actor, { kind: 'user' }>,
  ): Promise<UserEntity> {
    if (admin.id === id) throw new CannotBanSelf();
    return this.database.transaction(async () => {
      const user = await this.users.ban(scope, id, ban.reason, ban.expires, this.clock.now());
      const payload = { user_id: id, admin_id: admin.id, reason: ban.reason ?? '' };
      await this.events.record(scope, 'admin.user.banned', id, payload);
      this.audit.record(scope, { action: 'admin.user.ban', actor: admin, target: { type: 'user', id } });
      this.database.notify(USER_CHANGED + id);
      return user;
    });
  }

  /** @throws UserNotFound */
  unban(scope: EnvScope, id: Id<'user'>, admin: Extract<Actor, { kind: 'user' }>): Promise<UserEntity> {
    return this.database.transaction(async () => {
      const user = await this.users.unban(scope, id, this.clock.now());
      await this.events.record(scope, 'admin.user.unbanned', id, { user_id: id, admin_id: admin.id });
      this.audit.record(scope, { action: 'admin.user.unban', actor: admin, target: { type: 'user', id } });
      this.database.notify(USER_CHANGED + id);
      return user;
    });
  }

  /**
   * Erases the person: at once from the account and everything that hangs on it (other modules join the transaction), soon after from the
   * audit trail and the outbox. @throws UserNotFound
   */
  erase(scope: EnvScope, id: Id<'user'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      if (!(await this.users.erase(scope, id, this.clock.now()))) throw new UserNotFound();
      await this.events.record(scope, 'user.account_deleted', id, { user_id: id });
      this.audit.record(scope, { action: 'user.erase', actor, target: { type: 'user', id } });
      await this.forgetting.enqueue(scope, id);
      this.database.notify(USER_CHANGED + id);
    });
  }

  private change(
    scope: EnvScope,
    id: Id<'user'>,
    event: Extract<EventName, 'user.updated'>,
    actor: Actor,
    work: () => Promise<UserEntity>,
  ): Promise<UserEntity> {
    return this.database.transaction(async () => {
      const user = await work();
      await this.recordChange(scope, user, event, actor);
      return user;
    });
  }

  private async recordChange(
    scope: EnvScope,
    { id }: UserEntity,
    event: Extract<EventName, 'user.updated' | 'user.email_verified'>,
    actor: Actor,
  ): Promise<void> {
    await this.events.record(scope, event, id, { user_id: id });
    this.audit.record(scope, { action: event, actor, target: { type: 'user', id } });
    this.database.notify(USER_CHANGED + id);
  }
}
