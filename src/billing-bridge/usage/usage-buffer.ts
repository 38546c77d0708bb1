import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Counter } from 'prom-client';
import { type BackgroundWorker, BackgroundWorkers } from '../../kernel/jobs/background-workers.js';
import { WakeLoop } from '../../kernel/jobs/wake-loop.js';
import { Logger } from '../../kernel/logging/logger.js';
import { Metrics } from '../../kernel/metrics/metrics.js';
import { Database } from '../../kernel/persistence/database.js';
import type { Subject, Usage } from '../ledger.js';
import { SERVICE_SOURCE } from './usage-of-facts.js';
import { UsageRecorder } from './usage-recorder.js';

const FLUSH_EVERY_MS = 1_000;
const MINUTE_MS = 60_000;
const MOST_AT_ONCE = 1_000;
/** Beyond that, counts are lost rather than the process: with a metric that says how many. */
const MOST_ROWS = 20_000;

interface Count {
  readonly subject: Subject;
  readonly keyId: string;
  readonly minuteMs: number;
  units: number;
  /** Handed over: what comes now belongs to another one. */
  isSealed: boolean;
}

/** A key whose validations are counted; whoever holds it has its running count at hand. */
export interface MeteredKey {
  readonly subject: Subject;
  readonly keyId: string;
  count?: Count;
}

/**
 * Counts validations of API keys in memory, so that a validation costs no database work, and hands them over once a second: one row per key and
 * minute. A row gets its idempotency key when it is handed over first and keeps it until it was taken, so that a retry after a lost answer counts
 * nothing twice. A stop hands everything over; a kill loses one second at most.
 */
@Injectable()
export class UsageBuffer implements BackgroundWorker, OnModuleInit {
  readonly #boot = randomUUID();
  #counts: Count[] = [];
  /** Rows that have their key, in the order they got it. */
  #sealed: Usage[] = [];
  #sequence = 0;
  readonly #loop = new WakeLoop(() => this.flush());
  readonly #lost: Counter;

  constructor(
    private readonly workers: BackgroundWorkers,
    private readonly recorder: UsageRecorder,
    private readonly database: Database,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.#lost = new Counter({
      name: 'authsome_usage_overflow_total',
      help: 'Validations that were not counted because the buffer was full',
      registers: [metrics.registry],
    });
  }

  onModuleInit(): void {
    this.workers.register(this);
  }

  /** Counts one accepted validation of a key. No I/O, no promise, no look-up. @param nowMs milliseconds since the epoch */
  keyValidated(key: MeteredKey, nowMs: number): void {
    const running = key.count;
    if (running !== undefined && !running.isSealed && nowMs < running.minuteMs + MINUTE_MS) running.units += 1;
    else this.begin(key, nowMs);
  }

  start(): void {
    this.#loop.start(FLUSH_EVERY_MS);
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.flush();
  }

  async drain(): Promise<void> {
    await this.flush();
  }

  private async flush(): Promise<void> {
    this.seal();
    try {
      while (this.#sealed.length > 0) {
        const batch = this.#sealed.slice(0, MOST_AT_ONCE);
        await this.database.independently(() => this.recorder.record(batch));
        this.#sealed = this.#sealed.slice(batch.length);
      }
    } catch (error) {
      // They are kept, with their keys, and handed over at the next flush.
      this.logger.warn('usage.flush_failed', { rows: this.#sealed.length, error });
    }
  }

  private begin(key: MeteredKey, nowMs: number): void {
    if (this.#counts.length + this.#sealed.length >= MOST_ROWS) return this.#lost.inc();
    const { subject, keyId } = key;
    key.count = { subject, keyId, minuteMs: nowMs - (nowMs % MINUTE_MS), units: 1, isSealed: false };
    this.#counts.push(key.count);
  }

  private seal(): void {
    for (const count of this.#counts) {
      const { subject, keyId, minuteMs, units } = count;
      count.isSealed = true;
      this.#sequence += 1;
      this.#sealed.push({
        subject,
        featureKey: 'authsome.apikeys.validated',
        quantity: units,
        source: SERVICE_SOURCE,
        idempotencyKey: `keys:${this.#boot}:${this.#sequence}`,
        occurredAt: new Date(minuteMs),
        dimensions: { key_id: keyId },
      });
    }
    this.#counts = [];
  }
}
