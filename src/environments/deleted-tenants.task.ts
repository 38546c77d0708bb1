import { Injectable, type OnModuleInit } from '@nestjs/common';
import { JobRunner, type RecurringTask } from '../kernel/jobs/job-runner.js';
import { DeletedTenantsSystemRepository } from './deleted-tenants.system-repository.js';

const BATCH = 1_000;
/** Keeps one turn to some seconds; the next turn goes on. */
const MOST_BATCHES = 20;

/**
 * Deletes what deleted apps and environments still hold, bit by bit: an app with a million users is no single transaction. They answer to
 * nobody meanwhile (R177).
 */
@Injectable()
export class DeletedTenants implements RecurringTask, OnModuleInit {
  readonly name = 'tenants.delete';
  readonly everyMs = 10_000;

  constructor(
    private readonly runner: JobRunner,
    private readonly repository: DeletedTenantsSystemRepository,
  ) {}

  onModuleInit(): void {
    this.runner.every(this);
  }

  async run(): Promise<void> {
    for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
      const users = await this.repository.anyTenantDeleteUsers(BATCH);
      const facts = await this.repository.anyTenantDeleteFacts(BATCH);
      if (users + facts > 0) continue;
      await this.repository.anyTenantDeleteRest();
      return;
    }
  }
}
