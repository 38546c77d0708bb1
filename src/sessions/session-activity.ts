import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Id } from '../kernel/ids/id.js';
import { Logger } from '../kernel/logging/logger.js';
import { SessionsSystemRepository } from './sessions.system-repository.js';

const FLUSH_MS = 1_000;

/** Writes down which sessions were used, in one statement a second, so that a checked request writes nothing itself. */
@Injectable()
export class SessionActivity implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #seen = new Map<Id<'session'>, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sessions: SessionsSystemRepository,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS);
    this.#timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  note(id: Id<'session'>, atMs: number): void {
    this.#seen.set(id, atMs);
  }

  async flush(): Promise<void> {
    if (this.#seen.size === 0) return;
    // In id order, so that two replicas lock the rows in the same order.
    const seen = [...this.#seen].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#seen.clear();
    try {
      await this.sessions.anyTenantNoteActivity(
        seen.map(([id]) => id),
        seen.map(([, at]) => new Date(at)),
      );
    } catch (error) {
      this.logger.warn('sessions.activity_not_written', { sessions: seen.length, error });
    }
  }
}
