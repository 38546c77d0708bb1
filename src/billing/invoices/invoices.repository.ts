import { Injectable } from '@nestjs/common';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import type { FeatureUsage, InvoiceLine } from './invoice-lines.js';
import { InvoiceEntity, type InvoiceStatus } from './invoice.entity.js';

export interface NewInvoice {
  readonly id: Id<'invoice'>;
  readonly subscriptionId: Id<'subscription'>;
  readonly subjectKey: SubjectKey;
  readonly status: InvoiceStatus;
  readonly currency: string;
  readonly subtotal: number;
  readonly discount: number;
  readonly lines: readonly InvoiceLine[];
  readonly usage: readonly FeatureUsage[];
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly dueAt: Date;
}

export interface InvoiceFilter {
  readonly subjectKey?: SubjectKey;
  readonly status?: InvoiceStatus;
}

const COLUMNS = columnsOf(InvoiceEntity);

/** Once per period of a subscription: whoever closes it a second time changes nothing. */
const INSERT = envStatement(
  'billing_invoices.insert',
  `INSERT INTO billing_invoices (app_id, env_id, id, subscription_id, subject_key, status, currency, subtotal, discount, total, lines, usage,
     period_start, period_end, due_at, paid_at, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8::bigint - $9::bigint, $10, $11, $12, $13, $14,
     CASE WHEN $6 = 'paid' THEN $15::timestamptz END, $15)
   ON CONFLICT ON CONSTRAINT billing_invoices_period_key DO NOTHING RETURNING ${COLUMNS}`,
);
const FIND = envStatement(
  'billing_invoices.find',
  `SELECT ${COLUMNS} FROM billing_invoices WHERE app_id = $1 AND env_id = $2 AND id = $3`,
);
const PAGE = envStatement(
  'billing_invoices.page',
  `SELECT ${COLUMNS} FROM billing_invoices
   WHERE app_id = $1 AND env_id = $2 AND ($3::text IS NULL OR subject_key = $3) AND ($4::text IS NULL OR status = $4)
     AND ($5 = '' OR id < $5)
   ORDER BY id DESC LIMIT $6`,
  { replanned: true },
);
const COUNT = envStatement(
  'billing_invoices.count',
  `SELECT count(*)::integer AS total FROM (
     SELECT FROM billing_invoices WHERE app_id = $1 AND env_id = $2 AND ($3::text IS NULL OR subject_key = $3) AND ($4::text IS NULL OR status = $4)
     LIMIT 10000) t`,
);
const RECENT = envStatement(
  'billing_invoices.recent',
  `SELECT ${COLUMNS} FROM billing_invoices
   WHERE app_id = $1 AND env_id = $2 AND subscription_id = $3 AND period_start >= $4 AND status <> 'void' ORDER BY period_start`,
);
const PAY = envStatement(
  'billing_invoices.pay',
  `UPDATE billing_invoices SET status = 'paid', paid_at = $5, payment_ref = $4
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND status IN ('open', 'past_due') RETURNING ${COLUMNS}`,
);
const VOID = envStatement(
  'billing_invoices.void',
  `UPDATE billing_invoices SET status = 'void', voided_at = $5, void_reason = $4
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND status IN ('open', 'past_due') RETURNING ${COLUMNS}`,
);
const OVERDUE = envStatement(
  'billing_invoices.overdue',
  `UPDATE billing_invoices SET status = 'past_due'
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND status = 'open' AND due_at <= $4 RETURNING ${COLUMNS}`,
);
const HAS_PAST_DUE = envStatement(
  'billing_invoices.has_past_due',
  `SELECT EXISTS (SELECT FROM billing_invoices WHERE app_id = $1 AND env_id = $2 AND subscription_id = $3 AND status = 'past_due') AS "isPastDue"`,
);

@Injectable()
export class InvoicesRepository extends EnvScopedRepository<InvoiceEntity> {
  constructor(database: Database) {
    super(database, InvoiceEntity);
  }

  /** @returns undefined when the period was invoiced already. */
  async insert(scope: EnvScope, i: NewInvoice, now: Date): Promise<InvoiceEntity | undefined> {
    const documents = [JSON.stringify(i.lines), JSON.stringify(i.usage)];
    const money = [i.status, i.currency, i.subtotal, i.discount];
    const values = [
      i.id,
      i.subscriptionId,
      i.subjectKey,
      ...money,
      ...documents,
      i.periodStart,
      i.periodEnd,
      i.dueAt,
      now,
    ];
    return (await this.queryIn<InvoiceEntity>(scope, INSERT, values)).rows[0];
  }

  async find(scope: EnvScope, id: Id<'invoice'>): Promise<InvoiceEntity | undefined> {
    return (await this.queryIn<InvoiceEntity>(scope, FIND, [id])).rows[0];
  }

  /** Newest first, older than `before` (empty: from the newest). */
  async page(
    scope: EnvScope,
    { subjectKey, status }: InvoiceFilter,
    before: string,
    limit: number,
  ): Promise<InvoiceEntity[]> {
    const values = [subjectKey ?? null, status ?? null, before, limit];
    return (await this.queryIn<InvoiceEntity>(scope, PAGE, values)).rows;
  }

  /** Up to 10,000. */
  async count(scope: EnvScope, { subjectKey, status }: InvoiceFilter): Promise<number> {
    return (
      (await this.queryIn<{ total: number }>(scope, COUNT, [subjectKey ?? null, status ?? null])).rows[0]?.total ?? 0
    );
  }

  /** Those of a subscription whose periods began since then, oldest first. */
  async recent(scope: EnvScope, id: Id<'subscription'>, since: Date): Promise<InvoiceEntity[]> {
    return (await this.queryIn<InvoiceEntity>(scope, RECENT, [id, since])).rows;
  }

  /** @returns undefined when it does not wait for payment. */
  async pay(
    scope: EnvScope,
    id: Id<'invoice'>,
    paymentRef: string | null,
    now: Date,
  ): Promise<InvoiceEntity | undefined> {
    return (await this.queryIn<InvoiceEntity>(scope, PAY, [id, paymentRef, now])).rows[0];
  }

  /** @returns undefined when it does not wait for payment. */
  async void(scope: EnvScope, id: Id<'invoice'>, reason: string | null, now: Date): Promise<InvoiceEntity | undefined> {
    return (await this.queryIn<InvoiceEntity>(scope, VOID, [id, reason, now])).rows[0];
  }

  /** @returns undefined when it is not due, or somebody else has said so. */
  async overdue(scope: EnvScope, id: Id<'invoice'>, now: Date): Promise<InvoiceEntity | undefined> {
    return (await this.queryIn<InvoiceEntity>(scope, OVERDUE, [id, now])).rows[0];
  }

  /** Whether a subscription owes anything whose time is over. */
  async hasPastDue(scope: EnvScope, id: Id<'subscription'>): Promise<boolean> {
    return (await this.queryIn<{ isPastDue: boolean }>(scope, HAS_PAST_DUE, [id])).rows[0]?.isPastDue === true;
  }
}
