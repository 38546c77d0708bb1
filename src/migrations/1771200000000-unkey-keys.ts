import type { MigrationInterface, QueryRunner } from 'typeorm';
import { envTable, idColumn } from './table-parts.js';

/** Which keys at Unkey are one of the service's: a rotation there makes another key, and the id here stays. */
export class UnkeyKeys1771200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UP) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE unkey_keys');
  }
}

const UP = [
  ...envTable(
    'unkey_keys',
    `${idColumn('api_key')},
    unkey_key_id text COLLATE "C" NOT NULL,
    previous_unkey_key_id text COLLATE "C",
    grace_ends_at timestamptz,
    rotating_until timestamptz,
    owner_kind text NOT NULL CONSTRAINT unkey_keys_owner_kind_check CHECK (owner_kind IN ('user', 'service_account', 'organization')),
    owner_id text COLLATE "C" NOT NULL,
    state text NOT NULL CONSTRAINT unkey_keys_state_check CHECK (state IN ('active', 'suspended', 'revoked')),
    start text NOT NULL,
    last_four text NOT NULL,
    version integer NOT NULL,
    revoked_at timestamptz,
    revoke_reason text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT unkey_keys_pkey PRIMARY KEY (app_id, env_id, id)`,
  ),
  'CREATE INDEX unkey_keys_owner_id_idx ON unkey_keys (app_id, env_id, owner_id, id)',
];
