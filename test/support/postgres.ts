import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';

/** A migrated database of one test file's own. */
export interface TestDatabase {
  /** As the owner of every table, who may do anything. */
  readonly ownerUrl: string;
  /** As the role that runs the service. Tests of the service use this one, so that a missing grant fails there too. */
  readonly runtimeUrl: string;
  drop(): Promise<void>;
}

interface Context {
  readonly adminUrl: string;
  readonly role: string;
  readonly password: string;
  readonly template: string;
  readonly clones: string;
}

const OBJECT_IN_USE = '55006';
const MOST_ATTEMPTS = 50;
const RETRY_MS = 100;

/** Clones the template database that `global-setup.mjs` has migrated. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { adminUrl, role, password, template, clones } = context();
  const name = clones + randomBytes(6).toString('hex');
  await asAdmin(async (admin) => {
    await clone(admin, template, name);
    // Rights on a database are not cloned; by default everyone may create temporary tables (R342).
    await admin.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
    await admin.query(`GRANT CONNECT ON DATABASE ${name} TO ${role}`);
  });
  return {
    ownerUrl: withParts(adminUrl, { pathname: `/${name}` }),
    runtimeUrl: withParts(adminUrl, { pathname: `/${name}`, username: role, password }),
    drop: () => asAdmin((admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  };
}

/** While another worker clones the template, it may be in use for a moment. */
async function clone(admin: Client, template: string, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
      return;
    } catch (error) {
      const inUse = error instanceof DatabaseError && error.code === OBJECT_IN_USE;
      if (!inUse || attempt === MOST_ATTEMPTS) throw error;
      await delay(RETRY_MS);
    }
  }
}

async function asAdmin(work: (admin: Client) => Promise<unknown>): Promise<void> {
  const admin = new Client({ connectionString: context().adminUrl });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

function context(): Context {
  const json = process.env.TEST_DATABASE_CONTEXT;
  if (json === undefined) throw new Error('no test database: this Jest project lacks test/support/global-setup.mjs');
  return JSON.parse(json) as Context;
}

function withParts(url: string, parts: Partial<Pick<URL, 'pathname' | 'username' | 'password'>>): string {
  return Object.assign(new URL(url), parts).href;
}
