import { Injectable } from '@nestjs/common';
import type { Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { statement } from '../../kernel/persistence/statement.js';
import { SystemRepository } from '../../kernel/persistence/system.repository.js';

/** Something of a tenant that is due. */
export interface DueRow<Kind extends 'subscription' | 'invoice'> {
  readonly id: Id<Kind>;
  readonly appId: Id<'app'>;
  readonly envId: Id<'environment'>;
}

const DUE_SUBSCRIPTIONS = statement(
  'billing_subscriptions.due',
  `SELECT id, app_id AS "appId", env_id AS "envId" FROM billing_subscriptions WHERE next_step_at <= $1 ORDER BY next_step_at LIMIT $2`,
);
const DUE_INVOICES = statement(
  'billing_invoices.due',
  `SELECT id, app_id AS "appId", env_id AS "envId" FROM billing_invoices WHERE status = 'open' AND due_at <= $1 ORDER BY due_at LIMIT $2`,
);

/** Finds what is due in every tenant. */
@Injectable()
export class DueSubscriptionsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantDueSubscriptions(now: Date, most: number): Promise<DueRow<'subscription'>[]> {
    return (await this.query<DueRow<'subscription'>>(DUE_SUBSCRIPTIONS, [now, most])).rows;
  }

  async anyTenantDueInvoices(now: Date, most: number): Promise<DueRow<'invoice'>[]> {
    return (await this.query<DueRow<'invoice'>>(DUE_INVOICES, [now, most])).rows;
  }
}
