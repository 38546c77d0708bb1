import { Injectable } from '@nestjs/common';
import type { TokenFormat } from '../apps/session-config.entity.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';
import type { EnvironmentSettings, EnvironmentType } from './environment.entity.js';

/** An environment with what its app configures, as one row. */
export interface TenantRow {
  readonly appId: Id<'app'>;
  readonly envId: Id<'environment'>;
  readonly appName: string;
  readonly appLogo: string | null;
  readonly isPlatform: boolean;
  readonly type: EnvironmentType;
  readonly settings: EnvironmentSettings;
  readonly tokenTtlSeconds: number | null;
  readonly refreshTokenTtlSeconds: number | null;
  readonly maxActiveSessions: number | null;
  readonly rotateRefreshToken: boolean | null;
  readonly bindToIp: boolean | null;
  readonly bindToDevice: boolean | null;
  readonly tokenFormat: TokenFormat | null;
  readonly signupEnabled: boolean | null;
  readonly passwordEnabled: boolean | null;
  readonly requireEmailVerification: boolean | null;
}

const SELECT = `
  SELECT a.id AS "appId", e.id AS "envId", coalesce(cc.app_name, a.name) AS "appName", coalesce(cc.logo_url, a.logo) AS "appLogo",
    a.is_platform AS "isPlatform", e.type, e.settings,
    sc.token_ttl_seconds AS "tokenTtlSeconds", sc.refresh_token_ttl_seconds AS "refreshTokenTtlSeconds",
    sc.max_active_sessions AS "maxActiveSessions", sc.rotate_refresh_token AS "rotateRefreshToken",
    sc.bind_to_ip AS "bindToIp", sc.bind_to_device AS "bindToDevice", sc.token_format AS "tokenFormat",
    cc.signup_enabled AS "signupEnabled", cc.password_enabled AS "passwordEnabled",
    cc.require_email_verification AS "requireEmailVerification"
  FROM environments e
  JOIN apps a ON a.id = e.app_id AND a.active
  LEFT JOIN app_session_configs sc ON sc.app_id = a.id
  LEFT JOIN app_client_configs cc ON cc.app_id = a.id`;

const BY_KEY = statement(
  'tenants.by_key',
  `${SELECT} JOIN publishable_keys k ON k.app_id = e.app_id AND k.env_id = e.id WHERE k.key = $1 AND k.retired_at IS NULL`,
);
const BY_ID = statement('tenants.by_id', `${SELECT} WHERE e.app_id = $1 AND e.id = $2`);
const BY_SLUG = statement('tenants.by_slug', `${SELECT} WHERE e.app_id = $1 AND e.slug = $2`);
const DEFAULT = statement('tenants.default', `${SELECT} WHERE e.app_id = $1 AND e.is_default`);
const ALL_ORIGINS = statement(
  'tenants.all_origins',
  `SELECT DISTINCT e.type, e.settings -> 'allowed_origins' AS origins
   FROM environments e JOIN apps a ON a.id = e.app_id AND a.active`,
);

/** Finds the tenant that a request names: nothing narrower is known yet. */
@Injectable()
export class TenantsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantByKey(key: string): Promise<TenantRow | undefined> {
    return (await this.query<TenantRow>(BY_KEY, [key])).rows[0];
  }

  async anyTenantById(appId: Id<'app'>, envId: Id<'environment'>): Promise<TenantRow | undefined> {
    return (await this.query<TenantRow>(BY_ID, [appId, envId])).rows[0];
  }

  async anyTenantBySlug(appId: Id<'app'>, slug: string): Promise<TenantRow | undefined> {
    return (await this.query<TenantRow>(BY_SLUG, [appId, slug])).rows[0];
  }

  async anyTenantDefault(appId: Id<'app'>): Promise<TenantRow | undefined> {
    return (await this.query<TenantRow>(DEFAULT, [appId])).rows[0];
  }

  async anyTenantOrigins(): Promise<{ type: EnvironmentType; origins: string[] | null }[]> {
    return (await this.query<{ type: EnvironmentType; origins: string[] | null }>(ALL_ORIGINS)).rows;
  }
}
