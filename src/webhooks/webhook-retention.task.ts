import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Clock } from '../kernel/clock/clock.js';
import { JobRunner, type RecurringTask } from '../kernel/jobs/job-runner.js';
import { OutgoingSystemRepository } from './deliveries/outgoing.system-repository.js';

/** Deliveries are kept as long as the events they tell of: no table grows with time alone. */
@Injectable()
export class WebhookRetention implements RecurringTask, OnModuleInit {
  readonly name = 'webhooks.purge';
  readonly everyMs = 60 * 60_000;

  constructor(
    private readonly runner: JobRunner,
    private readonly outgoing: OutgoingSystemRepository,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.runner.every(this);
  }

  run(): Promise<void> {
    return this.outgoing.anyTenantPurge(this.clock.in(-this.config.retention.eventsMs));
  }
}
