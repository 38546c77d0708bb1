import { Injectable } from '@nestjs/common';
import type { Metadata, MetadataChanges } from '../http/validation/metadata.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import { UserEntity } from './user.entity.js';
import { EmailTaken, ExternalIdTaken, UserNotFound, UsernameTaken } from './users.problems.js';

/** What a new user is made of; the rest starts empty. */
export interface NewUserRow {
  readonly id: Id<'user'>;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly username: string | null;
  readonly displayUsername: string | null;
  readonly firstName: string;
  readonly lastName: string;
  readonly metadata: Metadata;
  readonly image: string | null;
  readonly phone: string | null;
  readonly phoneVerified: boolean;
  readonly externalId: string | null;
  readonly hasPassword: boolean;
  readonly now: Date;
}

export interface ProfileChanges {
  readonly firstName?: string;
  readonly lastName?: string;
  readonly image?: string | null;
  readonly username?: string | null;
  readonly displayUsername?: string | null;
  readonly metadata?: MetadataChanges;
  readonly emailVerified?: boolean;
  readonly phone?: string | null;
  readonly externalId?: string | null;
}

/** A user together with the password hash: for sign-in alone. */
export interface Credentials {
  readonly user: UserEntity;
  readonly passwordHash: string | undefined;
  /** Whether somebody else has claimed the address, not proved yet: it is open whose the password is. */
  readonly isContested: boolean;
}

type CredentialsRow = UserEntity & { readonly passwordHash: string | null; readonly isContested: boolean | null };

const COLUMNS = columnsOf(UserEntity);
const U_COLUMNS = columnsOf(UserEntity, 'u');
const CREDENTIALS = `${U_COLUMNS}, p.password_hash AS "passwordHash", p.contested AS "isContested"`;

const INSERT = envStatement(
  'users.insert',
  `INSERT INTO users (app_id, env_id, id, email, email_verified, phone, phone_verified, username, display_username, first_name, last_name,
     image, metadata, external_id, password_changed_at, banned, auth_epoch, version, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, CASE WHEN $15 THEN $16::timestamptz END, false, 1, 1, $16,
     $16)
   ON CONFLICT ON CONSTRAINT users_app_id_env_id_email_key DO NOTHING
   RETURNING ${COLUMNS}`,
);
/** The tenant is named again for the row that is there already: its key alone does not hold it. */
const PUT_PASSWORD = envStatement(
  'users.put_password',
  `INSERT INTO user_passwords (app_id, env_id, user_id, password_hash, contested, updated_at) VALUES ($1, $2, $3, $4, false, $5)
   ON CONFLICT (user_id) DO UPDATE SET password_hash = $4, contested = false, updated_at = $5
   WHERE user_passwords.app_id = $1 AND user_passwords.env_id = $2`,
);
const NEW_EPOCH = envStatement(
  'users.new_epoch',
  `UPDATE users SET auth_epoch = auth_epoch + 1, password_changed_at = $4, reset_required_at = NULL,
     version = version + 1, updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND deleted_at IS NULL RETURNING ${COLUMNS}`,
);
/** Only while the hash is still the one that was checked: a password change meanwhile wins. */
const UPGRADE_HASH = envStatement(
  'users.upgrade_hash',
  `UPDATE user_passwords SET password_hash = $5, updated_at = $6
   WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND password_hash = $4`,
);
const CONTEST_PASSWORD = envStatement(
  'users.contest_password',
  `UPDATE user_passwords p SET contested = true FROM users u
   WHERE p.app_id = $1 AND p.env_id = $2 AND p.user_id = $3 AND u.id = p.user_id AND NOT u.email_verified`,
);
const CONFIRM_PASSWORD = envStatement(
  'users.confirm_password',
  'UPDATE user_passwords SET contested = false WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND contested',
);
const DROP_CONTESTED_PASSWORD = envStatement(
  'users.drop_contested_password',
  'DELETE FROM user_passwords WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND contested',
);
const BY_EMAIL = envStatement(
  'users.credentials_by_email',
  `SELECT ${CREDENTIALS} FROM users u LEFT JOIN user_passwords p ON p.user_id = u.id
   WHERE u.app_id = $1 AND u.env_id = $2 AND u.email = $3 AND u.deleted_at IS NULL`,
);
const BY_USERNAME = envStatement(
  'users.credentials_by_username',
  `SELECT ${CREDENTIALS} FROM users u LEFT JOIN user_passwords p ON p.user_id = u.id
   WHERE u.app_id = $1 AND u.env_id = $2 AND u.username = $3 AND u.deleted_at IS NULL`,
);
const BY_IDS = envStatement(
  'users.by_ids',
  `SELECT ${COLUMNS} FROM users WHERE app_id = $1 AND env_id = $2 AND id = ANY ($3) AND deleted_at IS NULL`,
);
const BY_ID = envStatement(
  'users.credentials_by_id',
  `SELECT ${CREDENTIALS} FROM users u LEFT JOIN user_passwords p ON p.user_id = u.id
   WHERE u.app_id = $1 AND u.env_id = $2 AND u.id = $3 AND u.deleted_at IS NULL`,
);
const UPDATE_PROFILE = envStatement(
  'users.update_profile',
  `UPDATE users SET first_name = coalesce($4, first_name), last_name = coalesce($5, last_name),
     image = CASE WHEN $6 THEN $7 ELSE image END,
     username = CASE WHEN $8 THEN $9 ELSE username END, display_username = CASE WHEN $8 THEN $10 ELSE display_username END,
     metadata = (metadata - $13::text[]) || $14, email_verified = coalesce($15, email_verified),
     phone = CASE WHEN $16 THEN $17 ELSE phone END, phone_verified = phone_verified AND NOT $16,
     external_id = CASE WHEN $18 THEN $19 ELSE external_id END, version = version + 1, updated_at = $11
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND deleted_at IS NULL AND ($12::integer IS NULL OR version = $12)
   RETURNING ${COLUMNS}`,
);
/** Nothing is written when nothing new was said. */
const ADD_METADATA = envStatement(
  'users.add_metadata',
  `UPDATE users SET metadata = metadata || $4, version = version + 1, updated_at = $5
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND deleted_at IS NULL AND metadata || $4 <> metadata RETURNING ${COLUMNS}`,
);
/**
 * The address is named, so that a link mailed to an earlier address verifies nothing (R119). The row is locked either way: a change of
 * address at the same moment comes before or after, never between.
 */
