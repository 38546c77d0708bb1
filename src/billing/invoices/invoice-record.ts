import type { Actor, AuditTrail } from '../../kernel/audit/audit-trail.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { EventName } from '../../kernel/events/event-map.js';
import type { Events } from '../../kernel/events/events.js';
import '../billing.events.js';
import type { InvoiceEntity } from './invoice.entity.js';

interface Recorders {
  readonly events: Events;
  readonly audit: AuditTrail;
}

/** Says what became of an invoice: an event and an audit entry, with the change. */
export async function recordInvoice(
  { events, audit }: Recorders,
  scope: EnvScope,
  event: Extract<EventName, `billing.invoice.${string}`>,
  { id, subscriptionId, subjectKey, total, currency }: InvoiceEntity,
  actor: Actor,
): Promise<void> {
  const payload = {
    invoice_id: id,
    subscription_id: subscriptionId,
    subject: subjectKey,
    total: Number(total),
    currency,
  };
  await events.record(scope, event, id, payload);
  audit.record(scope, {
    action: event,
    actor,
    target: { type: 'invoice', id },
    metadata: { subject: subjectKey, total: Number(total), currency },
  });
}
