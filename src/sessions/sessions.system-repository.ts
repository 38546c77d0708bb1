import { Injectable } from '@nestjs/common';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';
import { UserEntity } from '../users/user.entity.js';
import { SessionEntity } from './session.entity.js';

/** A session with its account, as one look-up answers it: the account's columns, and what is needed of the session. */
export interface SessionRow extends UserEntity {
  readonly sessionId: Id<'session'>;
  readonly deviceId: Id<'device'> | null;
  readonly orgId: Id<'organization'> | null;
  readonly impersonatedBy: Id<'user'> | null;
  readonly expiresAt: Date;
  readonly absoluteExpiresAt: Date;
  readonly lastActivityAt: Date;
  readonly authenticatedAt: Date;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly deviceSecretHash: Buffer | null;
  /** Null for everyone who is not an operator. */
  readonly everyApp: boolean | null;
  readonly operatorApps: Id<'app'>[] | null;
}

/** Of an impersonation, the operator's own session must stand too (R292). */
const IMPERSONATOR_STANDS = `(s.impersonator_session_id IS NULL
     OR EXISTS (SELECT FROM sessions i WHERE i.id = s.impersonator_session_id AND i.ended_at IS NULL))`;
/** One query by the unique index on access_hash; every join is by primary or unique key. */
const BY_ACCESS_HASH = statement(
  'sessions.by_access_hash',
  `SELECT ${columnsOf(UserEntity, 'u')}, s.id AS "sessionId", s.device_id AS "deviceId", s.org_id AS "orgId",
     s.impersonated_by AS "impersonatedBy", s.expires_at AS "expiresAt", s.absolute_expires_at AS "absoluteExpiresAt",
     s.last_activity_at AS "lastActivityAt", s.authenticated_at AS "authenticatedAt", s.ip_address AS "ipAddress",
     s.user_agent AS "userAgent", d.secret_hash AS "deviceSecretHash",
     o.every_app AS "everyApp",
     CASE WHEN NOT o.every_app THEN (SELECT array_agg(oa.app_id) FROM operator_apps oa WHERE oa.user_id = o.user_id)
     END AS "operatorApps"
   FROM sessions s
   JOIN users u ON u.app_id = s.app_id AND u.env_id = s.env_id AND u.id = s.user_id AND u.deleted_at IS NULL
   JOIN apps a ON a.id = s.app_id AND a.active
   JOIN environments e ON e.app_id = s.app_id AND e.id = s.env_id AND e.deleted_at IS NULL
   LEFT JOIN devices d ON d.id = s.device_id
   LEFT JOIN operators o ON o.user_id = u.id
   WHERE s.access_hash = $1 AND s.ended_at IS NULL AND ${IMPERSONATOR_STANDS}`,
);
const BY_LOCATOR = statement(
  'sessions.by_locator',
  `SELECT ${columnsOf(SessionEntity, 's')} FROM sessions s JOIN apps a ON a.id = s.app_id AND a.active
   JOIN environments e ON e.app_id = s.app_id AND e.id = s.env_id AND e.deleted_at IS NULL
   WHERE s.locator = $1 AND ${IMPERSONATOR_STANDS}`,
);
/** The generation is the guard: of any number of parallel refreshes one rotates (R063), and none after the session has ended (R068). */
const ROTATE = statement(
  'sessions.rotate',
  `UPDATE sessions s SET access_hash = $4, access_generation = access_generation + 1,
     refresh_generation = refresh_generation + $5, key_id = $6, token_format = $7, expires_at = $8,
     refresh_token_expires_at = $9, rotated_at = $3, last_activity_at = $3, updated_at = $3
   FROM users u
   WHERE s.id = $1 AND s.access_generation = $2 AND s.ended_at IS NULL
     AND u.app_id = s.app_id AND u.env_id = s.env_id AND u.id = s.user_id AND u.deleted_at IS NULL
     AND (NOT u.banned OR u.ban_expires <= $3)
   RETURNING ${columnsOf(SessionEntity, 's')}`,
);
/** @returns a row for the first replay only: the alert is raised once (R066). */
const BURN = statement(
  'sessions.burn',
  `UPDATE sessions SET replayed_at = $2, ended_at = coalesce(ended_at, $2), end_reason = coalesce(end_reason, 'replayed'), updated_at = $2
   WHERE id = $1 AND replayed_at IS NULL RETURNING id`,
);
/**
 * Starts an impersonation while the account may be used and the operator's own session stands. Both rows are locked against a ban or a
 * sign-out that runs at the same moment: either comes first and this does nothing, or comes after and ends it (R292).
 */
