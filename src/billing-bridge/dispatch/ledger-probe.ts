import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { Config } from '../../config/config.js';
import { Clock } from '../../kernel/clock/clock.js';
import { type BackgroundWorker, BackgroundWorkers } from '../../kernel/jobs/background-workers.js';
import { WakeLoop } from '../../kernel/jobs/wake-loop.js';
import { Logger } from '../../kernel/logging/logger.js';
import { Metrics } from '../../kernel/metrics/metrics.js';
import { LEDGER, type Ledger } from '../ledger.js';
import { UsageDispatchesSystemRepository } from './usage-dispatches.system-repository.js';

const EVERY_MS = 15_000;

/** Watches a billing engine elsewhere: whether it answers, and how much usage waits for it or was given up. Says so in metrics and logs. */
@Injectable()
export class LedgerProbe implements BackgroundWorker, OnModuleInit {
  readonly #loop = new WakeLoop(() => this.probe());
  readonly #healthy: Gauge;
  readonly #dispatches: Gauge;
  #wasHealthy = true;

  constructor(
    @Inject(LEDGER) private readonly ledger: Ledger,
    private readonly repository: UsageDispatchesSystemRepository,
    private readonly workers: BackgroundWorkers,
    private readonly logger: Logger,
    private readonly clock: Clock,
    private readonly config: Config,
    metrics: Metrics,
  ) {
    const registers = [metrics.registry];
    this.#healthy = new Gauge({
      name: 'authsome_ledger_healthy',
      help: 'Whether the billing engine answers: 1 or 0',
      registers,
    });
    this.#dispatches = new Gauge({
      name: 'authsome_usage_dispatches',
      help: 'Usage that waits for a billing engine elsewhere, or was given up (dead); each up to 10,000',
      labelNames: ['state'],
      registers,
    });
    this.#healthy.set(1);
  }

  onModuleInit(): void {
    if (!this.ledger.transactional) this.workers.register(this);
  }

  start(): void {
    this.#loop.start(EVERY_MS);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  drain(): Promise<void> {
    return this.probe();
  }

  private async probe(): Promise<void> {
    try {
      const { healthy, detail } = await this.ledger.health();
      this.#healthy.set(healthy ? 1 : 0);
      if (healthy !== this.#wasHealthy) {
        const facts = { provider: this.ledger.name, ...(detail === undefined ? {} : { detail }) };
        if (healthy) this.logger.info('ledger.recovered', facts);
        else this.logger.warn('ledger.unhealthy', facts);
      }
      this.#wasHealthy = healthy;
      const { waiting, dead } = await this.repository.anyTenantCount();
      this.#dispatches.set({ state: 'waiting' }, waiting);
      this.#dispatches.set({ state: 'dead' }, dead);
      await this.repository.anyTenantPurge(this.clock.in(-this.config.retention.usageEventsMs));
    } catch (error) {
      this.logger.warn('ledger.not_probed', { error });
    }
  }
}
