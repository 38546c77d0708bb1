import type { MigrationInterface, QueryRunner } from 'typeorm';
import { appTable } from './table-parts.js';

/** Seals over the audit trail: whoever changes, removes or adds an entry behind the service's back is found out. */
export class AuditSeals1770600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UP) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const sql of DOWN) await runner.query(sql);
  }
}

const UP = [
  // In the order in which transactions began, so that a sealer knows what can still come before an entry.
  'ALTER TABLE audit_entries ADD COLUMN tx_id xid8 DEFAULT pg_current_xact_id(), ADD COLUMN personal_mac bytea',
  'CREATE INDEX audit_entries_tx_id_id_idx ON audit_entries (tx_id, id)',
  'CREATE INDEX audit_entries_app_id_id_idx ON audit_entries (app_id, id)',
  ...appTable(
    'audit_seals',
    `number integer NOT NULL,
    entry_ids text[] COLLATE "C" NOT NULL,
    entry_times timestamptz[] NOT NULL,
    entry_macs bytea NOT NULL,
    previous_mac bytea NOT NULL,
    mac bytea NOT NULL,
    key_id text NOT NULL,
    sealed_at timestamptz NOT NULL,
    CONSTRAINT audit_seals_pkey PRIMARY KEY (app_id, number)`,
  ),
  `CREATE TABLE audit_sealer (
    name text NOT NULL,
    tx_id xid8 NOT NULL,
    entry_id text COLLATE "C" NOT NULL,
    CONSTRAINT audit_sealer_pkey PRIMARY KEY (name))`,
  "INSERT INTO audit_sealer (name, tx_id, entry_id) VALUES ('position', '0', '')",
  `CREATE TABLE audit_prunings (
    pruned_before timestamptz NOT NULL,
    pruned_at timestamptz NOT NULL,
    key_id text NOT NULL,
    mac bytea NOT NULL,
    CONSTRAINT audit_prunings_pkey PRIMARY KEY (pruned_before))`,
];

const DOWN = [
  'DROP TABLE audit_prunings',
  'DROP TABLE audit_sealer',
  'DROP TABLE audit_seals',
  'DROP INDEX audit_entries_app_id_id_idx',
  'DROP INDEX audit_entries_tx_id_id_idx',
  'ALTER TABLE audit_entries DROP COLUMN personal_mac, DROP COLUMN tx_id',
];
