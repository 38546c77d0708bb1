import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository, type Unscoped } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import { type EndReason, SessionEntity } from './session.entity.js';

const COLUMNS = columnsOf(SessionEntity);

/** What follows from the end of a session depends on whose it was. */
export interface EndedSession {
  readonly id: Id<'session'>;
  readonly impersonatedBy: Id<'user'> | null;
  /** Then impersonations may hang on it. */
  readonly ofOperator: boolean;
}

const ENDED = `RETURNING id, impersonated_by AS "impersonatedBy",
     EXISTS (SELECT FROM operators o WHERE o.app_id = $1 AND o.env_id = $2 AND o.user_id = $3) AS "ofOperator"`;

/**
 * Starts a session only for an account that is still what it was when its credential was checked: the row is locked against a ban, a
 * deletion or a password change that runs at the same moment, and the epoch tells one that came first (R022, R068).
 */
const START = envStatement(
  'sessions.start',
  `INSERT INTO sessions (app_id, env_id, id, user_id, family_id, device_id, impersonated_by, token_format, access_hash, locator,
     access_generation, refresh_generation, key_id, expires_at, refresh_token_expires_at, absolute_expires_at, rotated_at,
     last_activity_at, authenticated_at, authentication_methods, ip_address, user_agent, created_at, updated_at)
   SELECT $1, $2, $3, u.id, $5, $6, $7, $8, $9, $10, 0, 0, $11, $12, $13, $14, $15, $15, $15, $16, $17, $18, $15, $15
   FROM users u
   WHERE u.app_id = $1 AND u.env_id = $2 AND u.id = $4 AND u.auth_epoch = $19 AND u.deleted_at IS NULL
     AND (NOT u.banned OR u.ban_expires <= $15)
   FOR SHARE OF u`,
);
/** One at a time per user, so that parallel sign-ins cannot overshoot the cap (R038). */
const LOCK_USER = envStatement(
  'sessions.lock_user',
  'SELECT pg_advisory_xact_lock(hashtextextended(concat($1::text, $2::text, $3::text), 0))',
);
const EVICT = envStatement(
  'sessions.evict',
  `UPDATE sessions SET ended_at = $4, end_reason = 'evicted', updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND id IN (
     SELECT id FROM sessions
     WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND ended_at IS NULL AND refresh_token_expires_at > $4
       AND absolute_expires_at > $4 AND impersonated_by IS NULL
     ORDER BY id DESC OFFSET $5)
   ${ENDED}`,
);
const PAGE = envStatement(
  'sessions.page',
  `SELECT ${COLUMNS} FROM sessions
   WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND ($4 = '' OR id < $4) AND ended_at IS NULL
     AND refresh_token_expires_at > $5 AND absolute_expires_at > $5 AND last_activity_at > $6
   ORDER BY id DESC LIMIT $7`,
);
const END_ONE = envStatement(
  'sessions.end_one',
  `UPDATE sessions SET ended_at = $5, end_reason = $6, updated_at = $5
   WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND id = $4 AND ended_at IS NULL ${ENDED}`,
);
const END_ALL = envStatement(
  'sessions.end_all',
  `UPDATE sessions SET ended_at = $4, end_reason = $5, updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND ended_at IS NULL AND id <> $6 ${ENDED}`,
);
const END_OF_DEVICE = envStatement(
  'sessions.end_of_device',
  `UPDATE sessions SET ended_at = $5, end_reason = 'device', updated_at = $5
   WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND device_id = $4 AND ended_at IS NULL ${ENDED}`,
);
/** Proves identity again, for this session only. */
const REAUTHENTICATE = envStatement(
  'sessions.reauthenticate',
  `UPDATE sessions SET authenticated_at = $5, updated_at = $5
   WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND id = $4 AND ended_at IS NULL`,
);
const SWITCH = envStatement(
  'sessions.switch_organization',
  `UPDATE sessions SET org_id = $5, updated_at = $6
   WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND id = $4 AND ended_at IS NULL`,
);
const DELETE_ALL = envStatement(
  'sessions.delete_all',
  'DELETE FROM sessions WHERE app_id = $1 AND env_id = $2 AND user_id = $3',
);

