import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Pool } from 'undici';
import { freePort } from '../../src/embedded-postgres/free-port.js';
import type { Answer, RequestOptions } from './api-client.js';
import { eventually } from './eventually.js';

const MAIN = path.resolve('dist/src/cli/main.js');
const CONNECTIONS = 128;
const LOG_LINES = 200;
const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 25_000;

export type ReplicaRequest = Omit<RequestOptions, 'remoteAddress' | 'payload'>;

interface LogLine {
  readonly level?: number | string;
  readonly event?: string;
}

/** A process of its own that serves, as in production, and the connections of one client to it. */
export class Replica {
  readonly #log: string[] = [];
  readonly #http: Pool;
  readonly #exit: Promise<number | null>;

  private constructor(
    readonly process: ChildProcess,
    readonly url: string,
  ) {
    this.#http = new Pool(url, {
      connections: CONNECTIONS,
      pipelining: 1,
      headersTimeout: 30_000,
      bodyTimeout: 30_000,
    });
    this.#exit = once(process, 'close').then(([code]) => code as number | null);
    for (const stream of [process.stdout, process.stderr]) {
      createInterface({ input: stream as Readable }).on('line', (line) => this.note(line));
    }
  }

  /** @param env every setting but the port. */
  static async spawn(env: Readonly<Record<string, string>>): Promise<Replica> {
    const port = await freePort();
    const child = spawn(process.execPath, [MAIN, 'serve'], {
      // Nothing of the test's own environment: the service refuses settings that it does not know.
      env: { PATH: process.env.PATH, ...env, AUTHSOME_PORT: String(port), AUTHSOME_HOST: '127.0.0.1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Replica(child, `http://127.0.0.1:${port}`);
  }

  /** The last lines it wrote. */
  get log(): string {
    return this.#log.join('\n');
  }

  /** Lines that tell of a failure of the service's own. */
  get errors(): string[] {
    return this.#log.filter(isError);
  }

  /** The secret that a service without an owner shows when it starts. */
  get setupToken(): string | undefined {
    const line = this.#log.find((candidate) => candidate.includes('"setup_token"'));
    return line === undefined ? undefined : (JSON.parse(line) as { setup: string }).setup;
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  async ready(): Promise<void> {
    try {
      await eventually(
        'readiness',
        async () => {
          if (!this.isRunning) throw new Error('the process ended');
          return (await this.get('/health/ready').catch(() => undefined))?.status === 200;
        },
        READY_WITHIN_MS,
      );
    } catch (error) {
      throw new Error(`the replica did not start: ${(error as Error).message}\n${this.log}`);
    }
  }

  /** Opens connections beforehand, so that requests which are sent together also arrive together. */
  async connect(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.get('/health/live')));
  }

  get(url: string, options?: ReplicaRequest): Promise<Answer> {
    return this.request('GET', url, options);
  }

  post(url: string, options?: ReplicaRequest): Promise<Answer> {
    return this.request('POST', url, options);
  }

  delete(url: string, options?: ReplicaRequest): Promise<Answer> {
    return this.request('DELETE', url, options);
  }

  async request(
    method: string,
    url: string,
    { tenant, token, body, headers, query }: ReplicaRequest = {},
  ): Promise<Answer> {
    const response = await this.#http.request({
      method: method as 'GET',
      path: url,
      ...(query === undefined ? {} : { query: { ...query } }),
      headers: {
        'user-agent': 'replica-test',
        ...(tenant === undefined ? {} : { 'x-publishable-key': tenant.publishableKey }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    const json = /json/.test(String(response.headers['content-type'])) && text !== '';
    return {
      status: response.statusCode,
      headers: response.headers,
      body: json ? (JSON.parse(text) as Record<string, unknown>) : {},
      text,
    };
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** @returns the exit code, or null when a signal ended it. */
  exit(): Promise<number | null> {
    return this.#exit;
  }

  /** Asks it to stop, and ends it when it does not. @returns the exit code. */
  async stop(): Promise<number | null> {
    if (this.isRunning) {
      this.signal('SIGTERM');
      const timer = setTimeout(() => this.signal('SIGKILL'), STOP_WITHIN_MS);
      await this.#exit;
      clearTimeout(timer);
    }
    await this.#http.destroy();
    return this.#exit;
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#exit;
    await this.#http.destroy();
  }

  private note(line: string): void {
    this.#log.push(line);
    this.#log.splice(0, Math.max(0, this.#log.length - LOG_LINES));
  }
}

const ERROR_LEVEL = 50;

function isError(line: string): boolean {
  try {
    const { level } = JSON.parse(line) as LogLine;
    return typeof level === 'number' && level >= ERROR_LEVEL;
  } catch {
    // What is no JSON was not written by the logger: a crash.
    return true;
  }
}
