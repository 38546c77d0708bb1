import type { MigrationInterface, QueryRunner } from 'typeorm';
import { envTable, idColumn } from './table-parts.js';

/** Plans, subscriptions, usage, what is granted beyond a plan, invoices; and what waits to be told to a billing engine elsewhere. */
export class Billing1771000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UP) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const sql of DOWN) await runner.query(sql);
  }
}

const SUBJECT = `subject_key text COLLATE "C" NOT NULL CONSTRAINT TABLE_subject_key_check CHECK (subject_key ~ '^(org|user|app):')`;
const subject = (table: string): string => SUBJECT.replace('TABLE', table);

/**
 * The half-open period [starts, ends) that an instant falls into: the n-th after the anchor, always counted from the anchor itself, so that
 * 31 January is followed by 28 or 29 February and by 31 March. Computed in UTC, whatever the time zone of the server or the session.
 */
const PERIOD_FUNCTION = `CREATE FUNCTION authsome_period(anchor timestamptz, unit text, instant timestamptz,
    OUT starts timestamptz, OUT ends timestamptz) LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  DECLARE
    first timestamp := anchor AT TIME ZONE 'UTC';
    at timestamp := instant AT TIME ZONE 'UTC';
    step interval := CASE unit WHEN 'week' THEN interval '7 days' WHEN 'none' THEN NULL ELSE ('1 ' || unit)::interval END;
    n integer;
  BEGIN
    IF unit = 'none' THEN
      starts := timestamptz '1970-01-01 00:00:00Z';
      ends := timestamptz '9999-01-01 00:00:00Z';
      RETURN;
    END IF;
    IF unit IN ('month', 'year') THEN
      n := (extract(year FROM at) - extract(year FROM first)) * 12 + extract(month FROM at) - extract(month FROM first);
      IF unit = 'year' THEN n := floor(n / 12.0); END IF;
    ELSE
      n := floor(extract(epoch FROM at - first) / extract(epoch FROM step));
    END IF;
    IF first + n * step > at THEN n := n - 1; END IF;
    starts := (first + n * step) AT TIME ZONE 'UTC';
    ends := (first + (n + 1) * step) AT TIME ZONE 'UTC';
  END $$`;

