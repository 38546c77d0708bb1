import type { MigrationInterface, QueryRunner } from 'typeorm';
import { appTable, idColumn } from './table-parts.js';

/** Service accounts, and sessions in which an operator acts as a user. */
export class Operators1770500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UP) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const sql of DOWN) await runner.query(sql);
  }
}

const UP = [
  ...appTable(
    'service_accounts',
    `${idColumn('service_account')},
    env_id text COLLATE "C",
    name text NOT NULL,
    description text,
    scopes text[] NOT NULL,
    disabled_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT service_accounts_pkey PRIMARY KEY (id),
    CONSTRAINT service_accounts_app_id_id_key UNIQUE (app_id, id),
    CONSTRAINT service_accounts_app_id_name_key UNIQUE (app_id, name),
    CONSTRAINT service_accounts_env_id_fkey FOREIGN KEY (app_id, env_id)
      REFERENCES environments (app_id, id) ON DELETE CASCADE`,
  ),
  // Whoever impersonates is of the platform app, so no key that carries the tenant can point at them.
  `ALTER TABLE sessions
     ADD COLUMN impersonator_session_id text COLLATE "C",
     ADD COLUMN impersonation_reason text,
     ADD CONSTRAINT sessions_impersonation_check CHECK (
       (impersonated_by IS NULL) = (impersonator_session_id IS NULL)
       AND (impersonated_by IS NULL) = (impersonation_reason IS NULL)) NOT VALID`,
  'ALTER TABLE sessions VALIDATE CONSTRAINT sessions_impersonation_check',
  'CREATE INDEX sessions_impersonated_by_idx ON sessions (impersonated_by) WHERE impersonated_by IS NOT NULL',
];

const DOWN = [
  'DROP INDEX sessions_impersonated_by_idx',
  'ALTER TABLE sessions DROP CONSTRAINT sessions_impersonation_check, DROP COLUMN impersonator_session_id, DROP COLUMN impersonation_reason',
  'DROP TABLE service_accounts',
];
