import { Injectable } from '@nestjs/common';
import { PreconditionFailed } from '../http/etag.js';
import type { Metadata } from '../http/validation/metadata.js';
import { type Actor, administeredBy, AuditTrail } from '../kernel/audit/audit-trail.js';
import { type FieldChanges, fieldChanges } from '../kernel/audit/field-changes.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { EventName } from '../kernel/events/event-map.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import { type UserSearch, UserSearchRepository } from './user-search.repository.js';
import { UserLifecycleRepository } from './user-lifecycle.repository.js';
import { UserForgetting } from './user-forgetting.job.js';
import type { UserEntity } from './user.entity.js';
import type { FullName } from './user.rules.js';
import './users.events.js';
import { CannotBanSelf, CannotDeleteSelf, UserNotFound } from './users.problems.js';
import { type Credentials, type ProfileChanges, UsersRepository } from './users.repository.js';

/** Notification, followed by the user's id, that the account changed: cached sessions of it are re-read. */
export const USER_CHANGED = 'user:';

const MOST_COUNTED = 10_000;

export interface NewUser extends FullName {
  /** In canonical form. */
  readonly email: string;
  readonly emailVerified: boolean;
  /** In canonical form, and as typed. */
  readonly username?: { readonly canonical: string; readonly display: string };
  readonly metadata: Metadata;
  readonly image?: string | null;
  /** E.164. */
  readonly phone?: string | null;
  readonly phoneVerified?: boolean;
  readonly externalId?: string | null;
  /** Absent: the account has no password until one is set by a mailed link. */
  readonly passwordHash?: string;
}

