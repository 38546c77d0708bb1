import type { MigrationInterface, QueryRunner } from 'typeorm';
import { envTable, idColumn } from './table-parts.js';

/** API keys, the secrets that open them, what their limits have let pass, and what they were used for. */
export class ApiKeys1771100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UP) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const sql of DOWN) await runner.query(sql);
  }
}

/** What the role `admin` may do from now on; the numbers make ids out of the role's. */
const GRANTS = [
  ['manage', '15'],
  ['verify', '16'],
] as const;

const UP = [
  ...envTable(
    'api_key_policies',
    `${idColumn('api_key_policy')},
    name text NOT NULL,
    description text NOT NULL,
    limits jsonb NOT NULL,
    allow jsonb NOT NULL,
    allowed_scopes text[] NOT NULL,
    max_lifetime_s integer CONSTRAINT api_key_policies_max_lifetime_s_check CHECK (max_lifetime_s > 0),
    rotation_period_s integer CONSTRAINT api_key_policies_rotation_period_s_check CHECK (rotation_period_s > 0),
    grace_s integer CONSTRAINT api_key_policies_grace_s_check CHECK (grace_s >= 0),
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT api_key_policies_pkey PRIMARY KEY (id),
    CONSTRAINT api_key_policies_app_id_env_id_id_key UNIQUE (app_id, env_id, id),
    CONSTRAINT api_key_policies_app_id_env_id_name_key UNIQUE (app_id, env_id, name)`,
  ),
  ...envTable(
    'api_keys',
    `${idColumn('api_key')},
    owner_kind text NOT NULL CONSTRAINT api_keys_owner_kind_check CHECK (owner_kind IN ('user', 'service_account', 'organization')),
    owner_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    policy_id text COLLATE "C",
    state text NOT NULL CONSTRAINT api_keys_state_check CHECK (state IN ('active', 'suspended', 'revoked')),
    scopes text[] NOT NULL,
    metadata jsonb NOT NULL,
    expires_at timestamptz,
    expiry_warned_at timestamptz,
    limits jsonb NOT NULL,
    credits bigint CONSTRAINT api_keys_credits_check CHECK (credits >= 0),
    refill jsonb,
    refilled_at timestamptz,
    allow jsonb NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz,
    revoke_reason text,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT api_keys_pkey PRIMARY KEY (id),
    CONSTRAINT api_keys_app_id_env_id_id_key UNIQUE (app_id, env_id, id),
    CONSTRAINT api_keys_policy_id_fkey FOREIGN KEY (app_id, env_id, policy_id) REFERENCES api_key_policies (app_id, env_id, id)`,
  ),
  'CREATE INDEX api_keys_owner_id_idx ON api_keys (app_id, env_id, owner_id, id)',
  'CREATE INDEX api_keys_policy_id_idx ON api_keys (app_id, env_id, policy_id) WHERE policy_id IS NOT NULL',
  "CREATE INDEX api_keys_expires_at_idx ON api_keys (expires_at) WHERE state = 'active' AND expiry_warned_at IS NULL",
  ...envTable(
    'api_key_secrets',
    `${idColumn('api_key_secret')},
    key_id text COLLATE "C" NOT NULL,
    secret_hash bytea NOT NULL,
    kind text NOT NULL CONSTRAINT api_key_secrets_kind_check CHECK (kind IN ('current', 'grace')),
    not_after timestamptz,
    start text NOT NULL,
    last_four text NOT NULL,
    rotation_reason text,
    rotation_warned_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT api_key_secrets_pkey PRIMARY KEY (id),
    CONSTRAINT api_key_secrets_secret_hash_key UNIQUE (secret_hash),
    CONSTRAINT api_key_secrets_kind_key UNIQUE (app_id, env_id, key_id, kind),
    CONSTRAINT api_key_secrets_key_id_fkey FOREIGN KEY (app_id, env_id, key_id)
      REFERENCES api_keys (app_id, env_id, id) ON DELETE CASCADE`,
  ),
  ...envTable(
    'api_key_rotations',
    `${idColumn('api_key_rotation')},
    key_id text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    rotated_by text,
    start text NOT NULL,
    last_four text NOT NULL,
    grace_ends_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT api_key_rotations_pkey PRIMARY KEY (id)`,
  ),
  'CREATE INDEX api_key_rotations_key_id_idx ON api_key_rotations (app_id, env_id, key_id, id)',
  ...envTable(
    'api_key_windows',
    `key_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    starts_at timestamptz NOT NULL,
    used bigint NOT NULL,
    ends_at timestamptz NOT NULL,
    CONSTRAINT api_key_windows_pkey PRIMARY KEY (app_id, env_id, key_id, name, starts_at)`,
    'WITH (fillfactor = 50)',
    'UNLOGGED TABLE',
  ),
  'CREATE INDEX api_key_windows_ends_at_idx ON api_key_windows (ends_at)',
  ...envTable(
    'api_key_usage',
    `key_id text COLLATE "C" NOT NULL,
    hour timestamptz NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    tag text COLLATE "C" NOT NULL,
    generation text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    latency bigint[] NOT NULL,
    CONSTRAINT api_key_usage_pkey PRIMARY KEY (app_id, env_id, key_id, hour, outcome, tag, generation)`,
  ),
  'CREATE INDEX api_key_usage_hour_idx ON api_key_usage (hour)',
  `CREATE TABLE api_key_usage_batches (
    id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT api_key_usage_batches_pkey PRIMARY KEY (id))`,
  ...GRANTS.map(
    ([action, number]) =>
      `INSERT INTO role_permissions (app_id, env_id, id, role_id, action, resource, created_at)
       SELECT app_id, env_id, 'aprm_' || left(right(id, 26), 24) || '${number}', id, '${action}', 'apikey', created_at
       FROM roles WHERE slug = 'admin' AND system ON CONFLICT DO NOTHING`,
  ),
];

const DOWN = [
  `DELETE FROM role_permissions p USING roles r WHERE r.id = p.role_id AND r.slug = 'admin' AND r.system AND p.resource = 'apikey'`,
  ...[
    'api_key_usage_batches',
    'api_key_usage',
    'api_key_windows',
    'api_key_rotations',
    'api_key_secrets',
    'api_keys',
    'api_key_policies',
  ].map((table) => `DROP TABLE ${table}`),
];
