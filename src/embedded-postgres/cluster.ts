import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Account, accountForData, runAs, tried } from './account.js';
import { type Binaries, locateBinaries } from './binaries.js';
import { type Credentials, readCredentials } from './credentials.js';
import { EmbeddedPostgresUnavailable } from './embedded-postgres-unavailable.js';
import { CLUSTER, CREDENTIALS, DATA, makeCluster, sweepUnfinished } from './new-cluster.js';

/** Initialised data and what is needed to run a server on it. */
export interface Cluster {
  readonly data: string;
  readonly credentials: Credentials;
  readonly account: Account;
  readonly binaries: Binaries;
  /** Of the programs: `18.4`. */
  readonly version: string;
}

/** Opens the cluster in `folder`; makes it when there is none. The caller holds the folder's lock. */
export async function openCluster(folder: string, { durable }: { durable: boolean }): Promise<Cluster> {
  const binaries = await locateBinaries();
  await sweepUnfinished(folder);
  const place = path.join(folder, CLUSTER);
  const data = path.join(place, DATA);
  const account = (await exists(place))
    ? await accountOf(data, binaries)
    : await makeCluster(folder, binaries, durable);
  const version = (await runAs(account, binaries.postgres, ['--version'])).replace(/^\D*/, '').trim();
  await requireSameMajor(data, version);
  return { data, credentials: await readCredentials(path.join(place, CREDENTIALS)), account, binaries, version };
}

async function accountOf(data: string, binaries: Binaries): Promise<Account> {
  if (!(await exists(path.join(data, 'PG_VERSION')))) {
    throw new EmbeddedPostgresUnavailable(
      `${data} does not hold the data of a PostgreSQL`,
      'Restore it, or move the folder that it is in away to start afresh.',
    );
  }
  const account = await accountForData(data);
  try {
    return await tried(account, binaries.postgres);
  } catch (error) {
    throw new EmbeddedPostgresUnavailable(
      `PostgreSQL does not run ${account.description} (${(error as Error).message})`,
      `Run the service as an ordinary user, and give that user ${path.dirname(path.dirname(data))} by \`chown -R\`.`,
      { cause: error },
    );
  }
}

/** A server cannot read what another major version wrote. */
async function requireSameMajor(data: string, version: string): Promise<void> {
  const major = Number.parseInt(version, 10);
  const written = Number.parseInt(await readFile(path.join(data, 'PG_VERSION'), 'utf8'), 10);
  if (written === major) return;
  throw new EmbeddedPostgresUnavailable(
    `the data in ${data} was written by PostgreSQL ${written} and this release brings PostgreSQL ${major}`,
    'To keep the data, export it with pg_dump while the earlier release runs, move the folder away, start this release and import it. ' +
      'To start afresh, move the folder away.',
  );
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
