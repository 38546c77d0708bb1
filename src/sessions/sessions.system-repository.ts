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
  readonly bindToIp: boolean | null;
  readonly bindToDevice: boolean | null;
  readonly deviceSecretHash: Buffer | null;
  /** Null for everyone who is not an operator. */
  readonly everyApp: boolean | null;
  readonly operatorApps: Id<'app'>[] | null;
}

/** One query by the unique index on access_hash; every join is by primary or unique key. */
const BY_ACCESS_HASH = statement(
  'sessions.by_access_hash',
  `SELECT ${columnsOf(UserEntity, 'u')}, s.id AS "sessionId", s.device_id AS "deviceId", s.org_id AS "orgId",
     s.impersonated_by AS "impersonatedBy", s.expires_at AS "expiresAt", s.absolute_expires_at AS "absoluteExpiresAt",
     s.last_activity_at AS "lastActivityAt", s.authenticated_at AS "authenticatedAt", s.ip_address AS "ipAddress",
     s.user_agent AS "userAgent", sc.bind_to_ip AS "bindToIp", sc.bind_to_device AS "bindToDevice",
     CASE WHEN sc.bind_to_device THEN (SELECT d.secret_hash FROM devices d WHERE d.id = s.device_id) END AS "deviceSecretHash",
     o.every_app AS "everyApp",
     CASE WHEN NOT o.every_app THEN (SELECT array_agg(oa.app_id) FROM operator_apps oa WHERE oa.user_id = o.user_id)
     END AS "operatorApps"
   FROM sessions s
   JOIN users u ON u.app_id = s.app_id AND u.env_id = s.env_id AND u.id = s.user_id AND u.deleted_at IS NULL
   JOIN apps a ON a.id = s.app_id AND a.active
   LEFT JOIN app_session_configs sc ON sc.app_id = s.app_id
   LEFT JOIN operators o ON o.user_id = u.id
   WHERE s.access_hash = $1 AND s.ended_at IS NULL`,
);
const BY_LOCATOR = statement(
  'sessions.by_locator',
  `SELECT ${columnsOf(SessionEntity, 's')} FROM sessions s JOIN apps a ON a.id = s.app_id AND a.active WHERE s.locator = $1`,
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

  async anyTenantNoteActivity(ids: Id<'session'>[], times: Date[]): Promise<void> {
    await this.query(NOTE_ACTIVITY, [ids, times]);
  }

  /** @returns how many rows went; call again while it is `most`. */
  async anyTenantPurge(before: Date, most: number): Promise<number> {
    return (await this.query(PURGE, [before, most])).count;
  }
}