const UP = [
  PERIOD_FUNCTION,
  ...envTable(
    'billing_meters',
    `${idColumn('meter')},
    key text COLLATE "C" NOT NULL,
    event_key text COLLATE "C" NOT NULL,
    aggregation text NOT NULL CONSTRAINT billing_meters_aggregation_check CHECK (aggregation IN ('sum', 'count', 'unique', 'max', 'latest')),
    value_dimension text,
    group_by text[] NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT billing_meters_pkey PRIMARY KEY (id),
    CONSTRAINT billing_meters_app_id_env_id_key_key UNIQUE (app_id, env_id, key)`,
  ),
  ...envTable(
    'billing_plans',
    `${idColumn('plan')},
    slug text COLLATE "C" NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    currency text NOT NULL,
    status text NOT NULL CONSTRAINT billing_plans_status_check CHECK (status IN ('draft', 'active', 'archived')),
    is_addon boolean NOT NULL,
    trial_days integer NOT NULL,
    metadata jsonb NOT NULL,
    latest_version integer NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT billing_plans_pkey PRIMARY KEY (id),
    CONSTRAINT billing_plans_app_id_env_id_id_key UNIQUE (app_id, env_id, id),
    CONSTRAINT billing_plans_app_id_env_id_slug_key UNIQUE (app_id, env_id, slug)`,
  ),
  ...envTable(
    'billing_plan_versions',
    `plan_id text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    period text NOT NULL CONSTRAINT billing_plan_versions_period_check CHECK (period IN ('hour', 'day', 'week', 'month', 'year')),
    base_amount bigint NOT NULL,
    features jsonb NOT NULL,
    published_at timestamptz NOT NULL,
    CONSTRAINT billing_plan_versions_pkey PRIMARY KEY (app_id, env_id, plan_id, number),
    CONSTRAINT billing_plan_versions_plan_id_fkey FOREIGN KEY (app_id, env_id, plan_id)
      REFERENCES billing_plans (app_id, env_id, id) ON DELETE CASCADE`,
  ),
  ...envTable(
    'billing_subscriptions',
    `${idColumn('subscription')},
    ${subject('billing_subscriptions')},
    plan_id text COLLATE "C" NOT NULL,
    plan_version integer NOT NULL,
    addon boolean NOT NULL,
    status text NOT NULL CONSTRAINT billing_subscriptions_status_check
      CHECK (status IN ('trialing', 'active', 'past_due', 'paused', 'canceled', 'expired')),
    period text NOT NULL,
    anchor timestamptz NOT NULL,
    current_period_start timestamptz NOT NULL,
    current_period_end timestamptz NOT NULL,
    trial_start timestamptz,
    trial_end timestamptz,
    after_trial text NOT NULL CONSTRAINT billing_subscriptions_after_trial_check CHECK (after_trial IN ('expire', 'activate')),
    cancel_at timestamptz,
    canceled_at timestamptz,
    ended_at timestamptz,
    paused_at timestamptz,
    past_due_since timestamptz,
    grace_until timestamptz,
    coupon_id text COLLATE "C",
    next_step_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT billing_subscriptions_pkey PRIMARY KEY (id),
    CONSTRAINT billing_subscriptions_app_id_env_id_id_key UNIQUE (app_id, env_id, id),
    CONSTRAINT billing_subscriptions_plan_version_fkey FOREIGN KEY (app_id, env_id, plan_id, plan_version)
      REFERENCES billing_plan_versions (app_id, env_id, plan_id, number)`,
  ),
  'CREATE UNIQUE INDEX billing_subscriptions_live_idx ON billing_subscriptions (app_id, env_id, subject_key) WHERE ended_at IS NULL AND NOT addon',
  'CREATE INDEX billing_subscriptions_subject_key_idx ON billing_subscriptions (app_id, env_id, subject_key, id)',
  'CREATE INDEX billing_subscriptions_plan_id_idx ON billing_subscriptions (app_id, env_id, plan_id)',
  'CREATE INDEX billing_subscriptions_next_step_at_idx ON billing_subscriptions (next_step_at) WHERE next_step_at IS NOT NULL',
  ...envTable(
    'billing_spans',
    `subscription_id text COLLATE "C" NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    plan_id text COLLATE "C" NOT NULL,
    plan_version integer NOT NULL,
    CONSTRAINT billing_spans_pkey PRIMARY KEY (app_id, env_id, subscription_id, starts_at),
    CONSTRAINT billing_spans_subscription_id_fkey FOREIGN KEY (app_id, env_id, subscription_id)
      REFERENCES billing_subscriptions (app_id, env_id, id) ON DELETE CASCADE`,
  ),
  ...envTable(
    'billing_usage_events',
    `source text COLLATE "C" NOT NULL,
    dedupe_key text COLLATE "C" NOT NULL,
    ${subject('billing_usage_events')},
    feature_key text COLLATE "C" NOT NULL,
    quantity bigint NOT NULL CONSTRAINT billing_usage_events_quantity_check CHECK (quantity > 0),
    dimensions jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT billing_usage_events_pkey PRIMARY KEY (app_id, env_id, source, dedupe_key)`,
  ),
  'CREATE INDEX billing_usage_events_recorded_at_idx ON billing_usage_events USING brin (recorded_at)',
  ...envTable(
    'billing_usage_rollups',
    `${subject('billing_usage_rollups')},
    meter_key text COLLATE "C" NOT NULL,
    bucket timestamptz NOT NULL,
    dimensions text COLLATE "C" NOT NULL,
    total bigint NOT NULL,
    events bigint NOT NULL,
    highest bigint NOT NULL,
    latest bigint NOT NULL,
    latest_at timestamptz NOT NULL,
    CONSTRAINT billing_usage_rollups_pkey PRIMARY KEY (app_id, env_id, subject_key, meter_key, bucket, dimensions)`,
    'WITH (fillfactor = 70)',
  ),
  ...envTable(
    'billing_usage_uniques',
    `${subject('billing_usage_uniques')},
    meter_key text COLLATE "C" NOT NULL,
    period_start timestamptz NOT NULL,
    value text COLLATE "C" NOT NULL,
    CONSTRAINT billing_usage_uniques_pkey PRIMARY KEY (app_id, env_id, subject_key, meter_key, period_start, value)`,
  ),
  ...envTable(
    'billing_quota_marks',
    `${subject('billing_quota_marks')},
    feature_key text COLLATE "C" NOT NULL,
    period_start timestamptz NOT NULL,
    percent integer NOT NULL,
    marked_at timestamptz NOT NULL,
    CONSTRAINT billing_quota_marks_pkey PRIMARY KEY (app_id, env_id, subject_key, feature_key, period_start, percent)`,
  ),
  ...envTable(
    'billing_grants',
    `${idColumn('grant')},
    ${subject('billing_grants')},
    feature_key text COLLATE "C" NOT NULL,
    amount bigint NOT NULL,
    remaining bigint NOT NULL CONSTRAINT billing_grants_remaining_check CHECK (remaining >= 0),
    priority integer NOT NULL,
    effective_at timestamptz NOT NULL,
    expires_at timestamptz,
    least_rollover bigint NOT NULL,
    most_rollover bigint NOT NULL,
    voided_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT billing_grants_pkey PRIMARY KEY (id)`,
  ),
  'CREATE INDEX billing_grants_subject_key_idx ON billing_grants (app_id, env_id, subject_key, feature_key, id)',
  ...envTable(
    'billing_overrides',
    `${subject('billing_overrides')},
    feature_key text COLLATE "C" NOT NULL,
    units bigint,
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT billing_overrides_pkey PRIMARY KEY (app_id, env_id, subject_key, feature_key)`,
  ),
  ...envTable(
    'billing_resets',
    `${subject('billing_resets')},
    feature_key text COLLATE "C" NOT NULL,
    period_start timestamptz NOT NULL,
    baseline bigint NOT NULL,
    reset_at timestamptz NOT NULL,
    CONSTRAINT billing_resets_pkey PRIMARY KEY (app_id, env_id, subject_key, feature_key, period_start)`,
  ),
  ...envTable(
    'billing_reservations',
    `${idColumn('reservation')},
    ${subject('billing_reservations')},
    feature_key text COLLATE "C" NOT NULL,
    quantity bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT billing_reservations_pkey PRIMARY KEY (id)`,
  ),
  'CREATE INDEX billing_reservations_subject_key_idx ON billing_reservations (app_id, env_id, subject_key, feature_key)',
  'CREATE INDEX billing_reservations_expires_at_idx ON billing_reservations (expires_at)',
  ...envTable(
    'billing_coupons',
    `${idColumn('coupon')},
    voucher text COLLATE "C" NOT NULL,
    name text NOT NULL,
    type text NOT NULL CONSTRAINT billing_coupons_type_check CHECK (type IN ('percentage', 'amount')),
    percentage integer NOT NULL CONSTRAINT billing_coupons_percentage_check CHECK (percentage BETWEEN 0 AND 100),
    amount bigint NOT NULL CONSTRAINT billing_coupons_amount_check CHECK (amount >= 0),
    currency text NOT NULL,
    duration text NOT NULL CONSTRAINT billing_coupons_duration_check CHECK (duration IN ('once', 'forever')),
    max_redemptions integer NOT NULL,
    times_redeemed integer NOT NULL,
    valid_from timestamptz,
    valid_until timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT billing_coupons_pkey PRIMARY KEY (id),
    CONSTRAINT billing_coupons_app_id_env_id_id_key UNIQUE (app_id, env_id, id),
    CONSTRAINT billing_coupons_app_id_env_id_voucher_key UNIQUE (app_id, env_id, voucher)`,
  ),
  ...envTable(
    'billing_coupon_redemptions',
    `coupon_id text COLLATE "C" NOT NULL,
    ${subject('billing_coupon_redemptions')},
    redeemed_at timestamptz NOT NULL,
    CONSTRAINT billing_coupon_redemptions_pkey PRIMARY KEY (app_id, env_id, coupon_id, subject_key),
    CONSTRAINT billing_coupon_redemptions_coupon_id_fkey FOREIGN KEY (app_id, env_id, coupon_id)
      REFERENCES billing_coupons (app_id, env_id, id) ON DELETE CASCADE`,
  ),
  ...envTable(
    'billing_invoices',
    `${idColumn('invoice')},
    subscription_id text COLLATE "C" NOT NULL,
    ${subject('billing_invoices')},
    status text NOT NULL CONSTRAINT billing_invoices_status_check CHECK (status IN ('open', 'paid', 'past_due', 'void')),
    currency text NOT NULL,
    subtotal bigint NOT NULL,
    discount bigint NOT NULL,
    total bigint NOT NULL,
    lines jsonb NOT NULL,
    usage jsonb NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    paid_at timestamptz,
    payment_ref text,
    voided_at timestamptz,
    void_reason text,
    created_at timestamptz NOT NULL,
    CONSTRAINT billing_invoices_pkey PRIMARY KEY (id),
    CONSTRAINT billing_invoices_period_key UNIQUE (app_id, env_id, subscription_id, period_start),
    CONSTRAINT billing_invoices_subscription_id_fkey FOREIGN KEY (app_id, env_id, subscription_id)
      REFERENCES billing_subscriptions (app_id, env_id, id) ON DELETE CASCADE`,
  ),
  'CREATE INDEX billing_invoices_subject_key_idx ON billing_invoices (app_id, env_id, subject_key, id)',
  "CREATE INDEX billing_invoices_due_at_idx ON billing_invoices (due_at) WHERE status = 'open'",
  ...envTable(
    'usage_dispatches',
    `${idColumn('usage_dispatch')},
    provider text COLLATE "C" NOT NULL,
    ${subject('usage_dispatches')},
    feature_key text COLLATE "C" NOT NULL,
    quantity bigint NOT NULL,
    source text COLLATE "C" NOT NULL,
    dedupe_key text COLLATE "C" NOT NULL,
    dimensions jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    state text NOT NULL CONSTRAINT usage_dispatches_state_check CHECK (state IN ('waiting', 'dead')),
    attempts integer NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    last_error text,
    created_at timestamptz NOT NULL,
    CONSTRAINT usage_dispatches_pkey PRIMARY KEY (id),
    CONSTRAINT usage_dispatches_dedupe_key_key UNIQUE (app_id, env_id, provider, source, dedupe_key)`,
  ),
  "CREATE INDEX usage_dispatches_due_idx ON usage_dispatches (next_attempt_at, id) WHERE state = 'waiting'",
  ...envTable(
    'billing_customers',
    `provider text COLLATE "C" NOT NULL,
    ${subject('billing_customers')},
    external_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT billing_customers_pkey PRIMARY KEY (app_id, env_id, provider, subject_key)`,
  ),
  `INSERT INTO role_permissions (app_id, env_id, id, role_id, action, resource, created_at)
   SELECT app_id, env_id, 'aprm_' || left(right(id, 26), 24) || '14', id, 'manage', 'billing', created_at
   FROM roles WHERE slug = 'admin' AND system ON CONFLICT DO NOTHING`,
];

const TABLES = [
  'billing_customers',
  'usage_dispatches',
  'billing_invoices',
  'billing_coupon_redemptions',
  'billing_coupons',
  'billing_reservations',
  'billing_resets',
  'billing_overrides',
  'billing_grants',
  'billing_quota_marks',
  'billing_usage_uniques',
  'billing_usage_rollups',
  'billing_usage_events',
  'billing_spans',
  'billing_subscriptions',
  'billing_plan_versions',
  'billing_plans',
  'billing_meters',
];

const DOWN = [
  `DELETE FROM role_permissions p USING roles r WHERE r.id = p.role_id AND r.slug = 'admin' AND r.system
     AND p.action = 'manage' AND p.resource = 'billing'`,
  ...TABLES.map((table) => `DROP TABLE ${table}`),
  'DROP FUNCTION authsome_period(timestamptz, text, timestamptz)',
];
