import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EmbeddedPostgres } from '../../../src/embedded-postgres/embedded-postgres.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { query, refusal, temporaryFolders } from './support.js';

const INSUFFICIENT_PRIVILEGE = '42501';

const ATTRIBUTES = `SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = current_user`;
const NO_ATTRIBUTES = {
  rolsuper: false,
  rolcreatedb: false,
  rolcreaterole: false,
  rolreplication: false,
  rolbypassrls: false,
};
const OWNED = `SELECT classid::regclass::text AS kind, objid FROM pg_shdepend
  WHERE refobjid = current_user::regrole AND deptype = 'o'`;
const MEMBERSHIPS = 'SELECT roleid FROM pg_auth_members WHERE member = current_user::regrole';

// Whoever injects SQL into the service has the rights of its role: it must not be able to change the schema or drop the audit trail.
describe('the role that runs the service', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('is no superuser, has no attribute, owns nothing and is a member of nothing (R342)', async () => {
    expect(await query(database.runtimeUrl, ATTRIBUTES)).toEqual([NO_ATTRIBUTES]);
    expect(await query(database.runtimeUrl, OWNED)).toEqual([]);
    expect(await query(database.runtimeUrl, MEMBERSHIPS)).toEqual([]);
  });

  it.each([
    'CREATE TABLE own (id int)',
    'CREATE TEMPORARY TABLE own (id int)',
    'CREATE SCHEMA own',
    'CREATE FUNCTION own() RETURNS int LANGUAGE sql RETURN 1',
    'CREATE EXTENSION pgcrypto',
    'CREATE DATABASE own',
    'CREATE ROLE own',
    'ALTER TABLE users ADD COLUMN own int',
    'ALTER TABLE users DISABLE ROW LEVEL SECURITY',
    'CREATE INDEX own ON users (id)',
    'DROP TABLE users',
    'TRUNCATE audit_entries',
    'DELETE FROM audit_entries',
    "UPDATE audit_entries SET outcome = 'success'",
    'DELETE FROM migrations',
    "COPY apps TO PROGRAM 'cat'",
  ])('is refused %s (R342)', async (statement) => {
    expect(await refusal(query(database.runtimeUrl, statement))).toBe(INSUFFICIENT_PRIVILEGE);
  });

  it('reads and writes the tables of the service', async () => {
    expect(await query(database.runtimeUrl, 'SELECT count(*)::int AS n FROM users')).toEqual([{ n: 0 }]);
    expect(
      await query(database.runtimeUrl, "INSERT INTO setup_tokens VALUES ('\\x00', now()) RETURNING 1 AS one"),
    ).toEqual([{ one: 1 }]);
  });
});

describe('the runtime role of the embedded PostgreSQL', () => {
  const newFolder = temporaryFolders();

  it('has no right but to connect to its database until it is granted more (R342)', async () => {
    const postgres = await EmbeddedPostgres.start({ folder: await newFolder(), durable: false });
    try {
      const elsewhere = Object.assign(new URL(postgres.runtimeUrl), { pathname: '/postgres' }).href;
      expect(await query(postgres.runtimeUrl, ATTRIBUTES)).toEqual([NO_ATTRIBUTES]);
      expect(await query(postgres.runtimeUrl, OWNED)).toEqual([]);
      for (const statement of [
        'CREATE TABLE own (id int)',
        'CREATE TEMPORARY TABLE own (id int)',
        'CREATE SCHEMA own',
      ]) {
        expect(await refusal(query(postgres.runtimeUrl, statement))).toBe(INSUFFICIENT_PRIVILEGE);
      }
      expect(await refusal(query(elsewhere, 'SELECT'))).toBe(INSUFFICIENT_PRIVILEGE);
    } finally {
      await postgres.stop();
    }
  });
});
