import { Injectable } from '@nestjs/common';
import { Client, type ClientConfig } from 'pg';
import { Logger } from '../logging/logger.js';
import { NOTIFICATION_CHANNEL } from '../persistence/deferred-writes.js';

export interface NotificationOptions {
  readonly connection: ClientConfig;
  /** How often the listening connection is probed; a probe unanswered for as long again means it is lost. */
  readonly heartbeatMs: number;
}

type Listener = (payload: string) => void;

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;

/**
 * Hears what other replicas changed, over one PostgreSQL LISTEN connection of its own.
 *
 * While the connection is lost, changes go unheard: `isLive` is false and whoever caches must not trust the cache. A silent
 * death of the connection (a cut cable, a dropped NAT entry) is found by heartbeat, so the untrusted time is bounded by two
 * heartbeats. Listeners of `onReset` throw everything away, because it is unknown what was missed.
 */
@Injectable()
export class Notifications {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #resets = new Set<() => void>();
  #client: Client | undefined;
  #live = false;
  #stopped = true;
  #retryMs = FIRST_RETRY_MS;
  #timer: NodeJS.Timeout | undefined;
  #connecting: Promise<void> | undefined;

  constructor(
    private readonly options: NotificationOptions,
    private readonly logger: Logger,
  ) {}

  get isLive(): boolean {
    return this.#live;
  }

  /** @param payload exactly what was notified, or a prefix that ends with a colon. */
  on(payload: string, listener: Listener): void {
    const listeners = this.#listeners.get(payload) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(payload, listeners);
  }

  /** Runs whenever the connection is lost and again when it is back. */
  onReset(listener: () => void): void {
    this.#resets.add(listener);
  }

  /** Connects; on failure keeps trying in the background. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.connect();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#connecting;
    this.#live = false;
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    this.#connecting = this.tryToConnect();
    await this.#connecting;
  }

  private async tryToConnect(): Promise<void> {
    const client = new Client({ ...this.options.connection, connectionTimeoutMillis: 2_000 });
    client.on('error', () => this.lose(client));
    client.on('end', () => this.lose(client));
    client.on('notification', ({ payload }) => this.dispatch(payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${NOTIFICATION_CHANNEL}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      this.retryLater(error);
      return;
    }
    this.#client = client;
    this.#retryMs = FIRST_RETRY_MS;
    this.reset();
    this.#live = true;
    this.beatLater();
  }

  /** Hands a payload to its listeners. */
  dispatch(payload: string): void {
    for (const listener of this.#listeners.get(payload) ?? []) listener(payload);
    const colon = payload.indexOf(':');
    for (const listener of this.#listeners.get(payload.slice(0, colon + 1)) ?? []) listener(payload);
  }

  private beatLater(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.beat(), this.options.heartbeatMs);
    this.#timer.unref();
  }

  private async beat(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    let answered = false;
    const deadline = setTimeout(() => {
      if (!answered) this.lose(client);
    }, this.options.heartbeatMs);
    try {
      await client.query('SELECT 1');
      answered = true;
      if (client === this.#client) this.beatLater();
    } catch {
      this.lose(client);
    } finally {
      clearTimeout(deadline);
    }
  }

  private lose(client: Client): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    this.#live = false;
    this.reset();
    client.end().catch(() => undefined);
    this.retryLater(new Error('the listening connection was lost'));
  }

  private retryLater(error: unknown): void {
    if (this.#stopped) return;
    this.logger.warn('notifications.disconnected', { error, retry_ms: this.#retryMs });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.connect(), this.#retryMs);
    this.#timer.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  private reset(): void {
    for (const listener of this.#resets) listener();
  }
}
