import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Clock } from '../../kernel/clock/clock.js';
import { type BackgroundWorker, BackgroundWorkers } from '../../kernel/jobs/background-workers.js';
import { WakeLoop } from '../../kernel/jobs/wake-loop.js';
import { Logger } from '../../kernel/logging/logger.js';
import { Metrics } from '../../kernel/metrics/metrics.js';
import { Database } from '../../kernel/persistence/database.js';
import type { CachedKey } from '../key-cache.js';
import type { KeyOutcome } from '../key-rules.js';
import { KeyUsageSystemRepository, type UsageCount } from './key-usage.system-repository.js';
import { LATENCY_BUCKETS } from './latency.js';

const FLUSH_EVERY_MS = 1_000;
const HOUR_MS = 3_600_000;
/** Beyond that, counts are lost rather than the process: with a metric that says how many. */
const MOST_ROWS = 50_000;

/** One running count: of a key's secret, in an hour, with one outcome, for one purpose. */
export interface UsageTally extends UsageCount {
  readonly endMs: number;
  count: number;
  lastUsedMs: number;
  /** Handed over: what comes now belongs to another one. */
  isSealed: boolean;
}

/** The running counts of a key's secret, at hand where the key is. */
export type UsageTallies = Map<KeyOutcome, Map<string, UsageTally>>;

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
  #tallies: UsageTally[] = [];
  /** Sealed, and perhaps written: nobody knows until it was brought once more. */
  #pending: Batch | undefined;
  #flushing: Promise<void> = Promise.resolve();
  readonly #loop = new WakeLoop(() => this.flush());
  readonly #lost: Counter;

  constructor(
    private readonly repository: KeyUsageSystemRepository,
    private readonly workers: BackgroundWorkers,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.#lost = new Counter({
      name: 'authsome_api_key_usage_overflow_total',
      help: 'Uses of API keys that are missing in their usage because the buffer was full',
      registers: [metrics.registry],
    });
  }

  onModuleInit(): void {
    this.workers.register(this);
  }

  /** @param tag what it was used for. @param bucket how long validating it took: see latency.ts. @param nowMs milliseconds since the epoch */
  note(key: CachedKey, outcome: KeyOutcome, tag: string, bucket: number, nowMs: number): void {
    const running = key.tallies.get(outcome)?.get(tag);
    const tally =
      running !== undefined && !running.isSealed && nowMs < running.endMs
        ? running
        : this.begin(key, outcome, tag, nowMs);
    if (tally === undefined) return;
    tally.count += 1;
    tally.lastUsedMs = nowMs;
    (tally.latency[bucket] as number) += 1;
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

  private begin({ found, tallies }: CachedKey, outcome: KeyOutcome, tag: string, nowMs: number) {
    if (this.#tallies.length >= MOST_ROWS) {
      this.#lost.inc();
      return undefined;
    }
    const hourMs = nowMs - (nowMs % HOUR_MS);
    const { appId, envId, id: keyId, secret: generation } = found;
    const of = { appId, envId, keyId, hour: new Date(hourMs), outcome, tag, generation };
    const tally: UsageTally = {
      ...of,
      endMs: hourMs + HOUR_MS,
      count: 0,
      lastUsedMs: nowMs,
      latency: new Array<number>(LATENCY_BUCKETS).fill(0),
      isSealed: false,
    };
    const byTag = tallies.get(outcome) ?? new Map<string, UsageTally>();
    tallies.set(outcome, byTag.set(tag, tally));
    this.#tallies.push(tally);
    return tally;
  }

  /** One at a time: two at once would each take a batch for the other's. */
  private flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.writeAll());
    return this.#flushing;
  }

  private async writeAll(): Promise<void> {
    try {
      await this.writePending();
      if (this.#tallies.length === 0) return;
      for (const tally of this.#tallies) tally.isSealed = true;
      this.#pending = { id: randomUUID(), counts: summed(this.#tallies) };
      this.#tallies = [];
      await this.writePending();
    } catch (error) {
      // Kept, with its id, for the next flush; what comes meanwhile is counted on where it is.
      this.logger.warn('api_keys.usage_not_written', { rows: this.#pending?.counts.length, error });
    }
  }

  private async writePending(): Promise<void> {
    if (this.#pending === undefined) return;
    await this.write(this.#pending);
    this.#pending = undefined;
  }

  private write({ id, counts }: Batch): Promise<void> {
    return this.database.independently(async () => {
      await this.repository.anyTenantAdd(id, counts, this.clock.now());
      const used = counts.filter(({ outcome }) => outcome === 'accepted');
      if (used.length > 0) await this.repository.anyTenantTouch(used);
    });
  }
}

/** One row for what one statement may write only once: a key that was read anew meanwhile has begun a second count. */
function summed(tallies: readonly UsageTally[]): UsageCount[] {
  const rows = new Map<string, UsageTally>();
  for (const tally of tallies) {
    const slot = JSON.stringify([tally.keyId, tally.endMs, tally.outcome, tally.tag, tally.generation]);
    const row = rows.get(slot);
    if (row === undefined) rows.set(slot, { ...tally, latency: [...tally.latency] });
    else {
      row.count += tally.count;
      row.lastUsedMs = Math.max(row.lastUsedMs, tally.lastUsedMs);
      tally.latency.forEach((count, bucket) => ((row.latency[bucket] as number) += count));
    }
  }
  return [...rows.values()];
}
