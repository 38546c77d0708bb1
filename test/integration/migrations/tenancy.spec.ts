import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DatabaseError } from 'pg';
import type { DataSource } from 'typeorm';
import { authsomeDataSource } from '../../../ormconfig.js';
import type { EnvScope } from '../../../src/kernel/context/scope.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import { EnvScopedRepository } from '../../../src/kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../../src/kernel/persistence/statement.js';
import { UserEntity } from '../../../src/users/user.entity.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { withClient } from './empty-database.js';

/** Tables with an `app_id` that are no tenant's: which apps an operator reaches is read by system code alone. */
const NO_TENANT = ['operator_apps'];

/** Foreign keys that cross tenants on purpose, or lead to the tenant itself. */
const CROSSING = /REFERENCES (apps\(id\)|operators\(user_id\))/;

const INSUFFICIENT_PRIVILEGE = '42501';
const FOREIGN_KEY_VIOLATION = '23503';

describe('tenancy in the database', () => {
  let app: TestApp;
  let victim: TestTenant;
  let stranger: TestTenant;
  let userId: string;

  beforeAll(async () => {
    app = await TestApp.start();
    victim = await app.createTenant();
    stranger = await app.createTenant();
    userId = (await app.api.signUp(victim)).userId;
  });
  afterAll(() => app.close());

  const asOwner = <Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> =>
    withClient(app.database.ownerUrl, async (client) => (await client.query<Row>(sql, values)).rows);

  describe('R182: a wrong insert cannot point across tenants', () => {
    it('every tenant table has row policies for reading and for writing', async () => {
      const open = await asOwner<{ table: string }>(
        `SELECT c.relname AS "table" FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'app_id')
           AND NOT (c.relrowsecurity AND EXISTS (
             SELECT FROM pg_policies p WHERE p.tablename = c.relname AND p.cmd = 'ALL' AND p.qual IS NOT NULL AND p.with_check IS NOT NULL))`,
      );
      expect(open.map(({ table }) => table)).toEqual(NO_TENANT);
    });

    it('every foreign key between tenant tables carries the tenant', async () => {
      const keys = await asOwner<{ name: string; definition: string }>(
        `SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
         WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conparentid = 0`,
      );
      const loose = keys.filter(
        ({ definition }) =>
          !/FOREIGN KEY \(app_id, (env_id, (org_id, )?)?\w+(, plan_version)?\) REFERENCES \w+\(app_id, (env_id, (org_id, )?)?((user_)?id|plan_id, number)\)/.test(
            definition,
          ) && !CROSSING.test(definition),
      );
      expect(loose).toEqual([]);
      expect(keys.length).toBeGreaterThan(10);
    });

    it.each([
      // One user has one row, whoever's it is said to be: it is moved, so that its key is not what refuses.
      ['user_passwords', 'UPDATE user_passwords SET app_id = $1, env_id = $2 WHERE user_id = $3'],
      [
        'challenges',
        `INSERT INTO challenges (app_id, env_id, id, user_id, purpose, email, token_hash, attempts, expires_at, created_at)
         VALUES ($1, $2, 'avrf_x', $3, 'reset_password', 'x', 'x', 0, now(), now())`,
      ],
      [
        'devices',
        `INSERT INTO devices (app_id, env_id, id, user_id, fingerprint, secret_hash, type, trusted, version, last_seen_at, created_at, updated_at)
         VALUES ($1, $2, 'adev_x', $3, 'x', 'x', 'desktop', false, 1, now(), now(), now())`,
      ],
      [
        'sessions',
        `INSERT INTO sessions SELECT (jsonb_populate_record(s, jsonb_build_object('app_id', $1::text, 'env_id', $2::text, 'id', 'ases_x',
           'device_id', NULL, 'access_hash', '\\x01', 'locator', '\\x01'))).* FROM sessions s WHERE user_id = $3`,
      ],
      [
        'operators',
        `INSERT INTO operators (app_id, env_id, user_id, every_app, created_at) VALUES ($1, $2, $3, true, now())`,
      ],
    ])(
      'a row of %s in one tenant for a user of another is refused, even to the owner of the schema',
      async (table, sql) => {
        await expectState(asOwner(sql, [stranger.scope.appId, stranger.scope.envId, userId]), FOREIGN_KEY_VIOLATION);
      },
    );

    it('a user of one app in an environment of another is refused', async () => {
      const insert = asOwner(
        `INSERT INTO users SELECT (jsonb_populate_record(u, jsonb_build_object('env_id', $1::text, 'id', 'ausr_x'))).* FROM users u WHERE id = $2`,
        [stranger.scope.envId, userId],
      );
      await expectState(insert, FOREIGN_KEY_VIOLATION);
    });
  });

  describe('AUTHSOME_ROW_POLICIES', () => {
    const users = (): Promise<{ id: string; first_name: string }[]> =>
      asOwner('SELECT id, first_name FROM users ORDER BY id');

    it('a statement without a scope reaches nothing', async () => {
      const { pool } = app.get(Database);
      const tables = await asOwner<{ table: string }>(`SELECT tablename AS "table" FROM pg_policies ORDER BY 1`);
      for (const { table } of tables) {
        const { rows } = await pool.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
        expect({ table, ...rows[0] }).toEqual({ table, count: '0' });
      }
      const before = await users();
      expect((await pool.query(`UPDATE users SET first_name = 'Mallory'`)).rowCount).toBe(0);
      expect((await pool.query('DELETE FROM users')).rowCount).toBe(0);
      expect(await users()).toEqual(before);
    });

    it('R170, R171: a statement that forgets its tenant stays within the scope it is run in', async () => {
      const careless = new CarelessRepository(app.get(Database));
      const before = await users();
      expect(await careless.readEveryone(stranger.scope)).toEqual([]);
      expect(await careless.renameEveryone(stranger.scope)).toBe(0);
      expect(await careless.deleteEveryone(stranger.scope)).toBe(0);
      expect(await users()).toEqual(before);
      expect(await careless.readEveryone(victim.scope)).toEqual([userId]);
    });

    it('R171: the environments of one app are as far apart as two apps', async () => {
      const staging = await app.environmentOf(victim.scope.appId, 'staging');
      const careless = new CarelessRepository(app.get(Database));
      expect(await careless.readEveryone(staging.scope)).toEqual([]);
      expect(await careless.renameEveryone(staging.scope)).toBe(0);
    });

    it('a row cannot be written into another tenant, nor moved there', async () => {
      const careless = new CarelessRepository(app.get(Database));
      await expectState(careless.move(victim.scope, stranger.scope), INSUFFICIENT_PRIVILEGE);
    });

    it('a transaction that has worked for one tenant sees nothing of it when it works for the next', async () => {
      const database = app.get(Database);
      const careless = new CarelessRepository(database);
      const seen = await database.transaction(async () => [
        await careless.readEveryone(victim.scope),
        await careless.readEveryone(stranger.scope),
        await careless.readEveryone(victim.scope),
      ]);
      expect(seen).toEqual([[userId], [], [userId]]);
    });
  });
});

