import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';

/** Changes of who owns the platform happen one after the other. */
const LOCK = statement('operators.lock', 'SELECT pg_advisory_xact_lock(4827115)');
const OWNERS = statement('operators.owners', 'SELECT count(*)::integer AS owners FROM operators WHERE every_app');
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
const PUT_TOKEN = statement(
  'setup_tokens.put',
  `WITH gone AS (DELETE FROM setup_tokens) INSERT INTO setup_tokens (token_hash, expires_at) VALUES ($1, $2)`,
);
const USE_TOKEN = statement('setup_tokens.use', 'DELETE FROM setup_tokens WHERE token_hash = $1 AND expires_at > $2');

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

  async anyTenantGrantApp(userId: Id<'user'>, appId: Id<'app'>, now: Date): Promise<void> {
    await this.query(GRANT_APP, [userId, appId, now]);
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
