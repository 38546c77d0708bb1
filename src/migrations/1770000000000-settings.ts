import type { MigrationInterface, QueryRunner } from 'typeorm';
import { appTable, idColumn } from './table-parts.js';

/**
 * Settings of every level in one table, with their history. What apps and environments had set in tables and columns of their own moves
 * there; those go, because no release has been made that reads them.
 */
export class Settings1770000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UP) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const sql of DOWN) await runner.query(sql);
  }
}

const PLACE = `
    scope text NOT NULL,
    scope_id text COLLATE "C" NOT NULL,
    app_id text COLLATE "C",
    env_id text COLLATE "C",
    user_id text COLLATE "C",`;

/** A row of the deployment belongs to no tenant; every other one goes with what it was set on. */
const place = (table: string): string => `
    CONSTRAINT ${table}_place_check CHECK (
      CASE scope
        WHEN 'global' THEN scope_id = '' AND app_id IS NULL AND env_id IS NULL AND user_id IS NULL
        WHEN 'app' THEN scope_id = app_id AND env_id IS NULL AND user_id IS NULL
        WHEN 'environment' THEN app_id IS NOT NULL AND scope_id = env_id AND user_id IS NULL
        WHEN 'user' THEN app_id IS NOT NULL AND env_id IS NOT NULL AND scope_id = user_id
        ELSE false END),
    CONSTRAINT ${table}_app_id_fkey FOREIGN KEY (app_id) REFERENCES apps (id) ON DELETE CASCADE,
    CONSTRAINT ${table}_env_id_fkey FOREIGN KEY (app_id, env_id) REFERENCES environments (app_id, id) ON DELETE CASCADE,
    CONSTRAINT ${table}_user_id_fkey FOREIGN KEY (app_id, env_id, user_id)
      REFERENCES users (app_id, env_id, id) ON DELETE CASCADE`;

