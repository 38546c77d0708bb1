import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Idempotency } from '../http/idempotency/idempotency.js';
import { Clock } from '../kernel/clock/clock.js';
import { JobRunner } from '../kernel/jobs/job-runner.js';
import { RateLimits } from '../kernel/limits/rate-limits.js';
import { RetentionSystemRepository } from './retention.system-repository.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Recurring tasks of the kernel and the edge: what has run out is deleted, so that no table grows with time alone. */
@Injectable()
export class Housekeeping implements OnModuleInit {
  constructor(
    private readonly runner: JobRunner,
    private readonly limits: RateLimits,
    private readonly idempotency: Idempotency,
    private readonly retention: RetentionSystemRepository,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    const { eventsMs } = this.config.retention;
    const every = (name: string, everyMs: number, run: () => Promise<unknown>): void =>
      this.runner.every({ name, everyMs, run: async () => void (await run()) });
    every('rate_limits.purge', MINUTE_MS, () => this.limits.purge());
    every('idempotency.purge', HOUR_MS, () => this.idempotency.purge());
    every('outbox.purge', HOUR_MS, () => this.retention.anyTenantPurgeOutbox(this.clock.in(-eventsMs)));
  }
}
