// Jest's globalSetup: one PostgreSQL for the run, with a migrated template database that test files clone (see postgres.ts).
// Jest does not resolve or compile this file, so it takes the built code from dist/.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { authsomeDataSource } from '../../dist/ormconfig.js';
import { EmbeddedPostgres } from '../../dist/src/embedded-postgres/embedded-postgres.js';
import { FolderLock } from '../../dist/src/embedded-postgres/folder-lock.js';
import { Schema } from '../../dist/src/kernel/persistence/schema.js';

const FOLDER = 'authsome-test-';
const ABANDONED_AFTER_MS = 3_600_000;

/** Several Jest projects may each ask for a database in one process: the first gets one started, the others get the same. */
export const RUN = Symbol.for('authsome.test-run');

export default async function globalSetup() {
  globalThis[RUN] ??= prepare();
  const { context } = await globalThis[RUN];
  // Not named AUTHSOME_…: the service refuses settings that it does not know, and tests start services.
  process.env.TEST_DATABASE_CONTEXT = JSON.stringify(context);
}

async function prepare() {
  const given = process.env.AUTHSOME_TEST_DATABASE_URL;
  const server = given === undefined ? await startServer() : { adminUrl: given, stop: () => dropRun(context) };
  const runId = randomBytes(4).toString('hex');
  const context = {
    adminUrl: server.adminUrl,
    role: `authsome_test_${runId}`,
    password: randomBytes(18).toString('base64url'),
    template: `authsome_template_${runId}`,
    /** What the names of the clones begin with. */
    clones: `authsome_test_${runId}_`,
  };
  try {
    await makeTemplate(context);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { context, stop: server.stop };
}

async function startServer() {
  await removeAbandonedFolders();
  const folder = await mkdtemp(path.join(tmpdir(), FOLDER));
  const server = await EmbeddedPostgres.start({ folder, durable: false });
  return {
    adminUrl: withDatabase(server.ownerUrl, 'postgres'),
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function makeTemplate({ adminUrl, role, password, template }) {
  await withClient(adminUrl, async (client) => {
    await client.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
    await client.query(`CREATE DATABASE ${template}`);
  });
  const dataSource = await authsomeDataSource({ url: withDatabase(adminUrl, template) }).initialize();
  try {
    const schema = new Schema(dataSource);
    await schema.migrate();
    await schema.grantTo(role);
  } finally {
    await dataSource.destroy();
  }
  // A database that somebody is connected to cannot be cloned: this keeps autovacuum out too.
  await withClient(adminUrl, (client) => client.query(`ALTER DATABASE ${template} ALLOW_CONNECTIONS false`));
}

/** Leaves a server that is not ours as it was. */
async function dropRun({ adminUrl, role, template, clones }) {
  await withClient(adminUrl, async (client) => {
    const { rows } = await client.query(
      'SELECT datname AS name FROM pg_database WHERE datname = $1 OR starts_with(datname, $2)',
      [template, clones],
    );
    for (const { name } of rows) await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await client.query(`DROP ROLE IF EXISTS ${role}`);
  });
}

/** What runs leave behind that were killed. A run in progress holds the lock of its folder. */
async function removeAbandonedFolders() {
  const names = await readdir(tmpdir());
  for (const folder of names.filter((name) => name.startsWith(FOLDER)).map((name) => path.join(tmpdir(), name))) {
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs > Date.now() - ABANDONED_AFTER_MS) continue;
    try {
      const lock = FolderLock.take(path.join(folder, 'lock'));
      if (lock === undefined) continue;
      await rm(folder, { recursive: true, force: true });
      lock.release();
    } catch {
      // Another user's.
    }
  }
}

async function withClient(connectionString, work) {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function withDatabase(url, database) {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href;
}
