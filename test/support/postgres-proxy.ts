import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  applicationName: string;
}

/**
 * Stands between a service and its PostgreSQL. It can let the connections of one application fall silent — what is sent vanishes, and
 * neither side is told, as when a cable is cut — and counts how often a prepared statement was run.
 */
export class PostgresProxy {
  readonly #links = new Set<Link>();
  readonly #server: Server;
  readonly #runs = new Map<string, number>();
  #silent: string | undefined;
  #breaking: string | undefined;

  private constructor(
    private readonly target: URL,
    private readonly counted: readonly string[],
  ) {
    this.#server = createServer((client) => this.link(client));
  }

  /** @param counted names of prepared statements. */
  static async open(databaseUrl: string, counted: readonly string[]): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(new URL(databaseUrl), counted);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** The database's URL by way of this proxy. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return Object.assign(new URL(this.target), { hostname: '127.0.0.1', port: String(port) }).href;
  }

  runsOf(statement: string): number {
    return this.#runs.get(statement) ?? 0;
  }

  /** Cuts the connections of one application, those that it opens from now on included. */
  silence(applicationName: string): void {
    this.#silent = applicationName;
  }

  /** Breaks the next connection over which the service sends that text, before it arrives. */
  breakAt(text: string): void {
    this.#breaking = text;
  }

  /** Whether the connection that {@link breakAt} waited for has come and been broken. */
  get hasBroken(): boolean {
    return this.#breaking === undefined;
  }

  restore(): void {
    this.#silent = undefined;
  }

  close(): Promise<void> {
    for (const { client, server } of this.#links) for (const socket of [client, server]) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  private link(client: Socket): void {
    const { hostname, port } = this.target;
    const link: Link = { client, server: connect(Number(port), hostname), applicationName: '' };
    this.#links.add(link);
    client.on('data', (chunk: Buffer) => {
      if (link.applicationName === '') link.applicationName = applicationNameIn(chunk);
      this.count(chunk);
      if (this.#breaking !== undefined && chunk.includes(this.#breaking)) {
        this.#breaking = undefined;
        client.destroy();
        return;
      }
      if (!this.isSilent(link)) link.server.write(chunk);
    });
    link.server.on('data', (chunk) => {
      if (!this.isSilent(link)) client.write(chunk);
    });
    for (const socket of [client, link.server]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#links.delete(link);
        client.destroy();
        link.server.destroy();
      });
    }
  }

  private isSilent({ applicationName }: Link): boolean {
    return this.#silent !== undefined && this.#silent === applicationName;
  }

  /** A Bind message names its portal and its statement, each ended by a zero byte; the portal's name is empty. */
  private count(chunk: Buffer): void {
    for (const name of this.counted) {
      const bound = Buffer.from(`\0${name}\0`);
      for (let at = chunk.indexOf(bound); at !== -1; at = chunk.indexOf(bound, at + 1)) {
        this.#runs.set(name, this.runsOf(name) + 1);
      }
    }
  }
}

/** From a startup message: pairs of names and values, each ended by a zero byte. */
function applicationNameIn(startup: Buffer): string {
  return /\0application_name\0([^\0]*)\0/.exec(startup.toString('latin1'))?.[1] ?? '';
}
