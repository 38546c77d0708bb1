import { chown, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Secret } from '../kernel/crypto/secret.js';
import { type Account, accountsForNewData, runAs, tried } from './account.js';
import type { Binaries } from './binaries.js';
import { newCredentials, writeCredentials, writeSecretFile } from './credentials.js';
import { EmbeddedPostgresUnavailable } from './embedded-postgres-unavailable.js';

export const DATABASE = 'authsome';
export const OWNER_ROLE = 'authsome_owner';
export const RUNTIME_ROLE = 'authsome_runtime';

/** What the launcher keeps in its folder: {@link LOCK}, {@link CLUSTER}, and clusters whose making was interrupted. */
export const LOCK = 'lock';
export const CLUSTER = 'cluster';
const UNFINISHED = 'unfinished-';
/** Inside a cluster. */
export const DATA = 'data';
export const CREDENTIALS = 'credentials.json';

/**
 * Makes a cluster in `folder`, complete with roles and database, under another name, and renames it when it is done: a start that dies
 * half-way leaves nothing that looks like data. Tries one account after another.
 * @returns the account that made it, and that can run it.
 */
export async function makeCluster(folder: string, binaries: Binaries, durable: boolean): Promise<Account> {
  const failures: string[] = [];
  for (const candidate of await accountsForNewData(folder)) {
    const unfinished = await mkdtemp(path.join(folder, UNFINISHED));
    try {
      const account = await tried(candidate, binaries.postgres);
      await fill(unfinished, account, binaries, durable);
      await rename(unfinished, path.join(folder, CLUSTER));
      if (durable) await flush(folder);
      return account;
    } catch (error) {
      failures.push(`${candidate.description}: ${(error as Error).message}`);
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  throw new EmbeddedPostgresUnavailable(
    `PostgreSQL cannot be initialised in ${folder}`,
    'Run the service as an ordinary user who may write to that folder, on a system with glibc (not Alpine Linux).',
    { details: failures },
  );
}

/** Removes what earlier starts left unfinished. What a dying initdb still writes to is left for the next start. */
export async function sweepUnfinished(folder: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(UNFINISHED)) continue;
    await rm(path.join(folder, entry), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function fill(place: string, account: Account, binaries: Binaries, durable: boolean): Promise<void> {
  const credentials = newCredentials();
  const passwordFile = path.join(place, 'password');
  await writeSecretFile(passwordFile, credentials.owner.reveal());
  await writeCredentials(path.join(place, CREDENTIALS), credentials);
  await giveTo(account, place);
  const data = path.join(place, DATA);
  await runAs(account, binaries.initdb, [
    ...['-D', data, '-U', OWNER_ROLE, `--pwfile=${passwordFile}`, '--auth-host=scram-sha-256', '--auth-local=reject'],
    ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
    ...(durable ? [] : ['--no-sync']),
  ]);
  await rm(passwordFile);
  await createRoleAndDatabase(data, credentials.runtime, account, binaries, durable);
}

/** In single-user mode: nothing listens yet, and the password travels on standard input, not in a process list. */
async function createRoleAndDatabase(
  data: string,
  password: Secret,
  account: Account,
  binaries: Binaries,
  durable: boolean,
): Promise<void> {
  const statements = [
    `CREATE ROLE ${RUNTIME_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '${password.reveal()}'`,
    `CREATE DATABASE ${DATABASE} OWNER ${OWNER_ROLE}`,
    // By default everyone may connect everywhere and create temporary tables (R342).
    ...['postgres', 'template1', DATABASE].map((database) => `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`),
    `GRANT CONNECT ON DATABASE ${DATABASE} TO ${RUNTIME_ROLE}`,
  ];
  const settings = ['exit_on_error=on', 'log_min_error_statement=panic', `fsync=${durable ? 'on' : 'off'}`];
  await runAs(
    account,
    binaries.postgres,
    ['--single', '-D', data, ...settings.flatMap((setting) => ['-c', setting]), 'postgres'],
    statements.map((statement) => `${statement}\n`).join(''),
  );
}

/** Lets another user reach its cluster. The folder around it is touched only where nothing in it is a stranger's. */
async function giveTo({ ids }: Account, place: string): Promise<void> {
  if (ids === undefined) return;
  const give = (entry: string): Promise<void> => chown(entry, ids.uid, ids.gid);
  const folder = path.dirname(place);
  const entries = await readdir(folder);
  if (entries.every((entry) => entry === LOCK || entry.startsWith(UNFINISHED))) await give(folder);
  await give(path.join(folder, LOCK));
  for (const entry of await readdir(place)) await give(path.join(place, entry));
  await give(place);
}

/** Makes the rename survive a power failure: without it committed rows could be swept as unfinished. */
async function flush(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
