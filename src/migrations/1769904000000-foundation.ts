import type { MigrationInterface, QueryRunner } from 'typeorm';
import { appTable, envTable, idColumn } from './table-parts.js';

/**
 * The first schema: tenants, people, sessions, devices, mailed secrets, operators, and the kernel's own tables (facts, audit, jobs,
 * limits, idempotent answers). Creates only new objects, so it takes no lock anybody waits for.
 */
export class Foundation1769904000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UP) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES.toReversed()) await runner.query(`DROP TABLE ${table}`);
    for (const signature of FUNCTIONS) await runner.query(`DROP FUNCTION ${signature}`);
  }
}

const TABLES = [
  'apps',
  'environments',
  'publishable_keys',
  'app_session_configs',
  'app_client_configs',
  'users',
  'user_passwords',
  'devices',
  'sessions',
  'signing_keys',
  'challenges',
  'sign_in_attempts',
  'operators',
  'operator_apps',
  'setup_tokens',
  'outbox',
  'audit_entries',
  'jobs',
  'job_schedules',
  'rate_limits',
  'idempotency_records',
];

const FUNCTIONS = [
  'authsome_reaches(text, text)',
  'authsome_reaches_app(text)',
  'authsome_keep_audit_partitions(timestamptz, timestamptz)',
  'authsome_forget_person(text, text, text)',
];

/**
 * What the row policies ask. Enforced only where the connection says so (`authsome.rls = on`): always in the test suite, where it finds a
 * statement that forgot its scope, and in production by AUTHSOME_ROW_POLICIES. An unset scope then reaches nothing.
 */
const ROW_POLICY_FUNCTIONS = [
  `CREATE FUNCTION authsome_reaches(app text, env text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
     SELECT coalesce(current_setting('authsome.rls', true), '') <> 'on'
       OR coalesce(current_setting('authsome.scope', true), '') IN ('system', app || ':*', app || ':' || coalesce(env, '*'))
   $$`,
  `CREATE FUNCTION authsome_reaches_app(app text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
     SELECT coalesce(current_setting('authsome.rls', true), '') <> 'on'
       OR coalesce(current_setting('authsome.scope', true), '') = 'system'
       OR starts_with(coalesce(current_setting('authsome.scope', true), ''), app || ':')
   $$`,
];

/**
 * The audit trail is append-only for the service's role (R304). What retention and erasure need is done by these two functions, with
 * their owner's rights: dropping whole months, and emptying the personal column of one person's entries. A service that stood still for
 * months writes its first entries before their partition is there: those wait in the default partition and are moved.
 */