const IMPERSONATE = statement(
  'sessions.impersonate',
  `INSERT INTO sessions (app_id, env_id, id, user_id, family_id, impersonated_by, impersonator_session_id, impersonation_reason,
     token_format, access_hash, locator, access_generation, refresh_generation, key_id, expires_at, refresh_token_expires_at,
     absolute_expires_at, rotated_at, last_activity_at, authenticated_at, authentication_methods, ip_address, user_agent, created_at,
     updated_at)
   SELECT $1, $2, $3, u.id, $5, $6, $7, $8, $9, $10, $11, 0, 0, $12, $13, $14, $15, $16, $16, $16, $17, $18, $19, $16, $16
   FROM users u, sessions i
   WHERE u.app_id = $1 AND u.env_id = $2 AND u.id = $4 AND u.deleted_at IS NULL AND (NOT u.banned OR u.ban_expires <= $16)
     AND i.id = $7 AND i.user_id = $6 AND i.impersonated_by IS NULL AND i.ended_at IS NULL
   FOR SHARE OF u, i`,
);
const END_IMPERSONATIONS = statement(
  'sessions.end_impersonations',
  `UPDATE sessions SET ended_at = $4, end_reason = 'impersonator', updated_at = $4
   WHERE impersonated_by = $1 AND ended_at IS NULL AND ($2::text[] IS NULL OR impersonator_session_id = ANY ($2))
     AND ($3::text IS NULL OR app_id = $3)
   RETURNING id, app_id AS "appId", env_id AS "envId", user_id AS "userId"`,
);
const NOTE_ACTIVITY = statement(
  'sessions.note_activity',
  `UPDATE sessions s SET last_activity_at = v.at FROM unnest($1::text[], $2::timestamptz[]) AS v (id, at)
   WHERE s.id = v.id AND s.last_activity_at < v.at AND s.ended_at IS NULL`,
);
const PURGE = statement(
  'sessions.purge',
  `DELETE FROM sessions WHERE id IN (
     SELECT id FROM sessions WHERE absolute_expires_at <= $1 OR ended_at <= $1 ORDER BY absolute_expires_at LIMIT $2)`,
);

/** Which impersonations of an operator are meant: all, or those begun from some sessions, or those in one app. */
export interface ImpersonationsOf {
  readonly begunIn?: readonly Id<'session'>[];
  readonly appId?: Id<'app'>;
}

/** Look-ups that start from a token and find the tenant, and the guarded writes of the refresh. */
@Injectable()
export class SessionsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantByAccessHash(hash: Buffer): Promise<SessionRow | undefined> {
    return (await this.query<SessionRow>(BY_ACCESS_HASH, [hash])).rows[0];
  }

  async anyTenantByLocator(locator: Buffer): Promise<SessionEntity | undefined> {
    return (await this.query<SessionEntity>(BY_LOCATOR, [locator])).rows[0];
  }

  /** @returns undefined when somebody else rotated first, or the session or its account is over. */
  async anyTenantRotate(
    session: SessionEntity,
    next: Pick<SessionEntity, 'accessHash' | 'keyId' | 'tokenFormat' | 'expiresAt' | 'refreshTokenExpiresAt'>,
    refreshStep: 0 | 1 | 2,
    now: Date,
    record: () => void,
  ): Promise<SessionEntity | undefined> {
    const { id, accessGeneration } = session;
    const { accessHash, keyId, tokenFormat, expiresAt, refreshTokenExpiresAt } = next;
    const values = [
      id,
      accessGeneration,
      now,
      accessHash,
      refreshStep,
      keyId,
      tokenFormat,
      expiresAt,
      refreshTokenExpiresAt,
    ];
    return (await this.change<SessionEntity>(ROTATE, values, record)).rows[0];
  }

  async anyTenantBurn(id: Id<'session'>, now: Date): Promise<boolean> {
    return (await this.query(BURN, [id, now])).count === 1;
  }

  /** @returns whether account and operator are still entitled to it. */
  async anyTenantImpersonate(session: SessionEntity): Promise<boolean> {
    const started = await this.query(IMPERSONATE, [
      session.appId,
      session.envId,
      session.id,
      session.userId,
      session.familyId,
      session.impersonatedBy,
      session.impersonatorSessionId,
      session.impersonationReason,
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
    ]);
    return started.count === 1;
  }

  async anyTenantEndImpersonations(
    operatorId: Id<'user'>,
    { begunIn, appId }: ImpersonationsOf,
    now: Date,
  ): Promise<Pick<SessionEntity, 'id' | 'appId' | 'envId' | 'userId'>[]> {
    const values = [operatorId, begunIn ?? null, appId ?? null, now];
    return (await this.query<Pick<SessionEntity, 'id' | 'appId' | 'envId' | 'userId'>>(END_IMPERSONATIONS, values))
      .rows;
  }

  async anyTenantNoteActivity(ids: Id<'session'>[], times: Date[]): Promise<void> {
    await this.query(NOTE_ACTIVITY, [ids, times]);
  }

  /** @returns how many rows went; call again while it is `most`. */
  async anyTenantPurge(before: Date, most: number): Promise<number> {
    return (await this.query(PURGE, [before, most])).count;
  }
}
