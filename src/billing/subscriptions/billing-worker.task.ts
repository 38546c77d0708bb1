import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../kernel/clock/clock.js';
import { scopeTo } from '../../kernel/context/scope.js';
import { JobRunner, type RecurringTask } from '../../kernel/jobs/job-runner.js';
import { Logger } from '../../kernel/logging/logger.js';
import { InvoicesService } from '../invoices/invoices.service.js';
import { DueSubscriptionsSystemRepository } from './due-subscriptions.system-repository.js';
import { SubscriptionLifecycle } from './subscription-lifecycle.js';

const AT_ONCE = 200;

/**
 * Moves on what is due: periods, trials, cancellations, grace, unpaid invoices. What it does is only the paperwork: decisions look at dates,
 * and do not wait for it. One replica has the turn; rows are locked, so that a second one would change nothing.
 */
@Injectable()
export class BillingWorker implements RecurringTask, OnModuleInit {
  readonly name = 'billing.advance';
  readonly everyMs = 60_000;

  constructor(
    private readonly runner: JobRunner,
    private readonly due: DueSubscriptionsSystemRepository,
    private readonly lifecycle: SubscriptionLifecycle,
    private readonly invoices: InvoicesService,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.runner.every(this);
  }

  async run(): Promise<void> {
    const now = this.clock.now();
    for (let batch = AT_ONCE; batch === AT_ONCE;) {
      const rows = await this.due.anyTenantDueInvoices(now, AT_ONCE);
      batch = await this.each(rows, ({ appId, envId, id }) => this.invoices.fallDue(scopeTo.env(appId, envId), id));
    }
    for (let batch = AT_ONCE; batch === AT_ONCE;) {
      const rows = await this.due.anyTenantDueSubscriptions(now, AT_ONCE);
      batch = await this.each(rows, ({ appId, envId, id }) => this.lifecycle.catchUp(scopeTo.env(appId, envId), id));
    }
  }

  /** One that fails holds up no other. @returns how many worked. */
  private async each<Row extends { readonly id: string }>(
    rows: readonly Row[],
    move: (row: Row) => Promise<void>,
  ): Promise<number> {
    let moved = 0;
    for (const row of rows) {
      try {
        await move(row);
        moved += 1;
      } catch (error) {
        this.logger.error('billing.step_failed', { id: row.id, error });
      }
    }
    return moved;
  }
}