const AUDIT_FUNCTIONS = [
  `CREATE FUNCTION authsome_keep_audit_partitions(today timestamptz, oldest timestamptz) RETURNS void
   LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
   DECLARE
     month date;
     name text;
     first text;
     past text;
   BEGIN
     FOR month IN SELECT generate_series(date_trunc('month', today AT TIME ZONE 'UTC'),
                                         date_trunc('month', today AT TIME ZONE 'UTC') + interval '2 months',
                                         interval '1 month') LOOP
       name := 'audit_entries_' || to_char(month, 'YYYY_MM');
       CONTINUE WHEN to_regclass('public.' || name) IS NOT NULL;
       first := month || ' 00:00:00Z';
       past := (month + interval '1 month')::date || ' 00:00:00Z';
       EXECUTE format('CREATE TABLE public.%I (LIKE public.audit_entries INCLUDING ALL)', name);
       LOCK TABLE public.audit_entries_default IN ACCESS EXCLUSIVE MODE;
       EXECUTE format('WITH moved AS (DELETE FROM public.audit_entries_default WHERE occurred_at >= %L AND occurred_at < %L RETURNING *)
         INSERT INTO public.%I SELECT * FROM moved', first, past, name);
       EXECUTE format('ALTER TABLE public.audit_entries ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', name, first, past);
     END LOOP;
     DELETE FROM public.audit_entries_default WHERE occurred_at <= oldest;
     FOR name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = 'public.audit_entries'::regclass AND c.relname ~ '^audit_entries_\\d{4}_\\d{2}$'
                   AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= oldest AT TIME ZONE 'UTC' LOOP
       EXECUTE format('DROP TABLE public.%I', name);
     END LOOP;
   END $$`,
  `CREATE FUNCTION authsome_forget_person(app text, env text, person text) RETURNS void
   LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
     UPDATE public.audit_entries SET personal = '{}'
     WHERE app_id = app AND env_id = env AND (actor_id = person OR target_id = person) AND personal <> '{}';
     -- Operators act in every app: theirs is looked for in each, by audit_entries_actor_id_idx.
     UPDATE public.audit_entries e SET personal = '{}' FROM public.apps platform, public.environments t
     WHERE platform.id = app AND platform.is_platform
       AND e.app_id = t.app_id AND e.env_id = t.id AND e.actor_id = person AND e.personal <> '{}';
     UPDATE public.audit_entries e SET personal = '{}' FROM public.apps platform, public.apps t
     WHERE platform.id = app AND platform.is_platform
       AND e.app_id = t.id AND e.env_id IS NULL AND e.actor_id = person AND e.personal <> '{}';
   $$`,
];

