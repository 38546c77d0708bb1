import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { SignedIn } from '../../support/api-client.js';
import { OwnerView } from '../../support/owner-view.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

/** Tables of the service as a whole: no row of theirs is a tenant's. Everything else must be isolated. */
const OF_NO_TENANT = [
  'api_key_usage_batches',
  'apps',
  'audit_prunings',
  'audit_sealer',
  'event_cursors',
  'idempotency_records',
  'job_schedules',
  'jobs',
  'migrations',
  'operator_apps',
  'rate_limits',
  'setup_tokens',
  'signing_keys',
];
/** What belongs to an app as a whole. */
const OF_AN_APP = ['audit_seals', 'environments', 'service_accounts'];
/** Rows of any level, down from the deployment's, which has no tenant. */
const OF_ANY_LEVEL = ['setting_changes', 'setting_values'];
/** Facts about an app or an environment: the environment may be absent, and the record outlives what it is about. */
const OF_RECORD = ['audit_entries', 'audit_entries_default', 'outbox', 'parked_events'];

describe('the schema', () => {
  let app: TestApp;
  let view: OwnerView;
  let a: TestTenant;
  let b: TestTenant;
  let ada: SignedIn;

  beforeAll(async () => {
    app = await TestApp.start();
    view = await OwnerView.open(app.database);
    [a, b] = [await app.createTenant(), await app.createTenant()];
    ada = await app.api.signUp(a);
    await app.api.signUp(b);
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  const isPartition = (table: string): boolean => /^audit_entries_/.test(table);

  /** Connects as the service does, with the row policies switched on. */
  async function asService(scope?: string): Promise<Client> {
    const client = new Client({ connectionString: app.database.runtimeUrl, options: '-c authsome.rls=on' });
    await client.connect();
    if (scope !== undefined) await client.query("SELECT set_config('authsome.scope', $1, false)", [scope]);
    return client;
  }

  it('R182: every table of tenants carries app and environment, none of them null', async () => {
    const nullable = await view.query<{ table: string; column: string }>(
      `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
       WHERE table_schema = 'public' AND column_name IN ('app_id', 'env_id') AND is_nullable = 'YES'`,
    );
    const mayBeNull = nullable.filter(
      ({ table }) => ![...OF_RECORD, ...OF_ANY_LEVEL, ...OF_AN_APP].includes(table) && !isPartition(table),
    );
    expect(mayBeNull).toEqual([]);
    for (const [table, columns] of await view.tables()) {
      if (OF_NO_TENANT.includes(table)) continue;
      expect([table, columns.includes('app_id')]).toEqual([table, true]);
      if (!OF_AN_APP.includes(table)) expect([table, columns.includes('env_id')]).toEqual([table, true]);
    }
  });

  it('R182: every table of tenants has a row policy for reading and one for writing', async () => {
    const guarded = await view.query<{ table: string; reading: string | null; writing: string | null }>(
      `SELECT c.relname AS "table", p.qual AS reading, p.with_check AS writing
       FROM pg_class c JOIN pg_policies p ON p.tablename = c.relname
       WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity`,
    );
    const tables = [...(await view.tables()).keys()].filter((table) => !OF_NO_TENANT.includes(table));
    for (const table of tables.filter((name) => !isPartition(name))) {
      const policy = guarded.find((candidate) => candidate.table === table);
      expect([table, policy?.reading, policy?.writing]).toEqual([
        table,
        expect.stringMatching(/^authsome_reaches/),
        expect.stringMatching(/^authsome_reaches/),
      ]);
    }
  });

  it('R182: unique keys that hold what tenants choose begin with the tenant', async () => {
    const keys = await view.query<{ table: string; columns: string[] }>(
      `SELECT c.conrelid::regclass::text AS "table", array_agg(a.attname::text ORDER BY k.at) AS columns
       FROM pg_constraint c CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k (attribute, at)
       JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attribute
       WHERE c.contype = 'u' AND c.connamespace = 'public'::regnamespace GROUP BY c.oid`,
    );
    const chosen = ['email', 'username', 'phone', 'slug', 'name', 'fingerprint', 'purpose'];
    for (const { table, columns } of keys) {
      if (table === 'apps' || !columns.some((column) => chosen.includes(column))) continue;
      expect([table, columns[0]]).toEqual([table, 'app_id']);
      if (!OF_AN_APP.includes(table)) expect([table, columns[1]]).toEqual([table, 'env_id']);
    }
  });

  it('R182: a foreign key to a row of another tenant is refused by the database', async () => {
    const { appId, envId } = b.scope;
    const attempts = [
      // An environment of another app.
      [`UPDATE users SET env_id = $1 WHERE id = $2`, [envId, ada.userId]],
      [`UPDATE users SET app_id = $1 WHERE id = $2`, [appId, ada.userId]],
      [`UPDATE publishable_keys SET env_id = $1 WHERE app_id = $2`, [envId, a.scope.appId]],
      // A user of another tenant.
      [`UPDATE sessions SET app_id = $1, env_id = $2 WHERE user_id = $3`, [appId, envId, ada.userId]],
      [`UPDATE devices SET app_id = $1, env_id = $2 WHERE user_id = $3`, [appId, envId, ada.userId]],
      [`UPDATE user_passwords SET app_id = $1, env_id = $2 WHERE user_id = $3`, [appId, envId, ada.userId]],
      [`UPDATE challenges SET app_id = $1, env_id = $2 WHERE user_id = $3`, [appId, envId, ada.userId]],
      [
        `UPDATE sessions SET user_id = (SELECT id FROM users WHERE app_id = $1 LIMIT 1) WHERE user_id = $2`,
        [appId, ada.userId],
      ],
      // A device of another tenant.
      [
        `UPDATE sessions SET device_id = (SELECT id FROM devices WHERE app_id = $1 LIMIT 1) WHERE user_id = $2`,
        [appId, ada.userId],
      ],
    ] as const;
    for (const [text, values] of attempts) {
      await expect(view.query(text, [...values])).rejects.toMatchObject({ code: '23503' });
    }
  });

  it('R182: under the row policies a connection without a scope sees and writes nothing of any tenant', async () => {
    const client = await asService();
    try {
      for (const table of (await view.tables()).keys()) {
        if (OF_NO_TENANT.includes(table) || isPartition(table)) continue;
        const { rows } = await client.query<{ rows: number }>(`SELECT count(*)::int AS rows FROM ${table}`);
        expect([table, rows]).toEqual([table, [{ rows: 0 }]]);
      }
      expect((await client.query('UPDATE users SET first_name = $1', ['x'])).rowCount).toBe(0);
      expect((await client.query('DELETE FROM sessions')).rowCount).toBe(0);
    } finally {
      await client.end();
    }
  });

  it('R182: under the row policies a scope reaches its own rows and no others', async () => {
    const { appId, envId } = a.scope;
    const client = await asService(`${appId}:${envId}`);
    try {
      const { rows } = await client.query<{ id: string }>('SELECT id FROM users');
      expect(rows).toEqual([{ id: ada.userId }]);
      expect(
        (await client.query('UPDATE users SET first_name = $2 WHERE app_id = $1', [b.scope.appId, 'x'])).rowCount,
      ).toBe(0);
      expect((await client.query('DELETE FROM users WHERE app_id = $1', [b.scope.appId])).rowCount).toBe(0);
      const insert = client.query(
        `INSERT INTO user_passwords (app_id, env_id, user_id, password_hash, contested, updated_at)
         SELECT $1, $2, $3, 'x', false, now()`,
        [b.scope.appId, b.scope.envId, ada.userId],
      );
      await expect(insert).rejects.toMatchObject({ code: '42501' });
    } finally {
      await client.end();
    }
  });

  it('R342: the service’s role is no superuser, owns nothing and may not change the schema', async () => {
    const client = await asService();
    try {
      const [role] = (
        await client.query(
          `SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = current_user`,
        )
      ).rows as object[];
      expect(Object.values(role ?? { missing: true })).toEqual([false, false, false, false, false]);
      const owned = await client.query(`SELECT relname FROM pg_class WHERE relowner = current_user::regrole`);
      expect(owned.rows).toEqual([]);
      for (const ddl of [
        'CREATE TABLE x (a int)',
        'CREATE TEMPORARY TABLE x (a int)',
        'ALTER TABLE users ADD COLUMN x int',
        'DROP TABLE users',
        'TRUNCATE users',
        'CREATE SCHEMA x',
        'CREATE FUNCTION x() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
        'ALTER TABLE users DISABLE ROW LEVEL SECURITY',
        'CREATE ROLE x',
        "INSERT INTO migrations (timestamp, name) VALUES (1, 'x')",
        'COPY users TO PROGRAM $$cat$$',
        "SELECT pg_read_file('/etc/hostname')",
      ]) {
        const attempt = client.query(ddl);
        await expect(
          attempt.catch((error: { code: string }) => Promise.reject(new Error(`${ddl}: ${error.code}`))),
        ).rejects.toThrow(/: 42501$/);
      }
    } finally {
      await client.end();
    }
  });
});
