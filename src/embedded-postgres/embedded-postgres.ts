import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Secret } from '../kernel/crypto/secret.js';
import { type Cluster, openCluster } from './cluster.js';
import { EmbeddedPostgresUnavailable } from './embedded-postgres-unavailable.js';
import { FolderLock } from './folder-lock.js';
import { freePort } from './free-port.js';
import { stopLeftoverServers } from './leftover-servers.js';
import { DATABASE, LOCK, OWNER_ROLE, RUNTIME_ROLE } from './new-cluster.js';
import { PortTaken, ServerProcess } from './server-process.js';

export interface EmbeddedPostgresOptions {
  /** Where the data lives; made, for its owner only, when it is not there. */
  readonly folder: string;
  /** Default true. False gives up safety against a crash of the machine for speed: for tests. */
  readonly durable?: boolean;
  /** Port of 127.0.0.1. Default: a free one, another at every start. */
  readonly port?: number;
  /** Gets each line that the server logs, and one when it ends unexpectedly. */
  readonly log?: (line: string) => void;
}

const MOST_PORTS = 5;

/**
 * A PostgreSQL server of this process's own, from binaries that come as npm packages: nobody has to install a database to try the service.
 *
 * It listens on loopback, wants a password, and keeps everything in one folder that one process at a time may use. It stops with
 * {@link stop}. When this process dies instead, the server stops with it (Linux) or is stopped by the next start; either way every
 * commit is kept.
 */
export class EmbeddedPostgres {
  /** Of the server: `18.4`. */
  readonly version: string;
  readonly #ownerUrl: string;
  readonly #runtimeUrl: string;
  #stopped: Promise<void> | undefined;

  private constructor(
    { credentials, version }: Cluster,
    port: number,
    private readonly server: ServerProcess,
    private readonly lock: FolderLock,
  ) {
    this.version = version;
    this.#ownerUrl = url(OWNER_ROLE, credentials.owner, port);
    this.#runtimeUrl = url(RUNTIME_ROLE, credentials.runtime, port);
  }

  /**
   * @returns once the server accepts connections.
   * @throws EmbeddedPostgresUnavailable when the folder is in use or PostgreSQL cannot run here.
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const folder = path.resolve(options.folder);
    const lock = await lockFolder(folder);
    try {
      const durable = options.durable ?? true;
      const cluster = await openCluster(folder, { durable });
      await stopLeftoverServers(cluster.data);
      const { server, port } = await startServer(cluster, options.port, {
        durable,
        log: options.log ?? (() => undefined),
      });
      return new EmbeddedPostgres(cluster, port, server, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Carries the password of the role that owns the database, a superuser of this server: for migrations. */
  get ownerUrl(): string {
    return this.#ownerUrl;
  }

  /** Carries the password of the role that runs the service: it owns nothing and may only do what it is granted (R342). */
  get runtimeUrl(): string {
    return this.#runtimeUrl;
  }

  /** Ends every session, waits until the server is gone and frees the folder. */
  stop(): Promise<void> {
    this.#stopped ??= this.server.stop().finally(() => this.lock.release());
    return this.#stopped;
  }
}

async function lockFolder(folder: string): Promise<FolderLock> {
  const file = path.join(folder, LOCK);
  let lock: FolderLock | undefined;
  try {
    await makeFolder(folder);
    lock = FolderLock.take(file);
  } catch (error) {
    if (error instanceof EmbeddedPostgresUnavailable) throw error;
    throw new EmbeddedPostgresUnavailable(
      `the folder ${folder} cannot be used (${(error as Error).message})`,
      'Give it to the user who runs the service, or choose another folder with AUTHSOME_DATA_DIR.',
      { cause: error },
    );
  }
  if (lock !== undefined) return lock;
  const holder = FolderLock.holder(file);
  throw new EmbeddedPostgresUnavailable(
    `another process uses ${folder}${holder === undefined ? '' : ` (process ${holder})`}`,
    'Stop it, or choose another folder with AUTHSOME_DATA_DIR.',
  );
}

/** The folder is made private; one that is already there keeps its mode, it may be a mounted volume. */
async function makeFolder(folder: string): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true });
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

async function startServer(
  cluster: Cluster,
  wantedPort: number | undefined,
  options: { durable: boolean; log: (line: string) => void },
): Promise<{ server: ServerProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = wantedPort ?? (await freePort());
    try {
      return { server: await ServerProcess.start(cluster, { ...options, port }), port };
    } catch (error) {
      if (!(error instanceof PortTaken) || wantedPort !== undefined || attempt === MOST_PORTS) throw error;
    }
  }
}

function url(role: string, password: Secret, port: number): string {
  return `postgres://${role}:${password.reveal()}@127.0.0.1:${port}/${DATABASE}`;
}