const VERIFY_EMAIL = envStatement(
  'users.verify_email',
  `WITH before AS (
     SELECT id, email_verified FROM users
     WHERE app_id = $1 AND env_id = $2 AND id = $3 AND email = $4 AND deleted_at IS NULL FOR UPDATE)
   UPDATE users u SET email_verified = true, version = u.version + (NOT before.email_verified)::integer,
     updated_at = CASE WHEN before.email_verified THEN u.updated_at ELSE $5 END
   FROM before WHERE u.id = before.id RETURNING ${U_COLUMNS}, NOT before.email_verified AS "isNew"`,
);
const CHANGE_EMAIL = envStatement(
  'users.change_email',
  `UPDATE users SET email = $5, email_verified = true, version = version + 1, updated_at = $6
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND email = $4 AND deleted_at IS NULL RETURNING ${COLUMNS}`,
);
const BAN = envStatement(
  'users.ban',
  `UPDATE users SET banned = true, ban_reason = $4, ban_expires = $5, auth_epoch = auth_epoch + 1, version = version + 1,
     updated_at = $6
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND deleted_at IS NULL RETURNING ${COLUMNS}`,
);
const UNBAN = envStatement(
  'users.unban',
  `UPDATE users SET banned = false, ban_reason = NULL, ban_expires = NULL, version = version + 1, updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND deleted_at IS NULL RETURNING ${COLUMNS}`,
);
const REQUIRE_PASSWORD_RESET = envStatement(
  'users.require_password_reset',
  `UPDATE users SET reset_required_at = $4, auth_epoch = auth_epoch + 1, version = version + 1, updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND deleted_at IS NULL RETURNING ${COLUMNS}`,
);
@Injectable()
export class UsersRepository extends EnvScopedRepository<UserEntity> {
  constructor(database: Database) {
    super(database, UserEntity, {
      users_app_id_env_id_username_key: () => new UsernameTaken(),
      users_app_id_env_id_email_key: () => new EmailTaken(),
      users_external_id_idx: () => new ExternalIdTaken(),
    });
  }

  /** @returns undefined when the address is taken. @throws UsernameTaken */
  async insert(scope: EnvScope, user: NewUserRow): Promise<UserEntity | undefined> {
    const values = [
      user.id,
      user.email,
      user.emailVerified,
      user.phone,
      user.phoneVerified,
      user.username,
      user.displayUsername,
      user.firstName,
      user.lastName,
      user.image,
      user.metadata,
      user.externalId,
      user.hasPassword,
      user.now,
    ];
    return (await this.queryIn<UserEntity>(scope, INSERT, values)).rows[0];
  }

  async putPassword(scope: EnvScope, id: Id<'user'>, hash: string, now: Date): Promise<void> {
    await this.queryIn(scope, PUT_PASSWORD, [id, hash, now]);
  }

  /** Makes everything that was proved with the old credentials worthless. @throws UserNotFound */
  async startNewEpoch(scope: EnvScope, id: Id<'user'>, now: Date): Promise<UserEntity> {
    return found(await this.queryIn<UserEntity>(scope, NEW_EPOCH, [id, now]));
  }

  async upgradeHash(scope: EnvScope, id: Id<'user'>, from: string, to: string, now: Date): Promise<void> {
    await this.queryIn(scope, UPGRADE_HASH, [id, from, to, now]);
  }

