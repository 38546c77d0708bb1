import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../kernel/clock/clock.js';
import { type BackgroundWorker, BackgroundWorkers } from '../../kernel/jobs/background-workers.js';
import { WakeLoop } from '../../kernel/jobs/wake-loop.js';
import { Logger } from '../../kernel/logging/logger.js';
import { Database } from '../../kernel/persistence/database.js';
import type { CachedKey } from '../key-cache.js';
import { KeyUsageSystemRepository, type UsageCount } from './key-usage.system-repository.js';

const FLUSH_EVERY_MS = 1_000;
const HOUR_MS = 3_600_000;
const MOST_ROWS = 50_000;
const ACCEPTED = 'accepted';

interface Batch {
  readonly id: string;
  readonly counts: readonly UsageCount[];
}

/**
 * Counts uses of keys in memory and writes them once a second, each batch under an id of its own that it keeps until it was written: a retry counts
 * nothing twice, a stop writes everything.
 */
@Injectable()
export class KeyUsageBuffer implements BackgroundWorker, OnModuleInit {
  #counts = new Map<string, UsageCount & { count: number; lastUsedAt: Date }>();
  #batches: Batch[] = [];
  #flushing: Promise<void> = Promise.resolve();
  readonly #loop = new WakeLoop(() => this.flush());

  constructor(
    private readonly repository: KeyUsageSystemRepository,
    private readonly workers: BackgroundWorkers,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.workers.register(this);
  }

  /** @param outcome `accepted`, or the code of the refusal. */
  note({ found }: CachedKey, outcome: string, tag: string): void {
    const nowMs = this.clock.nowMs();
    const hourMs = nowMs - (nowMs % HOUR_MS);
    const slot = `${found.id}/${hourMs}/${outcome}/${tag}/${found.secret}`;
    const known = this.#counts.get(slot);
    if (known !== undefined) {
      known.count += 1;
      known.lastUsedAt = this.clock.now();
    } else if (this.#counts.size < MOST_ROWS) {
      const { appId, envId, id: keyId, secret: generation } = found;
      this.#counts.set(slot, {
        appId,
        envId,
        keyId,
        hour: new Date(hourMs),
        outcome,
        tag,
        generation,
        count: 1,
        lastUsedAt: this.clock.now(),
      });
    }
  }

  start(): void {
    this.#loop.start(FLUSH_EVERY_MS);
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.flush();
  }

  drain(): Promise<void> {
    return this.flush();
  }

  /** One at a time: two at once would each take a batch for the other's. */
  private flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.writeAll());
    return this.#flushing;
  }

  private async writeAll(): Promise<void> {
    if (this.#counts.size > 0) {
      this.#batches.push({ id: randomUUID(), counts: [...this.#counts.values()] });
      this.#counts = new Map();
    }
    try {
      for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
        await this.write(batch);
        this.#batches.shift();
      }
    } catch (error) {
      // Kept, with their ids, for the next flush.
      this.logger.warn('api_keys.usage_not_written', { batches: this.#batches.length, error });
    }
  }

  private write({ id, counts }: Batch): Promise<void> {
    return this.database.independently(async () => {
      await this.repository.anyTenantAdd(id, counts, this.clock.now());
      const used = counts.filter(({ outcome }) => outcome === ACCEPTED);
      if (used.length > 0) await this.repository.anyTenantTouch(used);
    });
  }
}
