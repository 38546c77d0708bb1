import { Injectable } from '@nestjs/common';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import { type Actor, AuditTrail, SYSTEM_ACTOR } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Events } from '../../kernel/events/events.js';
import type { Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../../kernel/persistence/page.js';
import '../billing.events.js';
import { InvoiceNotFound, InvoiceStateConflict } from '../billing.problems.js';
import { SubscriptionLifecycle } from '../subscriptions/subscription-lifecycle.js';
import { recordInvoice } from './invoice-record.js';
import type { InvoiceEntity } from './invoice.entity.js';
import { type InvoiceFilter, InvoicesRepository } from './invoices.repository.js';

/** What is owed, paid and void. */
@Injectable()
export class InvoicesService {
  readonly #recorders: { readonly events: Events; readonly audit: AuditTrail };

  constructor(
    private readonly invoices: InvoicesRepository,
    private readonly lifecycle: SubscriptionLifecycle,
    private readonly database: Database,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
    events: Events,
    audit: AuditTrail,
  ) {
    this.#recorders = { events, audit };
  }

  /** @param key whose it must be; undefined: anybody's. @throws InvoiceNotFound */
  async get(scope: EnvScope, id: Id<'invoice'>, key?: SubjectKey): Promise<InvoiceEntity> {
    const invoice = await this.invoices.find(scope, id);
    if (invoice === undefined || (key !== undefined && invoice.subjectKey !== key)) throw new InvoiceNotFound();
    return invoice;
  }

  /** Newest first, with the number of all, up to 10,000. @throws MalformedCursor */
  async list(
    scope: EnvScope,
    filter: InvoiceFilter,
    { limit, cursor }: PageRequest,
  ): Promise<Page<InvoiceEntity> & { readonly total: number }> {
    const list = `invoices/${scope.envId}/${JSON.stringify(filter)}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.invoices.page(scope, filter, before, limit + 1);
    return { ...this.cursors.page(list, limit, rows, ({ id }) => id), total: await this.invoices.count(scope, filter) };
  }

  /** @throws InvoiceNotFound, InvoiceStateConflict */
  pay(scope: EnvScope, id: Id<'invoice'>, paymentRef: string | null, actor: Actor): Promise<void> {
    return this.settle(scope, id, actor, 'billing.invoice.paid', (now) =>
      this.invoices.pay(scope, id, paymentRef, now),
    );
  }

  /** @throws InvoiceNotFound, InvoiceStateConflict */
  void(scope: EnvScope, id: Id<'invoice'>, reason: string | null, actor: Actor): Promise<void> {
    return this.settle(scope, id, actor, 'billing.invoice.voided', (now) => this.invoices.void(scope, id, reason, now));
  }

  /** Says that an invoice was not paid in time, if it is so: for the worker. */
  fallDue(scope: EnvScope, id: Id<'invoice'>): Promise<void> {
    return this.database.transaction(async () => {
      const invoice = await this.invoices.overdue(scope, id, this.clock.now());
      if (invoice === undefined) return;
      await recordInvoice(this.#recorders, scope, 'billing.invoice.past_due', invoice, SYSTEM_ACTOR);
      await this.lifecycle.fallBehind(scope, invoice.subscriptionId);
    });
  }

  private settle(
    scope: EnvScope,
    id: Id<'invoice'>,
    actor: Actor,
    event: 'billing.invoice.paid' | 'billing.invoice.voided',
    change: (now: Date) => Promise<InvoiceEntity | undefined>,
  ): Promise<void> {
    return this.database.transaction(async () => {
      const { status } = await this.get(scope, id);
      // Said twice is said once.
      if (event === `billing.invoice.${status === 'void' ? 'voided' : status}`) return;
      const invoice = await change(this.clock.now());
      if (invoice === undefined) throw new InvoiceStateConflict();
      await recordInvoice(this.#recorders, scope, event, invoice, actor);
      const { subscriptionId } = invoice;
      if (!(await this.invoices.hasPastDue(scope, subscriptionId)))
        await this.lifecycle.recover(scope, subscriptionId, actor);
    });
  }
}
