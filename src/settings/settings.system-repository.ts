import { Injectable } from '@nestjs/common';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { mappingConstraints } from '../kernel/persistence/constraint-problems.js';
import { Database } from '../kernel/persistence/database.js';
import type { DeferredTable } from '../kernel/persistence/deferred-writes.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';
import { ResourceNotFound } from '../kernel/errors/common-problems.js';
import { SettingChangeEntity } from './setting-change.entity.js';
import type { SettingPlace } from './setting-place.js';
import { SettingValueEntity } from './setting-value.entity.js';

const COLUMNS = columnsOf(SettingValueEntity);
const S_COLUMNS = columnsOf(SettingValueEntity, 's');
const CHANGE_COLUMNS = columnsOf(SettingChangeEntity);

/** Which of the given places have which values. */
const READ = statement(
  'setting_values.read',
  `SELECT ${COLUMNS} FROM setting_values
   WHERE (scope, scope_id) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND ($3::text[] IS NULL OR key = ANY ($3))
     AND (app_id IS NULL OR app_id = $4)`,
);
const OF_ENVIRONMENTS = statement(
  'setting_values.of_environments',
  `SELECT ${COLUMNS} FROM setting_values WHERE app_id = $1 AND scope = 'environment' ORDER BY env_id, key`,
);
/**
 * Writes what differs, and brings back what was there before. A row of another tenant is never touched. Where nothing is said about
 * enforcement, it stays as it is.
 */
const PUT = statement(
  'setting_values.put',
  `WITH given AS (
     SELECT * FROM jsonb_to_recordset($6::jsonb) AS r(id text, key text, value jsonb, sealed bytea, enforced boolean)),
   before AS (
     SELECT s.key, s.value, s.enforced FROM setting_values s JOIN given USING (key) WHERE s.scope = $1 AND s.scope_id = $2),
   written AS (
     INSERT INTO setting_values AS s (id, scope, scope_id, app_id, env_id, org_id, user_id, key, value, sealed, enforced, version, updated_by,
       created_at, updated_at)
     SELECT g.id, $1, $2, $3, $4, $9, $5, g.key, g.value, g.sealed, coalesce(g.enforced, b.enforced, false), 1, $7, $8, $8
     FROM given g LEFT JOIN before b USING (key)
     ON CONFLICT (scope, scope_id, key) DO UPDATE SET value = excluded.value, sealed = excluded.sealed, enforced = excluded.enforced,
       version = s.version + 1, updated_by = excluded.updated_by, updated_at = excluded.updated_at
     WHERE s.app_id IS NOT DISTINCT FROM excluded.app_id AND s.env_id IS NOT DISTINCT FROM excluded.env_id
       AND (s.value IS DISTINCT FROM excluded.value OR excluded.sealed IS NOT NULL OR s.enforced <> excluded.enforced)
     RETURNING ${S_COLUMNS})
   SELECT written.*, before.value AS before FROM written LEFT JOIN before USING (key)`,
);
const UNENFORCE = statement(
  'setting_values.unenforce',
  `UPDATE setting_values SET enforced = false, version = version + 1, updated_by = $5, updated_at = $6
   WHERE scope = $1 AND scope_id = $2 AND app_id IS NOT DISTINCT FROM $3 AND key = $4 AND enforced RETURNING ${COLUMNS}`,
);
const DELETE = statement(
  'setting_values.delete',
  `DELETE FROM setting_values WHERE scope = $1 AND scope_id = $2 AND app_id IS NOT DISTINCT FROM $3 AND key = ANY ($4)
   RETURNING ${COLUMNS}`,
);
const HISTORY = statement(
  'setting_changes.page',
  `SELECT ${CHANGE_COLUMNS} FROM setting_changes
   WHERE scope = $1 AND scope_id = $2 AND app_id IS NOT DISTINCT FROM $3 AND key = $4 AND ($5 = '' OR id < $5)
   ORDER BY id DESC LIMIT $6`,
);
const ENVIRONMENT_OF_USER = statement(
  'setting_values.environment_of_user',
  'SELECT env_id AS "envId" FROM users WHERE app_id = $1 AND id = $2 AND deleted_at IS NULL',
);
const ENVIRONMENT_OF_ORGANIZATION = statement(
  'setting_values.environment_of_organization',
  'SELECT env_id AS "envId" FROM organizations WHERE app_id = $1 AND id = $2',
);