/** Accounts: what they are and what may change about them. Who may ask is decided by the flows that call. */
@Injectable()
export class UsersService {
  constructor(
    private readonly users: UsersRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly lifecycle: UserLifecycleRepository,
    private readonly searches: UserSearchRepository,
    private readonly cursors: Cursors,
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
        image: input.image ?? null,
        phone: input.phone ?? null,
        phoneVerified: input.phoneVerified ?? false,
        externalId: input.externalId ?? null,
        hasPassword: input.passwordHash !== undefined,
        now,
      });
      if (user === undefined) return undefined;
      if (input.passwordHash !== undefined) await this.users.putPassword(scope, user.id, input.passwordHash, now);
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

  /** Those of them that are there, in no order. */
  findMany(scope: EnvScope, ids: readonly Id<'user'>[]): Promise<UserEntity[]> {
    return this.users.findMany(scope, ids);
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
    return this.database.transaction(async () => {
      const before = await this.get(scope, id);
      const updated = await this.users.updateProfile(scope, id, changes, version, this.clock.now());
      if (updated === undefined) throw new PreconditionFailed();
      await this.recordChange(
        scope,
        updated,
        'user.updated',
        actor,
        fieldChanges(profileOf(before), profileOf(updated)),
      );
      // Whoever says that an address is its owner's must not make a stranger's password good with it (R116).
      const proved = changes.emailVerified === true && !before.emailVerified;
      return (proved ? await this.dropContestedPassword(scope, id) : undefined) ?? updated;
    });
  }

  /** Keeps what a user answered, as part of the caller's transaction. @returns the user with it. */
  async addMetadata(scope: EnvScope, user: UserEntity, added: Metadata, actor: Actor): Promise<UserEntity> {
    if (Object.keys(added).length === 0) return user;
    const updated = await this.users.addMetadata(scope, user.id, added, this.clock.now());
    if (updated === undefined) return user;
    await this.recordChange(scope, updated, 'user.updated', actor);
    return updated;
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

  /** @param expires null: for good. @throws UserNotFound, CannotBanSelf, PlatformOwnerProtected */
  ban(
    scope: EnvScope,
    id: Id<'user'>,
    ban: { reason: string | null; expires: Date | null },
    admin: Actor,
  ): Promise<UserEntity> {
    if (admin.kind === 'user' && admin.id === id) throw new CannotBanSelf();
    return this.database.transaction(async () => {
      const user = await this.users.ban(scope, id, ban.reason, ban.expires, this.clock.now());
      const payload = { user_id: id, ...administeredBy(admin), reason: ban.reason ?? '' };
      await this.events.record(scope, 'admin.user.banned', id, payload);
      this.audit.record(scope, { action: 'admin.user.ban', actor: admin, target: { type: 'user', id } });
      this.database.notify(USER_CHANGED + id);
      return user;
    });
  }

  /** @throws UserNotFound */
  unban(scope: EnvScope, id: Id<'user'>, admin: Actor): Promise<UserEntity> {
    return this.database.transaction(async () => {
      const user = await this.users.unban(scope, id, this.clock.now());
      await this.events.record(scope, 'admin.user.unbanned', id, { user_id: id, ...administeredBy(admin) });
      this.audit.record(scope, { action: 'admin.user.unban', actor: admin, target: { type: 'user', id } });
      this.database.notify(USER_CHANGED + id);
      return user;
    });
  }

  /** Also one who was deleted and can be restored. @throws UserNotFound */
  find(scope: EnvScope, id: Id<'user'>): Promise<UserEntity> {
    return this.lifecycle.findUnerased(scope, id);
  }

  /** By age, newest first unless the search says otherwise. @throws MalformedCursor */
  async search(scope: EnvScope, search: UserSearch, { limit, cursor }: PageRequest): Promise<Page<UserEntity>> {
    const list = `users/${scope.envId}/${JSON.stringify(search)}`;
    const after = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.searches.search(scope, search, after, limit + 1, this.clock.now());
    return this.cursors.page(list, limit, rows, ({ id }) => id);
  }

  /** How many a search finds; counting everybody would cost more the more there are, so it stops at 10,000. */
  async count(scope: EnvScope, search: UserSearch): Promise<{ readonly total: number; readonly isCapped: boolean }> {
    const count = await this.searches.count(scope, search, MOST_COUNTED + 1, this.clock.now());
    return { total: Math.min(count, MOST_COUNTED), isCapped: count > MOST_COUNTED };
  }

  /**
   * Takes an account away from its owner; other modules join the transaction. Its address stays taken, and it can be restored until it is
   * erased. @throws UserNotFound, CannotDeleteSelf, PlatformOwnerProtected, LastOwner
   */
  delete(scope: EnvScope, id: Id<'user'>, admin: Actor): Promise<void> {
    if (admin.kind === 'user' && admin.id === id) throw new CannotDeleteSelf();
    return this.database.transaction(async () => {
      await this.lifecycle.delete(scope, id, this.clock.now());
      await this.events.record(scope, 'user.deleted', id, { user_id: id, ...administeredBy(admin), restorable: true });
      this.audit.record(scope, { action: 'admin.user.delete', actor: admin, target: { type: 'user', id } });
      this.database.notify(USER_CHANGED + id);
    });
  }

  /** @throws UserNotFound unless the account was deleted and is not erased yet. */
  restore(scope: EnvScope, id: Id<'user'>, admin: Actor): Promise<UserEntity> {
    return this.database.transaction(async () => {
      const user = await this.lifecycle.restore(scope, id, this.clock.now());
      await this.events.record(scope, 'user.restored', id, { user_id: id, ...administeredBy(admin) });
      this.audit.record(scope, { action: 'admin.user.restore', actor: admin, target: { type: 'user', id } });
      this.database.notify(USER_CHANGED + id);
      return user;
    });
  }

  /** The password opens nothing until it is replaced: part of the caller's transaction. @throws UserNotFound */
  async requirePasswordReset(scope: EnvScope, id: Id<'user'>): Promise<UserEntity> {
    const user = await this.users.requirePasswordReset(scope, id, this.clock.now());
    this.database.notify(USER_CHANGED + id);
    return user;
  }

  /** Those who were deleted until then and not erased yet, at most so many. */
  deletedBefore(scope: EnvScope, until: Date, most: number): Promise<Id<'user'>[]> {
    return this.lifecycle.deletedBefore(scope, until, most);
  }

  /**
   * Erases the person: at once from the account and everything that hangs on it (other modules join the transaction), soon after from the
   * audit trail and the outbox. @throws UserNotFound, PlatformOwnerProtected, LastOwner
   */
  erase(scope: EnvScope, id: Id<'user'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      const wasDeleted = await this.lifecycle.erase(scope, id, this.clock.now());
      if (wasDeleted === undefined) throw new UserNotFound();
      const who = { user_id: id, ...(actor.kind === 'user' && actor.id !== id && { admin_id: actor.id }) };
      if (!wasDeleted) await this.events.record(scope, 'user.deleted', id, { ...who, restorable: false });
      await this.events.record(scope, 'user.account_deleted', id, who);
      this.audit.record(scope, { action: 'user.erase', actor, target: { type: 'user', id } });
      await this.forgetting.enqueue(scope, id);
      this.database.notify(USER_CHANGED + id);
    });
  }

  private async recordChange(
    scope: EnvScope,
    { id }: UserEntity,
    event: Extract<EventName, 'user.updated' | 'user.email_verified'>,
    actor: Actor,
    changes?: FieldChanges,
  ): Promise<void> {
    await this.events.record(scope, event, id, { user_id: id });
    this.audit.record(scope, { action: event, actor, target: { type: 'user', id }, ...(changes && { changes }) });
    this.database.notify(USER_CHANGED + id);
  }
}

function profileOf(user: UserEntity): Record<string, unknown> {
  return {
    first_name: user.firstName,
    last_name: user.lastName,
    image: user.image,
    username: user.username,
    email_verified: user.emailVerified,
    phone: user.phone,
    external_id: user.externalId,
    metadata: user.metadata,
  };
}
