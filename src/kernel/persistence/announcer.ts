import { NOTIFICATION_CHANNEL, type Told } from './deferred-writes.js';

const ANNOUNCE = `SELECT pg_notify('${NOTIFICATION_CHANNEL}', n) FROM unnest($1::text[]) AS n`;

/** A lost announcement is late by this, not lost for good. */
const RETRY_MS = 100;

/**
 * Tells the replicas what has just been committed, many commits at a time.
 *
 * A revocation is told by the commit itself. But PostgreSQL makes transactions that NOTIFY commit one after the other, each with its own
 * flush to disk: a few hundred a second, whatever the hardware. What happens often and may reach the others a moment late — a session has
 * new tokens, there is work — is sent after the commit instead, by a statement that writes nothing.
 */
export class Announcer {
  #waiting: string[] = [];
  #batch: Promise<void> | undefined;
  #hear: (payload: string) => void = () => undefined;

  constructor(private readonly send: (text: string, values: unknown[]) => Promise<unknown>) {}

  hear(listener: (payload: string) => void): void {
    this.#hear = listener;
  }

  /** @returns once everything that was not told by the commit is on its way. Never fails: what is committed stays committed. */
  announce({ notifications, announcements, whispers }: Told): Promise<void> {
    for (const payload of [...notifications, ...announcements, ...whispers]) this.#hear(payload);
    return announcements.length === 0 ? Promise.resolve() : this.enqueue(announcements);
  }

  /** Whatever is announced while one batch is on its way leaves with the next. */
  private async sendSoon(): Promise<void> {
    await Promise.resolve();
    const payloads = [...new Set(this.#waiting.splice(0))];
    this.#batch = undefined;
    try {
      await this.send(ANNOUNCE, [payloads]);
    } catch {
      // It may be this replica alone whose connection broke or whose pool is exhausted: the others still listen, and trust their caches.
      setTimeout(() => void this.enqueue(payloads), RETRY_MS).unref();
    }
  }

  private enqueue(payloads: readonly string[]): Promise<void> {
    this.#waiting.push(...payloads);
    this.#batch ??= this.sendSoon();
    return this.#batch;
  }
}