export const SETTING_CHANGES: DeferredTable = {
  name: 'setting_changes',
  columns: {
    id: 'text',
    scope: 'text',
    scope_id: 'text',
    app_id: 'text',
    env_id: 'text',
    org_id: 'text',
    user_id: 'text',
    key: 'text',
    action: 'text',
    before: 'jsonb',
    after: 'jsonb',
    changed_by: 'text',
    changed_at: 'timestamptz',
  },
};

export interface NewSettingValue {
  readonly id: Id<'setting'>;
  readonly key: string;
  /** Undefined for a sensitive one. */
  readonly value?: unknown;
  readonly sealed?: Buffer;
  /** Undefined: as it is. */
  readonly enforced?: boolean | undefined;
}

export interface WrittenSetting extends SettingValueEntity {
  /** Null when there was none, or a sensitive one. */
  readonly before: unknown;
}

/** The values of every level lie in one table, and what is most general belongs to no tenant: the place is the key. */
@Injectable()
export class SettingsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /** @param keys undefined: all. */
  async anyTenantRead(places: readonly SettingPlace[], keys?: readonly string[]): Promise<SettingValueEntity[]> {
    const appId = places.find((place) => place.appId !== null)?.appId ?? null;
    const values = [places.map(({ scope }) => scope), places.map(({ scopeId }) => scopeId), keys ?? null, appId];
    return (await this.query<SettingValueEntity>(READ, values)).rows;
  }

  /** What is set on each environment of an app. */
  async anyTenantOfEnvironments(appId: Id<'app'>): Promise<SettingValueEntity[]> {
    return (await this.query<SettingValueEntity>(OF_ENVIRONMENTS, [appId])).rows;
  }

  /** @returns what has changed. @throws ResourceNotFound for a place that is not there. */
  async anyTenantPut(
    { scope, scopeId, appId, envId, orgId, userId }: SettingPlace,
    values: readonly NewSettingValue[],
    by: string | null,
    now: Date,
  ): Promise<WrittenSetting[]> {
    const rows = JSON.stringify(
      values.map(({ sealed, ...row }) => ({ ...row, sealed: sealed && `\\x${sealed.toString('hex')}` })),
    );
    const parameters = [scope, scopeId, appId, envId, userId, rows, by, now, orgId];
    return (await mappingConstraints(PLACE_MISSING, () => this.query<WrittenSetting>(PUT, parameters))).rows;
  }

  async anyTenantUnenforce(
    { scope, scopeId, appId }: SettingPlace,
    key: string,
    by: string | null,
    now: Date,
  ): Promise<SettingValueEntity | undefined> {
    return (await this.query<SettingValueEntity>(UNENFORCE, [scope, scopeId, appId, key, by, now])).rows[0];
  }

  async anyTenantDelete(
    { scope, scopeId, appId }: SettingPlace,
    keys: readonly string[],
  ): Promise<SettingValueEntity[]> {
    return (await this.query<SettingValueEntity>(DELETE, [scope, scopeId, appId, keys])).rows;
  }

  /** Newest first, older than `before` (empty: from the newest). */
  async anyTenantHistory(
    { scope, scopeId, appId }: SettingPlace,
    key: string,
    before: string,
    limit: number,
  ): Promise<SettingChangeEntity[]> {
    return (await this.query<SettingChangeEntity>(HISTORY, [scope, scopeId, appId, key, before, limit])).rows;
  }

  async anyTenantEnvironmentOfUser(appId: Id<'app'>, userId: Id<'user'>): Promise<Id<'environment'> | undefined> {
    const { rows } = await this.query<{ envId: Id<'environment'> }>(ENVIRONMENT_OF_USER, [appId, userId]);
    return rows[0]?.envId;
  }

  async anyTenantEnvironmentOfOrganization(
    appId: Id<'app'>,
    orgId: Id<'organization'>,
  ): Promise<Id<'environment'> | undefined> {
    const { rows } = await this.query<{ envId: Id<'environment'> }>(ENVIRONMENT_OF_ORGANIZATION, [appId, orgId]);
    return rows[0]?.envId;
  }
}

const missing = () => new ResourceNotFound({ detail: 'what the setting is to be set on does not exist' });
const PLACE_MISSING = {
  setting_values_app_id_fkey: missing,
  setting_values_env_id_fkey: missing,
  setting_values_org_id_fkey: missing,
  setting_values_user_id_fkey: missing,
};
