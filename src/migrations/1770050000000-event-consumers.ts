import type { MigrationInterface, QueryRunner } from 'typeorm';
import { envTable } from './table-parts.js';

/** Consumers of facts with their places, and the rollups that the first of them keeps. */
export class EventConsumers1770050000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UP) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const sql of DOWN) await runner.query(sql);
  }
}

const UP = [
  'CREATE UNIQUE INDEX outbox_tx_id_sequence_idx ON outbox (tx_id, sequence)',
  `CREATE TABLE event_cursors (
    consumer text NOT NULL,
    tx_id xid8 NOT NULL,
    sequence bigint NOT NULL,
    failures integer NOT NULL,
    retry_at timestamptz,
    updated_at timestamptz NOT NULL,
    CONSTRAINT event_cursors_pkey PRIMARY KEY (consumer))`,
  `CREATE TABLE parked_events (
    consumer text NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    app_id text COLLATE "C" NOT NULL,
    env_id text COLLATE "C",
    reason text NOT NULL,
    parked_at timestamptz NOT NULL,
    CONSTRAINT parked_events_pkey PRIMARY KEY (consumer, event_id),
    CONSTRAINT parked_events_app_id_fkey FOREIGN KEY (app_id) REFERENCES apps (id) ON DELETE CASCADE)`,
  'ALTER TABLE parked_events ENABLE ROW LEVEL SECURITY',
  `CREATE POLICY parked_events_tenant ON parked_events
     USING (authsome_reaches(app_id, env_id)) WITH CHECK (authsome_reaches(app_id, env_id))`,

  ...envTable(
    'stat_counters',
    `metric text NOT NULL,
    day date NOT NULL,
    value bigint NOT NULL,
    CONSTRAINT stat_counters_pkey PRIMARY KEY (app_id, env_id, metric, day)`,
    'WITH (fillfactor = 80)',
  ),
  ...envTable(
    'active_users',
    `period text NOT NULL CONSTRAINT active_users_period_check CHECK (period IN ('day', 'week', 'month')),
    starts_on date NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    CONSTRAINT active_users_pkey PRIMARY KEY (app_id, env_id, period, starts_on, user_id)`,
  ),
  'CREATE INDEX active_users_starts_on_idx ON active_users (starts_on)',
  ...envTable(
    'user_totals',
    `users bigint NOT NULL,
    CONSTRAINT user_totals_pkey PRIMARY KEY (app_id, env_id)`,
    'WITH (fillfactor = 80)',
  ),
  // Who is there already is counted here; whoever comes from now on, by the consumer.
  `INSERT INTO user_totals (app_id, env_id, users)
   SELECT app_id, env_id, count(*) FROM users WHERE deleted_at IS NULL GROUP BY app_id, env_id`,
  `INSERT INTO event_cursors (consumer, tx_id, sequence, failures, updated_at)
   VALUES ('stats', pg_snapshot_xmin(pg_current_snapshot()), 0, 0, now())`,
];

const DOWN = [
  'DROP TABLE user_totals',
  'DROP TABLE active_users',
  'DROP TABLE stat_counters',
  'DROP TABLE parked_events',
  'DROP TABLE event_cursors',
  'DROP INDEX outbox_tx_id_sequence_idx',
];
