import type { MigrationInterface, QueryRunner } from 'typeorm';
import { envTable, idColumn } from './table-parts.js';

/** Users that come from elsewhere, many at a time. */
export class UserImports1770400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UP) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const sql of DOWN) await runner.query(sql);
  }
}

const UP = [
  ...envTable(
    'user_imports',
    `${idColumn('user_import')},
    created_by text COLLATE "C" NOT NULL,
    mapping text NOT NULL,
    on_conflict text NOT NULL CONSTRAINT user_imports_on_conflict_check CHECK (on_conflict IN ('skip', 'update', 'fail')),
    dry_run boolean NOT NULL,
    parameters_sealed bytea,
    state text NOT NULL
      CONSTRAINT user_imports_state_check CHECK (state IN ('receiving', 'running', 'done', 'cancelled')),
    total integer NOT NULL,
    created integer NOT NULL,
    updated integer NOT NULL,
    skipped integer NOT NULL,
    failed integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT user_imports_pkey PRIMARY KEY (id),
    CONSTRAINT user_imports_app_id_env_id_id_key UNIQUE (app_id, env_id, id)`,
  ),
  'CREATE INDEX user_imports_created_at_idx ON user_imports (created_at)',
  ...envTable(
    'user_import_rows',
    `import_id text COLLATE "C" NOT NULL,
    line integer NOT NULL,
    document jsonb,
    outcome text
      CONSTRAINT user_import_rows_outcome_check CHECK (outcome IN ('created', 'updated', 'skipped', 'failed')),
    user_id text COLLATE "C",
    reason text,
    CONSTRAINT user_import_rows_pkey PRIMARY KEY (app_id, env_id, import_id, line),
    CONSTRAINT user_import_rows_import_id_fkey FOREIGN KEY (app_id, env_id, import_id)
      REFERENCES user_imports (app_id, env_id, id) ON DELETE CASCADE`,
    'WITH (fillfactor = 80)',
  ),
  `CREATE INDEX user_import_rows_waiting_idx ON user_import_rows (app_id, env_id, import_id, line) WHERE outcome IS NULL`,
  `CREATE FUNCTION authsome_analyze_users() RETURNS void
   LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$ BEGIN ANALYZE public.users; END $$`,
];

const DOWN = ['DROP FUNCTION authsome_analyze_users()', 'DROP TABLE user_import_rows', 'DROP TABLE user_imports'];
