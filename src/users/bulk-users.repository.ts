import { Injectable } from '@nestjs/common';
import type { Metadata } from '../http/validation/metadata.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import { UserEntity } from './user.entity.js';

/** A user among many, by the names of the columns. */
export interface BulkUserRow {
  readonly id: Id<'user'>;
  /** In canonical form. */
  readonly email: string;
  readonly email_verified: boolean;
  /** E.164. */
  readonly phone: string | null;
  readonly phone_verified: boolean;
  readonly username: string | null;
  readonly display_username: string | null;
  readonly first_name: string;
  readonly last_name: string;
  readonly image: string | null;
  readonly metadata: Metadata;
  readonly external_id: string | null;
  readonly password_hash: string | null;
  readonly banned: boolean;
  readonly ban_reason: string | null;
  readonly created_at: string;
}

/** Who has already what a row would bring. */
export interface TakenIdentity {
  /** Of the row. */
  readonly id: Id<'user'>;
  /** The account with the row's address, unless it was deleted. */
  readonly userId: Id<'user'> | null;
  readonly emailTaken: boolean;
  readonly usernameTaken: boolean;
  readonly externalIdTaken: boolean;
}

const INPUT = `jsonb_to_recordset($3::jsonb) AS r(id text, email text, email_verified boolean, phone text, phone_verified boolean,
  username text, display_username text, first_name text, last_name text, image text, metadata jsonb, external_id text,
  password_hash text, banned boolean, ban_reason text, created_at timestamptz)`;

/** Whatever a row has in common with somebody else leaves it out, and the others go in. */
const INSERT = envStatement(
  'users.insert_many',
  `WITH tenant AS (SELECT * FROM (VALUES ($1, $2)) AS t(app_id, env_id)),
   input AS MATERIALIZED (SELECT * FROM ${INPUT}),
   made AS (
     INSERT INTO users (app_id, env_id, id, email, email_verified, phone, phone_verified, username, display_username, first_name,
       last_name, image, metadata, external_id, password_changed_at, banned, ban_reason, auth_epoch, version, created_at, updated_at)
     SELECT app_id, env_id, id, email, email_verified, phone, phone_verified, username, display_username, first_name, last_name, image, metadata,
       external_id, CASE WHEN password_hash IS NULL THEN NULL ELSE $4::timestamptz END, banned, ban_reason, 1, 1, created_at, $4
     FROM input CROSS JOIN tenant ON CONFLICT DO NOTHING RETURNING id),
   keyed AS (
     INSERT INTO user_passwords (app_id, env_id, user_id, password_hash, contested, updated_at)
     SELECT app_id, env_id, input.id, input.password_hash, false, $4 FROM input JOIN made USING (id) CROSS JOIN tenant
     WHERE input.password_hash IS NOT NULL)
   SELECT id FROM made`,
);
const TAKEN = envStatement(
  'users.taken_identities',
  `SELECT r.id, e.id IS NOT NULL AS "emailTaken", CASE WHEN e.deleted_at IS NULL THEN e.id END AS "userId",
     n.id IS NOT NULL AS "usernameTaken", x.id IS NOT NULL AS "externalIdTaken"
   FROM ${INPUT}
   LEFT JOIN users e ON e.app_id = $1 AND e.env_id = $2 AND e.email = r.email
   LEFT JOIN users n ON n.app_id = $1 AND n.env_id = $2 AND n.username = r.username AND n.id IS DISTINCT FROM e.id
   LEFT JOIN users x ON x.app_id = $1 AND x.env_id = $2 AND x.external_id = r.external_id AND x.id IS DISTINCT FROM e.id`,
);
/** What a row says replaces what was known; passwords stay, or a stranger's file would open accounts. */
const UPDATE = envStatement(
  'users.update_many',
  `UPDATE users u SET first_name = r.first_name, last_name = r.last_name, image = coalesce(r.image, u.image),
     phone = coalesce(r.phone, u.phone), username = coalesce(r.username, u.username),
     display_username = coalesce(r.display_username, u.display_username), metadata = u.metadata || r.metadata,
     external_id = coalesce(r.external_id, u.external_id), version = u.version + 1, updated_at = $4
   FROM ${INPUT}
   WHERE u.app_id = $1 AND u.env_id = $2 AND u.email = r.email AND u.deleted_at IS NULL RETURNING u.id`,
);

const HASHES = envStatement(
  'user_passwords.of_users',
  `SELECT user_id AS "userId", password_hash AS "passwordHash" FROM user_passwords
   WHERE app_id = $1 AND env_id = $2 AND user_id = ANY ($3) AND NOT contested`,
);

/** Many accounts in a few statements. Whatever it is given is canonical already. */
@Injectable()
export class BulkUsersRepository extends EnvScopedRepository<UserEntity> {
  constructor(database: Database) {
    super(database, UserEntity);
  }

  /** @returns the ids of the rows that went in. */
  async insert(scope: EnvScope, rows: readonly BulkUserRow[], now: Date): Promise<Set<Id<'user'>>> {
    const made = await this.queryIn<{ id: Id<'user'> }>(scope, INSERT, [JSON.stringify(rows), now]);
    return new Set(made.rows.map(({ id }) => id));
  }

  async taken(scope: EnvScope, rows: readonly BulkUserRow[]): Promise<TakenIdentity[]> {
    return (await this.queryIn<TakenIdentity>(scope, TAKEN, [JSON.stringify(rows)])).rows;
  }

  /** Of whoever has a password that is certainly theirs. */
  async passwordHashes(scope: EnvScope, ids: readonly Id<'user'>[]): Promise<Map<Id<'user'>, string>> {
    const { rows } = await this.queryIn<{ userId: Id<'user'>; passwordHash: string }>(scope, HASHES, [ids]);
    return new Map(rows.map(({ userId, passwordHash }) => [userId, passwordHash]));
  }

  /** Of those who are there by their address. @returns the ids of the accounts that changed. */
  async update(scope: EnvScope, rows: readonly BulkUserRow[], now: Date): Promise<Id<'user'>[]> {
    return (await this.queryIn<{ id: Id<'user'> }>(scope, UPDATE, [JSON.stringify(rows), now])).rows.map(
      ({ id }) => id,
    );
  }
}