describe('the runtime role', () => {
  let app: TestApp;
  let runtime: DataSource;

  beforeAll(async () => {
    app = await TestApp.start({
      env: {
        AUTHSOME_DATABASE_STATEMENT_TIMEOUT: '6s',
        AUTHSOME_DATABASE_LOCK_TIMEOUT: '3s',
        AUTHSOME_DATABASE_IDLE_TRANSACTION_TIMEOUT: '11s',
      },
    });
    await app.api.signUp(await app.createTenant());
    await app.drain();
    runtime = await authsomeDataSource({ url: app.database.runtimeUrl, poolSize: 1 }).initialize();
  });
  afterAll(async () => {
    await runtime.destroy();
    await app.close();
  });

  it.each(['UPDATE audit_entries SET outcome = outcome', 'DELETE FROM audit_entries', 'TRUNCATE audit_entries'])(
    'R304: may not %s',
    async (sql) => {
      await expectState(runtime.query(sql), INSUFFICIENT_PRIVILEGE);
    },
  );

  it('R304: reaches no partition of the audit trail but through the trail, where the row policies are', async () => {
    const partitions = await runtime.query<{ name: string }[]>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_entries'::regclass`,
    );
    expect(partitions.length).toBeGreaterThan(3);
    for (const { name } of partitions) {
      for (const sql of [`SELECT FROM ${name}`, `UPDATE ${name} SET outcome = outcome`, `DELETE FROM ${name}`]) {
        await expectState(runtime.query(sql), INSUFFICIENT_PRIVILEGE);
      }
    }
  });

  it('R342: is no superuser, owns nothing, and cannot become more than it is', async () => {
    const [role] = await runtime.query<object[]>(
      `SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication FROM pg_roles WHERE rolname = current_user`,
    );
    expect(role).toEqual({
      rolsuper: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolbypassrls: false,
      rolreplication: false,
    });
    expect(await runtime.query(`SELECT relname FROM pg_class WHERE relowner = current_user::regrole`)).toEqual([]);
    expect(
      await runtime.query(
        `SELECT datname FROM pg_database WHERE datdba = current_user::regrole AND datname = current_database()`,
      ),
    ).toEqual([]);
    expect(
      await runtime.query(`SELECT roleid::regrole FROM pg_auth_members WHERE member = current_user::regrole`),
    ).toEqual([]);
  });

  it.each([
    'CREATE TABLE loot (id text)',
    'CREATE TEMPORARY TABLE loot (id text)',
    'CREATE SCHEMA loot',
    `CREATE FUNCTION loot() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    'ALTER TABLE users ADD COLUMN loot text',
    'ALTER TABLE users DISABLE ROW LEVEL SECURITY',
    'DROP TABLE users',
    'DROP POLICY users_tenant ON users',
    'CREATE INDEX loot ON users (email)',
    'TRUNCATE users',
    'DELETE FROM migrations',
  ])('R342: has no DDL: %s', async (sql) => {
    await expectState(runtime.query(sql), INSUFFICIENT_PRIVILEGE);
  });

  it('R343: its connections give up on long statements, locks and idle transactions after the configured times', async () => {
    const show = async (name: string): Promise<unknown> =>
      Object.values((await app.dataSource.query<object[]>(`SHOW ${name}`))[0] ?? {})[0];
    expect(await show('statement_timeout')).toBe('6s');
    expect(await show('lock_timeout')).toBe('3s');
    expect(await show('idle_in_transaction_session_timeout')).toBe('11s');
  });
});

const READ = envStatement('test.read_everyone', 'SELECT id FROM users WHERE app_id = $1 AND env_id = $2 OR true');
const RENAME = envStatement(
  'test.rename_everyone',
  `UPDATE users SET first_name = 'Mallory' WHERE app_id = $1 AND env_id = $2 OR true`,
);
const DELETE = envStatement('test.delete_everyone', 'DELETE FROM users WHERE app_id = $1 AND env_id = $2 OR true');
const MOVE = envStatement('test.move', 'UPDATE users SET app_id = $3, env_id = $4 WHERE app_id = $1 AND env_id = $2');

/** Its statements name the tenant, as they must, and look past it. */
class CarelessRepository extends EnvScopedRepository<UserEntity> {
  constructor(database: Database) {
    super(database, UserEntity);
  }

  async readEveryone(scope: EnvScope): Promise<string[]> {
    return (await this.queryIn<{ id: string }>(scope, READ)).rows.map(({ id }) => id);
  }

  async renameEveryone(scope: EnvScope): Promise<number> {
    return (await this.queryIn(scope, RENAME)).count;
  }

  async deleteEveryone(scope: EnvScope): Promise<number> {
    return (await this.queryIn(scope, DELETE)).count;
  }

  async move(from: EnvScope, to: EnvScope): Promise<number> {
    return (await this.queryIn(from, MOVE, [to.appId, to.envId])).count;
  }
}

async function expectState(work: Promise<unknown>, state: string): Promise<void> {
  const failure: unknown = await work.then(
    () => 'it went through',
    (error: unknown) => (error as { driverError?: DatabaseError }).driverError?.code ?? (error as DatabaseError).code,
  );
  expect(failure).toBe(state);
}
