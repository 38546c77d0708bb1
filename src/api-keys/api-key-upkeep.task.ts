import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Clock } from '../kernel/clock/clock.js';
import { JobRunner, type RecurringTask } from '../kernel/jobs/job-runner.js';
import { LeasesSystemRepository } from './limits/leases.system-repository.js';
import { KeyUsageSystemRepository } from './usage/key-usage.system-repository.js';

const DAY_MS = 86_400_000;

/** Deletes what has run out: secrets whose grace is over, windows, counts that were kept long enough. */
@Injectable()
export class ApiKeyUpkeep implements RecurringTask, OnModuleInit {
  readonly name = 'api_keys.purge';
  readonly everyMs = 10 * 60_000;

  constructor(
    private readonly runner: JobRunner,
    private readonly usage: KeyUsageSystemRepository,
    private readonly leases: LeasesSystemRepository,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.runner.every(this);
  }

  async run(): Promise<void> {
    await this.usage.anyTenantPurge(this.clock.in(-this.config.retention.usageSumsMs), this.clock.now());
    // The window before the one that runs still counts.
    await this.leases.anyTenantPurge(this.clock.in(-2 * DAY_MS));
  }
}