/** Rows of the deployment, which have no app, are in reach of system code alone. */
const policy = (table: string): string[] => [
  `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
  `CREATE POLICY ${table}_tenant ON ${table}
     USING (authsome_reaches(app_id, env_id)) WITH CHECK (authsome_reaches(app_id, env_id))`,
];

/** An id out of the one that the value had a column of: its time, and a number of the column for its last two characters. */
const idFrom = (id: string, number: number): string =>
  `'aset_' || left(right(${id}, 26), 24) || '${String(number).padStart(2, '0')}'`;

const movedIn = (table: string, columns: Columns, first: number): string[] =>
  Object.entries(columns).map(
    ([key, { name }], index) =>
      `INSERT INTO setting_values (id, scope, scope_id, app_id, key, value, enforced, version, created_at, updated_at)
       SELECT ${idFrom('id', first + index)}, 'app', app_id, app_id, '${key}', to_jsonb(${name}), false, 1, created_at, updated_at
       FROM ${table} WHERE ${name} IS NOT NULL`,
  );

const movedOut = (table: string, prefix: string, columns: Columns): string => {
  const values = Object.entries(columns).map(
    ([key, { type }]) => `(max(value #>> '{}') FILTER (WHERE key = '${key}'))::${type}`,
  );
  return `INSERT INTO ${table} (id, app_id, created_at, updated_at, ${Object.values(columns)
    .map(({ name }) => name)
    .join(', ')})
    SELECT '${prefix}_' || right(app_id, 26), app_id, min(created_at), max(updated_at), ${values.join(', ')}
    FROM setting_values WHERE scope = 'app' AND key IN ('${Object.keys(columns).join("', '")}') GROUP BY app_id`;
};

const configTable = (table: string, kind: 'session_config' | 'client_config', columns: Columns): string[] =>
  appTable(
    table,
    `${idColumn(kind)},
    ${Object.values(columns)
      .map(({ name, type, check = '' }) => `${name} ${type}${check}`)
      .join(', ')},
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT ${table}_pkey PRIMARY KEY (id),
    CONSTRAINT ${table}_app_id_key UNIQUE (app_id)`,
  );

type Columns = Readonly<Record<string, { readonly name: string; readonly type: string; readonly check?: string }>>;

const SESSION_COLUMNS: Columns = {
  'session.token_ttl_seconds': { name: 'token_ttl_seconds', type: 'integer' },
  'session.refresh_token_ttl_seconds': { name: 'refresh_token_ttl_seconds', type: 'integer' },
  'session.max_active_sessions': { name: 'max_active_sessions', type: 'integer' },
  'session.rotate_refresh_token': { name: 'rotate_refresh_token', type: 'boolean' },
  'session.bind_to_ip': { name: 'bind_to_ip', type: 'boolean' },
  'session.bind_to_device': { name: 'bind_to_device', type: 'boolean' },
  'session.token_format': {
    name: 'token_format',
    type: 'text',
    check: " CONSTRAINT app_session_configs_token_format_check CHECK (token_format IN ('opaque', 'jwt'))",
  },
};
const CLIENT_COLUMNS: Columns = {
  'auth.signup_enabled': { name: 'signup_enabled', type: 'boolean' },
  'auth.password_enabled': { name: 'password_enabled', type: 'boolean' },
  'auth.require_email_verification': { name: 'require_email_verification', type: 'boolean' },
  'branding.app_name': { name: 'app_name', type: 'text' },
  'branding.logo_url': { name: 'logo_url', type: 'text' },
};

const UP = [
  `CREATE TABLE setting_values (
    ${idColumn('setting')},${PLACE}
    key text NOT NULL,
    value jsonb,
    sealed bytea,
    enforced boolean NOT NULL,
    version integer NOT NULL,
    updated_by text COLLATE "C",
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT setting_values_pkey PRIMARY KEY (id),
    CONSTRAINT setting_values_scope_scope_id_key_key UNIQUE (scope, scope_id, key),
    CONSTRAINT setting_values_value_check CHECK ((value IS NULL) <> (sealed IS NULL)),${place('setting_values')})`,
  'CREATE INDEX setting_values_app_id_env_id_idx ON setting_values (app_id, env_id)',
  ...policy('setting_values'),

  `CREATE TABLE setting_changes (
    ${idColumn('setting_change')},${PLACE}
    key text NOT NULL,
    action text NOT NULL CONSTRAINT setting_changes_action_check CHECK (action IN ('set', 'enforced', 'unenforced', 'deleted')),
    before jsonb,
    after jsonb,
    changed_by text COLLATE "C",
    changed_at timestamptz NOT NULL,
    CONSTRAINT setting_changes_pkey PRIMARY KEY (id),${place('setting_changes')})`,
  'CREATE INDEX setting_changes_scope_scope_id_key_id_idx ON setting_changes (scope, scope_id, key, id)',
  'CREATE INDEX setting_changes_app_id_env_id_idx ON setting_changes (app_id, env_id)',
  ...policy('setting_changes'),

  ...movedIn('app_session_configs', SESSION_COLUMNS, 1),
  ...movedIn('app_client_configs', CLIENT_COLUMNS, 11),
  `INSERT INTO setting_values (id, scope, scope_id, app_id, env_id, key, value, enforced, version, created_at, updated_at)
   SELECT ${idFrom('id', 21)}, 'environment', id, app_id, id, 'auth.require_email_verification',
     to_jsonb(NOT (settings ->> 'skip_email_verification')::boolean), false, 1, created_at, updated_at
   FROM environments WHERE settings ? 'skip_email_verification'`,
  `INSERT INTO setting_values (id, scope, scope_id, app_id, env_id, key, value, enforced, version, created_at, updated_at)
   SELECT ${idFrom('id', 22)}, 'environment', id, app_id, id, 'cors.allowed_origins',
     settings -> 'allowed_origins', false, 1, created_at, updated_at
   FROM environments WHERE settings ? 'allowed_origins'`,
  'DROP TABLE app_session_configs',
  'DROP TABLE app_client_configs',
  'ALTER TABLE environments DROP COLUMN settings, ADD COLUMN cloned_from text COLLATE "C", ADD COLUMN deleted_at timestamptz',
  'ALTER TABLE apps DROP COLUMN settings, ADD COLUMN deleted_at timestamptz',
];

const DOWN = [
  `ALTER TABLE environments DROP COLUMN cloned_from, DROP COLUMN deleted_at,
     ADD COLUMN settings jsonb NOT NULL DEFAULT '{}'`,
  'ALTER TABLE environments ALTER COLUMN settings DROP DEFAULT',
  "ALTER TABLE apps DROP COLUMN deleted_at, ADD COLUMN settings jsonb NOT NULL DEFAULT '{}'",
  'ALTER TABLE apps ALTER COLUMN settings DROP DEFAULT',
  ...configTable('app_session_configs', 'session_config', SESSION_COLUMNS),
  ...configTable('app_client_configs', 'client_config', CLIENT_COLUMNS),
  movedOut('app_session_configs', 'ascf', SESSION_COLUMNS),
  movedOut('app_client_configs', 'aacf', CLIENT_COLUMNS),
  `UPDATE environments e SET settings = settings || jsonb_build_object('skip_email_verification', NOT (v.value)::boolean)
   FROM setting_values v WHERE v.scope = 'environment' AND v.scope_id = e.id AND v.key = 'auth.require_email_verification'`,
  `UPDATE environments e SET settings = settings || jsonb_build_object('allowed_origins', v.value)
   FROM setting_values v WHERE v.scope = 'environment' AND v.scope_id = e.id AND v.key = 'cors.allowed_origins'`,
  'DROP TABLE setting_changes',
  'DROP TABLE setting_values',
];