const UP = [
  ...ROW_POLICY_FUNCTIONS,

  `CREATE TABLE apps (
    ${idColumn('app')},
    name text NOT NULL,
    slug text NOT NULL,
    description text,
    logo text,
    is_platform boolean NOT NULL,
    settings jsonb NOT NULL,
    active boolean NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT apps_pkey PRIMARY KEY (id),
    CONSTRAINT apps_slug_key UNIQUE (slug))`,
  'CREATE UNIQUE INDEX apps_platform_idx ON apps (is_platform) WHERE is_platform',

  ...appTable(
    'environments',
    `${idColumn('environment')},
    name text NOT NULL,
    slug text NOT NULL,
    type text NOT NULL CONSTRAINT environments_type_check CHECK (type IN ('development', 'staging', 'production')),
    is_default boolean NOT NULL,
    color text,
    description text,
    settings jsonb NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT environments_pkey PRIMARY KEY (id),
    CONSTRAINT environments_app_id_slug_key UNIQUE (app_id, slug),
    CONSTRAINT environments_app_id_id_key UNIQUE (app_id, id)`,
  ),
  'CREATE UNIQUE INDEX environments_app_id_default_idx ON environments (app_id) WHERE is_default',

  ...envTable(
    'publishable_keys',
    `${idColumn('publishable_key')},
    key text NOT NULL,
    retired_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT publishable_keys_pkey PRIMARY KEY (id),
    CONSTRAINT publishable_keys_key_key UNIQUE (key)`,
  ),
  'CREATE INDEX publishable_keys_app_id_env_id_idx ON publishable_keys (app_id, env_id)',

  ...appTable(
    'app_session_configs',
    `${idColumn('session_config')},
    token_ttl_seconds integer,
    refresh_token_ttl_seconds integer,
    max_active_sessions integer,
    rotate_refresh_token boolean,
    bind_to_ip boolean,
    bind_to_device boolean,
    token_format text CONSTRAINT app_session_configs_token_format_check CHECK (token_format IN ('opaque', 'jwt')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT app_session_configs_pkey PRIMARY KEY (id),
    CONSTRAINT app_session_configs_app_id_key UNIQUE (app_id)`,
  ),

  ...appTable(
    'app_client_configs',
    `${idColumn('client_config')},
    signup_enabled boolean,
    password_enabled boolean,
    require_email_verification boolean,
    app_name text,
    logo_url text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT app_client_configs_pkey PRIMARY KEY (id),
    CONSTRAINT app_client_configs_app_id_key UNIQUE (app_id)`,
  ),

  ...envTable(
    'users',
    `${idColumn('user')},
    email text,
    email_verified boolean NOT NULL,
    phone text,
    phone_verified boolean NOT NULL,
    username text,
    display_username text,
    first_name text NOT NULL,
    last_name text NOT NULL,
    image text,
    metadata jsonb NOT NULL,
    password_changed_at timestamptz,
    banned boolean NOT NULL,
    ban_reason text,
    ban_expires timestamptz,
    deleted_at timestamptz,
    auth_epoch integer NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_app_id_env_id_id_key UNIQUE (app_id, env_id, id),
    CONSTRAINT users_app_id_env_id_email_key UNIQUE (app_id, env_id, email),
    CONSTRAINT users_app_id_env_id_username_key UNIQUE (app_id, env_id, username)`,
  ),

  ...envTable(
    'user_passwords',
    `user_id text COLLATE "C" NOT NULL,
    password_hash text NOT NULL,
    contested boolean NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT user_passwords_pkey PRIMARY KEY (user_id),
    CONSTRAINT user_passwords_user_id_fkey FOREIGN KEY (app_id, env_id, user_id)
      REFERENCES users (app_id, env_id, id) ON DELETE CASCADE`,
  ),

  ...envTable(
    'devices',
    `${idColumn('device')},
    user_id text COLLATE "C" NOT NULL,
    fingerprint text NOT NULL,
    secret_hash bytea NOT NULL,
    name text,
    type text NOT NULL,
    browser text,
    os text,
    ip_address text,
    trusted boolean NOT NULL,
    trusted_until timestamptz,
    version integer NOT NULL,
    last_seen_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT devices_pkey PRIMARY KEY (id),
    CONSTRAINT devices_app_id_env_id_id_key UNIQUE (app_id, env_id, id),
    CONSTRAINT devices_secret_hash_key UNIQUE (secret_hash),
    CONSTRAINT devices_user_id_fkey FOREIGN KEY (app_id, env_id, user_id)
      REFERENCES users (app_id, env_id, id) ON DELETE CASCADE`,
  ),
  `CREATE UNIQUE INDEX devices_app_id_env_id_user_id_fingerprint_idx
     ON devices (app_id, env_id, user_id, fingerprint) WHERE NOT trusted`,
  'CREATE INDEX devices_app_id_env_id_user_id_id_idx ON devices (app_id, env_id, user_id, id)',

  ...envTable(
    'sessions',
    `${idColumn('session')},
    user_id text COLLATE "C" NOT NULL,
    family_id text COLLATE "C" NOT NULL,
    org_id text COLLATE "C",
    device_id text COLLATE "C",
    impersonated_by text COLLATE "C",
    token_format text NOT NULL,
    access_hash bytea NOT NULL,
    locator bytea NOT NULL,
    access_generation integer NOT NULL,
    refresh_generation integer NOT NULL,
    key_id text NOT NULL,
    expires_at timestamptz NOT NULL,
    refresh_token_expires_at timestamptz NOT NULL,
    absolute_expires_at timestamptz NOT NULL,
    rotated_at timestamptz NOT NULL,
    last_activity_at timestamptz NOT NULL,
    authenticated_at timestamptz NOT NULL,
    authentication_methods text[] NOT NULL,
    ip_address text,
    user_agent text,
    ended_at timestamptz,
    end_reason text,
    replayed_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_access_hash_key UNIQUE (access_hash),
    CONSTRAINT sessions_locator_key UNIQUE (locator),
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (app_id, env_id, user_id)
      REFERENCES users (app_id, env_id, id) ON DELETE CASCADE,
    CONSTRAINT sessions_device_id_fkey FOREIGN KEY (app_id, env_id, device_id)
      REFERENCES devices (app_id, env_id, id) ON DELETE SET NULL (device_id)`,
    // Each refresh updates the row in place: room on its page keeps the table from growing.
    'WITH (fillfactor = 80)',
  ),
  'CREATE INDEX sessions_app_id_env_id_user_id_id_idx ON sessions (app_id, env_id, user_id, id)',
  // Rows arrive in this order and the column never changes: a block range index costs next to nothing, and finds what to purge.
  'CREATE INDEX sessions_absolute_expires_at_idx ON sessions USING brin (absolute_expires_at)',
  'CREATE INDEX sessions_ended_at_idx ON sessions (ended_at) WHERE ended_at IS NOT NULL',

  `CREATE TABLE signing_keys (
    ${idColumn('signing_key')},
    algorithm text NOT NULL,
    public_jwk jsonb NOT NULL,
    private_sealed bytea NOT NULL,
    activates_at timestamptz NOT NULL,
    retires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT signing_keys_pkey PRIMARY KEY (id))`,

  ...envTable(
    'challenges',
    `${idColumn('verification')},
    user_id text COLLATE "C" NOT NULL,
    purpose text NOT NULL,
    email text NOT NULL,
    token_hash bytea NOT NULL,
    code_mac bytea,
    code_expires_at timestamptz,
    attempts integer NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT challenges_pkey PRIMARY KEY (id),
    CONSTRAINT challenges_user_id_purpose_key UNIQUE (app_id, env_id, user_id, purpose),
    CONSTRAINT challenges_token_hash_key UNIQUE (token_hash),
    CONSTRAINT challenges_user_id_fkey FOREIGN KEY (app_id, env_id, user_id)
      REFERENCES users (app_id, env_id, id) ON DELETE CASCADE`,
  ),
  'CREATE INDEX challenges_expires_at_idx ON challenges (expires_at)',

  ...envTable(
    'sign_in_attempts',
    `key bytea NOT NULL,
    failures integer NOT NULL,
    last_failed_at timestamptz NOT NULL,
    blocked_until timestamptz,
    CONSTRAINT sign_in_attempts_pkey PRIMARY KEY (key)`,
    '',
    // Written before every password check; like the limits, not worth a flush to disk each.
    'UNLOGGED TABLE',
  ),
  'CREATE INDEX sign_in_attempts_last_failed_at_idx ON sign_in_attempts (last_failed_at)',

  ...envTable(
    'operators',
    `user_id text COLLATE "C" NOT NULL,
    every_app boolean NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT operators_pkey PRIMARY KEY (user_id),
    CONSTRAINT operators_user_id_fkey FOREIGN KEY (app_id, env_id, user_id)
      REFERENCES users (app_id, env_id, id) ON DELETE CASCADE`,
  ),

  `CREATE TABLE operator_apps (
    user_id text COLLATE "C" NOT NULL,
    app_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT operator_apps_pkey PRIMARY KEY (user_id, app_id),
    CONSTRAINT operator_apps_user_id_fkey FOREIGN KEY (user_id) REFERENCES operators (user_id) ON DELETE CASCADE,
    CONSTRAINT operator_apps_app_id_fkey FOREIGN KEY (app_id) REFERENCES apps (id) ON DELETE CASCADE)`,
  'CREATE INDEX operator_apps_app_id_idx ON operator_apps (app_id)',

  `CREATE TABLE setup_tokens (
    token_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT setup_tokens_pkey PRIMARY KEY (token_hash))`,

  `CREATE TABLE outbox (
    ${idColumn('event')},
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    tx_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    app_id text COLLATE "C" NOT NULL,
    env_id text COLLATE "C",
    name text NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    payload jsonb NOT NULL,
    request_id text,
    occurred_at timestamptz NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (id),
    CONSTRAINT outbox_app_id_fkey FOREIGN KEY (app_id) REFERENCES apps (id) ON DELETE CASCADE)`,
  'CREATE UNIQUE INDEX outbox_sequence_idx ON outbox (sequence)',
  'CREATE INDEX outbox_subject_id_idx ON outbox (subject_id)',
  'CREATE INDEX outbox_occurred_at_idx ON outbox (occurred_at)',
  'ALTER TABLE outbox ENABLE ROW LEVEL SECURITY',
  'CREATE POLICY outbox_tenant ON outbox USING (authsome_reaches(app_id, env_id)) WITH CHECK (authsome_reaches(app_id, env_id))',

  // No foreign keys: what happened stays on record when its app is gone, until its month is dropped.
  `CREATE TABLE audit_entries (
    ${idColumn('audit_entry')},
    occurred_at timestamptz NOT NULL,
    app_id text COLLATE "C" NOT NULL,
    env_id text COLLATE "C",
    action text NOT NULL,
    outcome text NOT NULL CONSTRAINT audit_entries_outcome_check CHECK (outcome IN ('success', 'failure')),
    actor_kind text NOT NULL,
    actor_id text COLLATE "C",
    session_id text COLLATE "C",
    target_type text,
    target_id text COLLATE "C",
    request_id text,
    metadata jsonb NOT NULL,
    personal jsonb NOT NULL,
    CONSTRAINT audit_entries_pkey PRIMARY KEY (id, occurred_at)) PARTITION BY RANGE (occurred_at)`,
  'CREATE TABLE audit_entries_default PARTITION OF audit_entries DEFAULT',
  'CREATE INDEX audit_entries_actor_id_idx ON audit_entries (app_id, env_id, actor_id, id)',
  'CREATE INDEX audit_entries_target_id_idx ON audit_entries (app_id, env_id, target_id, id)',
  'ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY',
  `CREATE POLICY audit_entries_tenant ON audit_entries
     USING (authsome_reaches(app_id, env_id)) WITH CHECK (authsome_reaches(app_id, env_id))`,
  ...AUDIT_FUNCTIONS,
  "SELECT authsome_keep_audit_partitions(now(), '-infinity')",

  `CREATE TABLE jobs (
    ${idColumn('job')},
    kind text NOT NULL,
    payload jsonb NOT NULL,
    sealed bytea,
    subject_id text COLLATE "C",
    state text NOT NULL CONSTRAINT jobs_state_check CHECK (state IN ('ready', 'dead')),
    attempts integer NOT NULL,
    run_at timestamptz NOT NULL,
    leased_until timestamptz,
    last_error text,
    created_at timestamptz NOT NULL,
    CONSTRAINT jobs_pkey PRIMARY KEY (id))`,
  "CREATE INDEX jobs_run_at_idx ON jobs (run_at) WHERE state = 'ready'",
  'CREATE INDEX jobs_subject_id_idx ON jobs (subject_id) WHERE subject_id IS NOT NULL',

  `CREATE TABLE job_schedules (
    name text NOT NULL,
    next_run_at timestamptz NOT NULL,
    CONSTRAINT job_schedules_pkey PRIMARY KEY (name))`,

  // Counts are worth less than a tenth of the write-ahead log they would cost; a crash of PostgreSQL empties the table.
  `CREATE UNLOGGED TABLE rate_limits (
    key text NOT NULL,
    count integer NOT NULL,
    window_ends_at timestamptz NOT NULL,
    CONSTRAINT rate_limits_pkey PRIMARY KEY (key)) WITH (fillfactor = 50)`,
  'CREATE INDEX rate_limits_window_ends_at_idx ON rate_limits (window_ends_at)',

  `CREATE TABLE idempotency_records (
    id bytea NOT NULL,
    fingerprint bytea NOT NULL,
    status integer,
    answer bytea,
    claimed_until timestamptz,
    expires_at timestamptz NOT NULL,
    CONSTRAINT idempotency_records_pkey PRIMARY KEY (id))`,
  'CREATE INDEX idempotency_records_expires_at_idx ON idempotency_records (expires_at)',
];
