import type { ChildProcessByStdio } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { spawnAs } from './account.js';
import type { Cluster } from './cluster.js';
import { EmbeddedPostgresUnavailable } from './embedded-postgres-unavailable.js';
import { endProcess } from './end-process.js';

export interface ServerOptions {
  readonly port: number;
  readonly durable: boolean;
  readonly log: (line: string) => void;
}

const READY = 'database system is ready to accept connections';
const PORT_IN_USE = 'Address already in use';
const LONGEST_START_MS = 60_000;
const MOST_LINES = 20;

/** Fast: sessions are ended and everything is written. Immediate: the next start recovers. Both keep every commit. */
const STOPPING = [
  { signal: 'SIGINT', graceMs: 10_000 },
  { signal: 'SIGQUIT', graceMs: 5_000 },
] as const;

export class PortTaken extends EmbeddedPostgresUnavailable {
  constructor(port: number) {
    super(`port ${port} of 127.0.0.1 is in use`, 'Choose another port, or none to get a free one.');
  }
}

/** A running PostgreSQL server. It does not keep this process alive. */
export class ServerProcess {
  readonly #child: ChildProcessByStdio<null, null, Readable>;
  readonly #output: Interface;
  readonly #lastLines: string[] = [];
  #stopping: Promise<void> | undefined;

  private constructor(
    private readonly cluster: Cluster,
    private readonly options: ServerOptions,
  ) {
    this.#child = spawnAs(cluster.account, cluster.binaries.postgres, serverArguments(cluster.data, options));
    this.#output = createInterface({ input: this.#child.stderr }).on('line', (line) => {
      if (this.#lastLines.push(line) > MOST_LINES) this.#lastLines.shift();
      options.log(line);
    });
  }

  /** @returns once it accepts connections. @throws PortTaken, EmbeddedPostgresUnavailable with the server's last words. */
  static async start(cluster: Cluster, options: ServerOptions): Promise<ServerProcess> {
    const server = new ServerProcess(cluster, options);
    try {
      await server.acceptsConnections();
    } catch (error) {
      await server.stop();
      throw error;
    }
    server.watch();
    return server;
  }

  /** Ends every session and waits until the server is gone. */
  stop(): Promise<void> {
    this.#child.ref();
    this.#stopping ??= endProcess(this.#child, STOPPING);
    return this.#stopping;
  }

  private async acceptsConnections(): Promise<void> {
    const child = this.#child;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.#output.on('line', (line) => {
        if (line.includes(READY)) resolve();
      });
      child.once('error', (error) => reject(this.failure(error.message)));
      child.once('close', () => reject(this.failure('it ended')));
      timer = setTimeout(
        () => reject(this.failure(`it was not ready in ${LONGEST_START_MS / 1_000} seconds`)),
        LONGEST_START_MS,
      );
    }).finally(() => clearTimeout(timer));
  }

  private watch(): void {
    this.#child.once('exit', (code, signal) => {
      if (this.#stopping === undefined) {
        this.options.log(`PostgreSQL ended unexpectedly (${signal ?? `exit status ${code}`})`);
      }
    });
    this.#child.unref();
    (this.#child.stderr as Socket).unref();
  }

  private failure(what: string): EmbeddedPostgresUnavailable {
    if (this.#lastLines.some((line) => line.includes(PORT_IN_USE))) return new PortTaken(this.options.port);
    return new EmbeddedPostgresUnavailable(
      `PostgreSQL did not start on ${this.cluster.data} (${what})`,
      'Its own words above say why.',
      { details: this.#lastLines },
    );
  }
}

function serverArguments(data: string, { port, durable }: ServerOptions): string[] {
  const settings = [
    // Loopback with a password, and no socket file that other users of the machine could reach.
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=100',
    'shared_buffers=64MB',
    'timezone=UTC',
    'log_timezone=UTC',
    // A failed statement carries people's data, in its text and in the "Key (email)=(…)" of its detail (R301).
    'log_min_error_statement=panic',
    'log_error_verbosity=terse',
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ];
  return ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
}