  /** Somebody else has claimed the address of an account that has not proved it: whose the password is, is open. */
  async contestPassword(scope: EnvScope, id: Id<'user'>): Promise<void> {
    await this.queryIn(scope, CONTEST_PASSWORD, [id]);
  }

  async confirmPassword(scope: EnvScope, id: Id<'user'>): Promise<void> {
    await this.queryIn(scope, CONFIRM_PASSWORD, [id]);
  }

  /** @returns whether there was one. */
  async dropContestedPassword(scope: EnvScope, id: Id<'user'>): Promise<boolean> {
    return (await this.queryIn(scope, DROP_CONTESTED_PASSWORD, [id])).count === 1;
  }

  findByEmail(scope: EnvScope, email: string): Promise<Credentials | undefined> {
    return this.credentials(scope, BY_EMAIL, email);
  }

  findByUsername(scope: EnvScope, username: string): Promise<Credentials | undefined> {
    return this.credentials(scope, BY_USERNAME, username);
  }

  /** Those of them that are there. */
  async findMany(scope: EnvScope, ids: readonly Id<'user'>[]): Promise<UserEntity[]> {
    return (await this.queryIn<UserEntity>(scope, BY_IDS, [ids])).rows;
  }

  findCredentials(scope: EnvScope, id: Id<'user'>): Promise<Credentials | undefined> {
    return this.credentials(scope, BY_ID, id);
  }

  /** @returns undefined when the user is gone or `version` is not the current one. @throws UsernameTaken */
  async updateProfile(
    scope: EnvScope,
    id: Id<'user'>,
    changes: ProfileChanges,
    version: number | undefined,
    now: Date,
  ): Promise<UserEntity | undefined> {
    const { firstName, lastName, image, username, displayUsername, metadata, emailVerified, phone, externalId } =
      changes;
    const updated = await this.queryIn<UserEntity>(scope, UPDATE_PROFILE, [
      id,
      firstName ?? null,
      lastName ?? null,
      image !== undefined,
      image ?? null,
      username !== undefined,
      username ?? null,
      displayUsername ?? null,
      now,
      version ?? null,
      metadata?.cleared ?? [],
      metadata?.set ?? {},
      emailVerified ?? null,
      phone !== undefined,
      phone ?? null,
      externalId !== undefined,
      externalId ?? null,
    ]);
    return updated.rows[0];
  }

  /** @returns undefined when the user is gone, or all of it was there already. */
  async addMetadata(scope: EnvScope, id: Id<'user'>, added: Metadata, now: Date): Promise<UserEntity | undefined> {
    return (await this.queryIn<UserEntity>(scope, ADD_METADATA, [id, added, now])).rows[0];
  }

  /** @returns the user, and whether the address was not verified before; undefined when the user no longer has that address. */
  async verifyEmail(
    scope: EnvScope,
    id: Id<'user'>,
    email: string,
    now: Date,
  ): Promise<{ user: UserEntity; isNew: boolean } | undefined> {
    const values = [id, email, now];
    const [row] = (await this.queryIn<UserEntity & { isNew: boolean }>(scope, VERIFY_EMAIL, values)).rows;
    if (row === undefined) return undefined;
    const { isNew, ...user } = row;
    return { user, isNew };
  }

  /** @returns undefined when the user no longer has the address `from`. @throws EmailTaken */
  async changeEmail(
    scope: EnvScope,
    id: Id<'user'>,
    from: string,
    to: string,
    now: Date,
  ): Promise<UserEntity | undefined> {
    return (await this.queryIn<UserEntity>(scope, CHANGE_EMAIL, [id, from, to, now])).rows[0];
  }

  /** @throws UserNotFound */
  async ban(
    scope: EnvScope,
    id: Id<'user'>,
    reason: string | null,
    expires: Date | null,
    now: Date,
  ): Promise<UserEntity> {
    return found(await this.queryIn<UserEntity>(scope, BAN, [id, reason, expires, now]));
  }

  /** @throws UserNotFound */
  async unban(scope: EnvScope, id: Id<'user'>, now: Date): Promise<UserEntity> {
    return found(await this.queryIn<UserEntity>(scope, UNBAN, [id, now]));
  }

  /** @throws UserNotFound */
  async requirePasswordReset(scope: EnvScope, id: Id<'user'>, now: Date): Promise<UserEntity> {
    return found(await this.queryIn<UserEntity>(scope, REQUIRE_PASSWORD_RESET, [id, now]));
  }

  private async credentials(
    scope: EnvScope,
    statement: typeof BY_EMAIL,
    key: string,
  ): Promise<Credentials | undefined> {
    const [row] = (await this.queryIn<CredentialsRow>(scope, statement, [key])).rows;
    if (row === undefined) return undefined;
    const { passwordHash, isContested, ...user } = row;
    return { user, passwordHash: passwordHash ?? undefined, isContested: isContested ?? false };
  }
}

function found({ rows }: { rows: UserEntity[] }): UserEntity {
  const [user] = rows;
  if (user === undefined) throw new UserNotFound();
  return user;
}
