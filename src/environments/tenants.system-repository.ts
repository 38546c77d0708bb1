import { Injectable } from '@nestjs/common';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';
import type { SettingLevel } from '../settings/setting-resolution.js';
import type { EnvironmentType } from './environment.entity.js';

/** An environment with its app and what is set for either, as one row. */
export interface TenantRow {
  readonly appId: Id<'app'>;
  readonly envId: Id<'environment'>;
  readonly appName: string;
  readonly appLogo: string | null;
  readonly isPlatform: boolean;
  readonly active: boolean;
  readonly type: EnvironmentType;
  /** Of the deployment, the app and the environment. */
  readonly levels: readonly SettingLevel[];
}

/** Sensitive values are not part of it: they are read where they are used. */
const SELECT = `
  SELECT a.id AS "appId", e.id AS "envId", a.name AS "appName", a.logo AS "appLogo", a.is_platform AS "isPlatform", a.active, e.type,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('key', v.key, 'scope', v.scope, 'value', v.value, 'enforced', v.enforced)), '[]')
     FROM setting_values v
     WHERE (v.scope, v.scope_id) IN (('global', ''), ('app', a.id), ('environment', e.id)) AND v.value IS NOT NULL) AS levels
  FROM environments e
  JOIN apps a ON a.id = e.app_id AND a.deleted_at IS NULL`;
const LIVE = 'e.deleted_at IS NULL';

const BY_KEY = statement(
  'tenants.by_key',
  `${SELECT} JOIN publishable_keys k ON k.app_id = e.app_id AND k.env_id = e.id
   WHERE k.key = $1 AND k.retired_at IS NULL AND ${LIVE}`,
);
const BY_ID = statement('tenants.by_id', `${SELECT} WHERE e.app_id = $1 AND e.id = $2 AND ${LIVE}`);
const BY_SLUG = statement('tenants.by_slug', `${SELECT} WHERE e.app_id = $1 AND e.slug = $2 AND ${LIVE}`);
const DEFAULT = statement('tenants.default', `${SELECT} WHERE e.app_id = $1 AND e.is_default AND ${LIVE}`);
const NEWEST_KEY = statement(
  'tenants.newest_key',
  `SELECT key FROM publishable_keys WHERE app_id = $1 AND env_id = $2 AND retired_at IS NULL ORDER BY id DESC LIMIT 1`,
);
const ALL_ORIGINS = statement(
  'tenants.all_origins',
  `SELECT DISTINCT o.origin FROM setting_values v, jsonb_array_elements_text(
     CASE jsonb_typeof(v.value) WHEN 'array' THEN v.value ELSE '[]' END) AS o (origin)
   WHERE v.key = $1`,
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

  /** The newest key in force. */
  async anyTenantKey(appId: Id<'app'>, envId: Id<'environment'>): Promise<string | undefined> {
    return (await this.query<{ key: string }>(NEWEST_KEY, [appId, envId])).rows[0]?.key;
  }

  /** Every origin that any level of any tenant lists under the setting. */
  async anyTenantOrigins(settingKey: string): Promise<string[]> {
    return (await this.query<{ origin: string }>(ALL_ORIGINS, [settingKey])).rows.map(({ origin }) => origin);
  }
}
