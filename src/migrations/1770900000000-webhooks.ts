import type { MigrationInterface, QueryRunner } from 'typeorm';
import { envTable, idColumn } from './table-parts.js';

/** Endpoints that want to hear of events, what is said to them and how it went; the feed of an environment's events. */
export class Webhooks1770900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UP) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const sql of DOWN) await runner.query(sql);
  }
}

/** What the role `admin` may do from now on; the numbers make ids out of the role's. */
const GRANTS = [
  ['manage', 'webhook', '12'],
  ['read', 'event', '13'],
] as const;

const UP = [
  ...envTable(
    'webhooks',
    `${idColumn('webhook')},
    url text NOT NULL,
    description text,
    events text[] NOT NULL,
    active boolean NOT NULL,
    disabled_reason text CONSTRAINT webhooks_disabled_reason_check CHECK (disabled_reason IN ('gone', 'failing')),
    contact_email text,
    headers_sealed bytea,
    secret_sealed bytea NOT NULL,
    previous_secret_sealed bytea,
    overlap_until timestamptz,
    failing_since timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT webhooks_pkey PRIMARY KEY (id),
    CONSTRAINT webhooks_app_id_env_id_id_key UNIQUE (app_id, env_id, id)`,
  ),
  'CREATE INDEX webhooks_listening_idx ON webhooks (env_id) WHERE active',
  ...envTable(
    'webhook_messages',
    `event_id text COLLATE "C" NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT webhook_messages_pkey PRIMARY KEY (event_id)`,
  ),
  'CREATE INDEX webhook_messages_subject_id_idx ON webhook_messages (app_id, env_id, subject_id)',
  'CREATE INDEX webhook_messages_created_at_idx ON webhook_messages (created_at)',
  // Its one foreign key names the tenant and the endpoint together: a batch of thousands of rows is checked once a row, not thrice.
  `CREATE TABLE webhook_deliveries (
    app_id text COLLATE "C" NOT NULL,
    env_id text COLLATE "C" NOT NULL,
    ${idColumn('webhook_delivery')},
    webhook_id text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    cause text COLLATE "C" NOT NULL,
    event text NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    state text NOT NULL CONSTRAINT webhook_deliveries_state_check CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts integer NOT NULL,
    schedule_start integer NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    attempt_log jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_deliveries_cause_key UNIQUE (app_id, env_id, webhook_id, event_id, cause),
    CONSTRAINT webhook_deliveries_webhook_id_fkey FOREIGN KEY (app_id, env_id, webhook_id)
      REFERENCES webhooks (app_id, env_id, id) ON DELETE CASCADE)`,
  'ALTER TABLE webhook_deliveries ENABLE ROW LEVEL SECURITY',
  `CREATE POLICY webhook_deliveries_tenant ON webhook_deliveries
     USING (authsome_reaches(app_id, env_id)) WITH CHECK (authsome_reaches(app_id, env_id))`,
  'CREATE INDEX webhook_deliveries_page_idx ON webhook_deliveries (app_id, env_id, webhook_id, id)',
  "CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (webhook_id, next_attempt_at) WHERE state = 'waiting'",
  'CREATE INDEX webhook_deliveries_created_at_idx ON webhook_deliveries (created_at)',
  'CREATE INDEX outbox_feed_idx ON outbox (app_id, env_id, tx_id, sequence)',
  ...GRANTS.map(
    ([action, resource, number]) =>
      `INSERT INTO role_permissions (app_id, env_id, id, role_id, action, resource, created_at)
       SELECT app_id, env_id, 'aprm_' || left(right(id, 26), 24) || '${number}', id, '${action}', '${resource}', created_at
       FROM roles WHERE slug = 'admin' AND system ON CONFLICT DO NOTHING`,
  ),
];

const DOWN = [
  `DELETE FROM role_permissions p USING roles r WHERE r.id = p.role_id AND r.slug = 'admin' AND r.system
     AND (p.action, p.resource) IN (('manage', 'webhook'), ('read', 'event'))`,
  'DROP INDEX outbox_feed_idx',
  'DROP TABLE webhook_deliveries',
  'DROP TABLE webhook_messages',
  'DROP TABLE webhooks',
];
