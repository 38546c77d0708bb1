import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';

/** Changes of who owns the platform happen one after the other. */
const LOCK = statement('operators.lock', 'SELECT pg_advisory_xact_lock(4827115)');
const OWNERS = statement(
  'operators.owners',
  `SELECT count(*)::integer AS owners FROM operators o JOIN users u ON u.id = o.user_id AND u.deleted_at IS NULL WHERE o.every_app`,
);
const INSERT = statement(
  'operators.insert',
  `INSERT INTO operators (user_id, app_id, env_id, every_app, created_at) VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT (user_id) DO UPDATE SET every_app = operators.every_app OR $4`,
);
const GRANT_APP = statement(
  'operator_apps.insert',
  'INSERT INTO operator_apps (user_id, app_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
);
const DELETE = statement(
  'operators.delete',
  'DELETE FROM operators WHERE user_id = $1 RETURNING every_app AS "everyApp"',
);
const LIST = statement(
  'operators.list',
  `SELECT o.user_id AS "userId", u.email, o.every_app AS "everyApp", o.created_at AS "createdAt",
     ARRAY(SELECT oa.app_id FROM operator_apps oa WHERE oa.user_id = o.user_id ORDER BY oa.app_id) AS "appIds"
   FROM operators o JOIN users u ON u.app_id = o.app_id AND u.env_id = o.env_id AND u.id = o.user_id
   WHERE o.user_id > $1 AND ($2::text IS NULL OR o.every_app
     OR EXISTS (SELECT FROM operator_apps oa WHERE oa.user_id = o.user_id AND oa.app_id = $2))
   ORDER BY o.user_id LIMIT $3`,
);
const FIND = statement(
  'operators.find',
  `SELECT o.user_id AS "userId", u.email, o.every_app AS "everyApp", o.created_at AS "createdAt",
     ARRAY(SELECT oa.app_id FROM operator_apps oa WHERE oa.user_id = o.user_id ORDER BY oa.app_id) AS "appIds"
   FROM operators o JOIN users u ON u.app_id = o.app_id AND u.env_id = o.env_id AND u.id = o.user_id
   WHERE o.user_id = $1`,
);
/** The last owner stays, whoever else is revoked at the same moment: the others are locked, and counted as they are then. */
const REVOKE_OWNER = statement(
  'operators.revoke_owner',
  `WITH owners AS (SELECT user_id FROM operators WHERE every_app ORDER BY user_id FOR UPDATE)
   UPDATE operators SET every_app = false
   WHERE user_id = $1 AND every_app AND EXISTS (SELECT FROM owners WHERE user_id <> $1)`,
);
const REVOKE_APPS = statement(
  'operator_apps.delete',
  'DELETE FROM operator_apps WHERE user_id = $1 AND ($2::text IS NULL OR app_id = $2)',
);
/** Who reaches nothing is no operator. */
const DROP_IDLE = statement(
  'operators.drop_idle',
  `DELETE FROM operators o WHERE o.user_id = $1 AND NOT o.every_app
     AND NOT EXISTS (SELECT FROM operator_apps oa WHERE oa.user_id = o.user_id)`,
);
const PUT_TOKEN = statement(
  'setup_tokens.put',
  `WITH gone AS (DELETE FROM setup_tokens) INSERT INTO setup_tokens (token_hash, expires_at) VALUES ($1, $2)`,
);
const USE_TOKEN = statement('setup_tokens.use', 'DELETE FROM setup_tokens WHERE token_hash = $1 AND expires_at > $2');

/** An operator, as the list shows them. */
export interface OperatorRow {
  readonly userId: Id<'user'>;
  readonly email: string | null;
  readonly everyApp: boolean;
  readonly appIds: Id<'app'>[];
  readonly createdAt: Date;
}

/** Operators reach across tenants, so their rights belong to none. */
@Injectable()
export class OperatorsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantLock(): Promise<void> {
    await this.query(LOCK);
  }

  async anyTenantOwners(): Promise<number> {
    return (await this.query<{ owners: number }>(OWNERS)).rows[0]?.owners ?? 0;
  }

  async anyTenantInsert(scope: EnvScope, userId: Id<'user'>, everyApp: boolean, now: Date): Promise<void> {
    await this.query(INSERT, [userId, scope.appId, scope.envId, everyApp, now]);
  }

  /** @returns whether it is new. */
  async anyTenantGrantApp(userId: Id<'user'>, appId: Id<'app'>, now: Date): Promise<boolean> {
    return (await this.query(GRANT_APP, [userId, appId, now])).count === 1;
  }

  async anyTenantFind(userId: Id<'user'>): Promise<OperatorRow | undefined> {
    return (await this.query<OperatorRow>(FIND, [userId])).rows[0];
  }

  /** By user id, after `after` (empty: from the first); with an app, those alone who reach it. */
  async anyTenantList(after: string, appId: Id<'app'> | undefined, limit: number): Promise<OperatorRow[]> {
    return (await this.query<OperatorRow>(LIST, [after, appId ?? null, limit])).rows;
  }

  /** @returns false for the last owner, and for who is none. */
  async anyTenantRevokeOwner(userId: Id<'user'>): Promise<boolean> {
    return (await this.query(REVOKE_OWNER, [userId])).count === 1;
  }

  /** @returns how many grants went. */
  async anyTenantRevokeApps(userId: Id<'user'>, appId: Id<'app'> | undefined): Promise<number> {
    return (await this.query(REVOKE_APPS, [userId, appId ?? null])).count;
  }

  async anyTenantDropIdle(userId: Id<'user'>): Promise<void> {
    await this.query(DROP_IDLE, [userId]);
  }

  /** @returns whether the user was a platform owner. */
  async anyTenantDelete(userId: Id<'user'>): Promise<boolean> {
    return (await this.query<{ everyApp: boolean }>(DELETE, [userId])).rows[0]?.everyApp ?? false;
  }

  /** Replaces whatever setup token there was. */
  async anyTenantPutSetupToken(tokenHash: Buffer, expiresAt: Date): Promise<void> {
    await this.query(PUT_TOKEN, [tokenHash, expiresAt]);
  }

  /** @returns whether the token was there and is now used. */
  async anyTenantUseSetupToken(tokenHash: Buffer, now: Date): Promise<boolean> {
    return (await this.query(USE_TOKEN, [tokenHash, now])).count === 1;
  }
}
