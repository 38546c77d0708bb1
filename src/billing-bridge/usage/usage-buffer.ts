import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Clock } from '../../kernel/clock/clock.js';
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
}

/**
 * Counts validations of API keys in memory, so that a validation costs no database work, and hands them over once a second: one row per key and
 * minute. A row gets its idempotency key when it is handed over first and keeps it until it was taken, so that a retry after a lost answer counts
 * nothing twice. A stop hands everything over; a kill loses one second at most.
 */
@Injectable()
export class UsageBuffer implements BackgroundWorker, OnModuleInit {
  readonly #boot = randomUUID();
  readonly #counts = new Map<string, Count>();
  /** Rows that have their key, in the order they got it. */
  #sealed: Usage[] = [];
  #sequence = 0;
  readonly #loop = new WakeLoop(() => this.flush());
  readonly #lost: Counter;

  constructor(
    private readonly workers: BackgroundWorkers,
    private readonly recorder: UsageRecorder,
    private readonly database: Database,
    private readonly clock: Clock,
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

  /** Counts one accepted validation of a key. No I/O, no promise. */
  keyValidated(subject: Subject, keyId: string): void {
    const minuteMs = this.clock.nowMs() - (this.clock.nowMs() % MINUTE_MS);
    const slot = `${subject.scope.envId}/${subject.key}/${keyId}/${minuteMs}`;
    const known = this.#counts.get(slot);
    if (known !== undefined) known.units += 1;
    else if (this.#counts.size + this.#sealed.length >= MOST_ROWS) this.#lost.inc();
    else this.#counts.set(slot, { subject, keyId, minuteMs, units: 1 });
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

  private seal(): void {
    for (const { subject, keyId, minuteMs, units } of this.#counts.values()) {
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
    this.#counts.clear();
  }
}
