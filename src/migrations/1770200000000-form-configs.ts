import type { MigrationInterface, QueryRunner } from 'typeorm';
import { envTable, idColumn } from './table-parts.js';

/** What environments ask people when they sign up, sign in and change their profile. */
export class FormConfigs1770200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UP) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE form_configs');
  }
}

const UP = [
  ...envTable(
    'form_configs',
    `${idColumn('form_config')},
    form_type text NOT NULL CONSTRAINT form_configs_form_type_check CHECK (form_type IN ('signup', 'signin', 'profile')),
    number integer NOT NULL,
    status text NOT NULL CONSTRAINT form_configs_status_check CHECK (status IN ('draft', 'active', 'archived')),
    fields jsonb NOT NULL,
    activated_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT form_configs_pkey PRIMARY KEY (id),
    CONSTRAINT form_configs_app_id_env_id_form_type_number_key UNIQUE (app_id, env_id, form_type, number)`,
  ),
  // Never two of a kind, whatever happens at once.
  `CREATE UNIQUE INDEX form_configs_active_idx ON form_configs (app_id, env_id, form_type) WHERE status = 'active'`,
];
