import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { Clock } from '../../kernel/clock/clock.js';
import { JobRunner, type RecurringTask } from '../../kernel/jobs/job-runner.js';
import { UsageIngestSystemRepository } from './usage-ingest.system-repository.js';

/** Usage goes when it is kept long enough: events first, their sums later. No table grows with time alone. */
@Injectable()
export class UsageRetention implements RecurringTask, OnModuleInit {
  readonly name = 'billing.purge';
  readonly everyMs = 60 * 60_000;

  constructor(
    private readonly runner: JobRunner,
    private readonly usage: UsageIngestSystemRepository,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.runner.every(this);
  }

  run(): Promise<void> {
    const { usageEventsMs, usageSumsMs } = this.config.retention;
    return this.usage.anyTenantPurge(this.clock.in(-usageEventsMs), this.clock.in(-usageSumsMs), this.clock.now());
  }
}
