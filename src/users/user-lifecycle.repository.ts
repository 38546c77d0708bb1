import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database, type Rows } from '../kernel/persistence/database.js';
import { EnvScopedRepository } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import { UserEntity } from './user.entity.js';
import { UserNotFound } from './users.problems.js';

const COLUMNS = columnsOf(UserEntity);

/** What stays is the id, so that the audit trail keeps its pseudonym (R296). */
const ERASE = envStatement(
  'users.erase',
  `WITH before AS (
     SELECT id, deleted_at FROM users WHERE app_id = $1 AND env_id = $2 AND id = $3 AND erased_at IS NULL FOR UPDATE),
   forgotten AS (DELETE FROM user_passwords WHERE app_id = $1 AND env_id = $2 AND user_id = $3)
   UPDATE users u SET email = NULL, email_verified = false, phone = NULL, phone_verified = false, username = NULL,
     display_username = NULL, first_name = '', last_name = '', image = NULL, metadata = '{}', external_id = NULL, ban_reason = NULL,
     auth_epoch = u.auth_epoch + 1, version = u.version + 1, deleted_at = coalesce(u.deleted_at, $4), erased_at = $4, updated_at = $4
   FROM before WHERE u.id = before.id RETURNING before.deleted_at IS NOT NULL AS "wasDeleted"`,
);
/** Also one who was deleted and can be restored. */
const UNERASED = envStatement(
  'users.unerased',
  `SELECT ${COLUMNS} FROM users WHERE app_id = $1 AND env_id = $2 AND id = $3 AND erased_at IS NULL`,
);
const DELETE = envStatement(
  'users.delete',
  `UPDATE users SET deleted_at = $4, auth_epoch = auth_epoch + 1, version = version + 1, updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND deleted_at IS NULL RETURNING ${COLUMNS}`,
);
const RESTORE = envStatement(
  'users.restore',
  `UPDATE users SET deleted_at = NULL, version = version + 1, updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND deleted_at IS NOT NULL AND erased_at IS NULL RETURNING ${COLUMNS}`,
);
/** Uses users_deleted_idx. */
const DELETED_BEFORE = envStatement(
  'users.deleted_before',
  `SELECT id FROM users
   WHERE app_id = $1 AND env_id = $2 AND deleted_at IS NOT NULL AND erased_at IS NULL AND deleted_at <= $3 ORDER BY id LIMIT $4`,
);

/** How accounts go: deleted, they can be restored; erased, nothing personal is left. */
@Injectable()
export class UserLifecycleRepository extends EnvScopedRepository<UserEntity> {
  constructor(database: Database) {
    super(database, UserEntity);
  }

  /** @returns whether the account had been deleted before; undefined when there is nothing to erase. */
  async erase(scope: EnvScope, id: Id<'user'>, now: Date): Promise<boolean | undefined> {
    return (await this.queryIn<{ wasDeleted: boolean }>(scope, ERASE, [id, now])).rows[0]?.wasDeleted;
  }

  /** Also one who was deleted and can be restored. @throws UserNotFound */
  async findUnerased(scope: EnvScope, id: Id<'user'>): Promise<UserEntity> {
    return found(await this.queryIn<UserEntity>(scope, UNERASED, [id]));
  }

  /** @throws UserNotFound */
  async delete(scope: EnvScope, id: Id<'user'>, now: Date): Promise<UserEntity> {
    return found(await this.queryIn<UserEntity>(scope, DELETE, [id, now]));
  }

  /** @throws UserNotFound unless there is a deleted one that can be restored. */
  async restore(scope: EnvScope, id: Id<'user'>, now: Date): Promise<UserEntity> {
    return found(await this.queryIn<UserEntity>(scope, RESTORE, [id, now]));
  }

  /** Those who were deleted until then and not erased yet. */
  async deletedBefore(scope: EnvScope, until: Date, most: number): Promise<Id<'user'>[]> {
    return (await this.queryIn<{ id: Id<'user'> }>(scope, DELETED_BEFORE, [until, most])).rows.map(({ id }) => id);
  }
}

function found({ rows: [user] }: Rows<UserEntity>): UserEntity {
  if (user === undefined) throw new UserNotFound();
  return user;
}