@Injectable()
export class SessionsRepository extends EnvScopedRepository<SessionEntity> {
  constructor(database: Database) {
    super(database, SessionEntity);
  }

  /** @returns whether the account is still entitled to a session. */
  async start(scope: EnvScope, session: Unscoped<SessionEntity>, authEpoch: number): Promise<boolean> {
    const started = await this.queryIn(scope, START, [
      session.id,
      session.userId,
      session.familyId,
      session.deviceId,
      session.impersonatedBy,
      session.tokenFormat,
      session.accessHash,
      session.locator,
      session.keyId,
      session.expiresAt,
      session.refreshTokenExpiresAt,
      session.absoluteExpiresAt,
      session.createdAt,
      session.authenticationMethods,
      session.ipAddress,
      session.userAgent,
      authEpoch,
    ]);
    return started.count === 1;
  }

  async lockUser(scope: EnvScope, userId: Id<'user'>): Promise<void> {
    await this.queryIn(scope, LOCK_USER, [userId]);
  }

  /** Ends the oldest live sessions past `most`. */
  evict(scope: EnvScope, userId: Id<'user'>, most: number, now: Date): Promise<EndedSession[]> {
    return this.ended(scope, EVICT, [userId, now, most]);
  }

  find(scope: EnvScope, userId: Id<'user'>, id: Id<'session'>): Promise<SessionEntity | null> {
    return this.findOneIn(scope, { userId, id });
  }

  /** Live sessions, newest first, older than `before` (empty: from the newest). */
  async page(
    scope: EnvScope,
    userId: Id<'user'>,
    before: string,
    now: Date,
    activeSince: Date,
    limit: number,
  ): Promise<SessionEntity[]> {
    return (await this.queryIn<SessionEntity>(scope, PAGE, [userId, before, now, activeSince, limit])).rows;
  }

  /** @returns nothing when there was no live session to end. */
  endOne(
    scope: EnvScope,
    userId: Id<'user'>,
    id: Id<'session'>,
    reason: EndReason,
    now: Date,
  ): Promise<EndedSession[]> {
    return this.ended(scope, END_ONE, [userId, id, now, reason]);
  }

  endAll(
    scope: EnvScope,
    userId: Id<'user'>,
    reason: EndReason,
    now: Date,
    except?: Id<'session'>,
  ): Promise<EndedSession[]> {
    return this.ended(scope, END_ALL, [userId, now, reason, except ?? '']);
  }

  endOfDevice(scope: EnvScope, userId: Id<'user'>, deviceId: Id<'device'>, now: Date): Promise<EndedSession[]> {
    return this.ended(scope, END_OF_DEVICE, [userId, deviceId, now]);
  }

  async reauthenticate(scope: EnvScope, userId: Id<'user'>, id: Id<'session'>, now: Date): Promise<boolean> {
    return (await this.queryIn(scope, REAUTHENTICATE, [userId, id, now])).count === 1;
  }

  async switchOrganization(
    scope: EnvScope,
    userId: Id<'user'>,
    id: Id<'session'>,
    orgId: Id<'organization'> | null,
    now: Date,
  ): Promise<boolean> {
    return (await this.queryIn(scope, SWITCH, [userId, id, orgId, now])).count === 1;
  }

  async deleteAll(scope: EnvScope, userId: Id<'user'>): Promise<void> {
    await this.queryIn(scope, DELETE_ALL, [userId]);
  }

  private async ended(scope: EnvScope, statement: typeof EVICT, values: unknown[]): Promise<EndedSession[]> {
    return (await this.queryIn<EndedSession>(scope, statement, values)).rows;
  }
}
