import type { Actor, AuditTrail } from '../../kernel/audit/audit-trail.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { EventMap, EventName } from '../../kernel/events/event-map.js';
import type { Events } from '../../kernel/events/events.js';
import '../billing.events.js';
import type { SubscriptionEntity } from './subscription.entity.js';

export type SubscriptionEvent = Extract<EventName, `billing.subscription.${string}`>;

interface Recorders {
  readonly events: Events;
  readonly audit: AuditTrail;
}

/** Says what became of a subscription: an event and an audit entry, with the change. @param more what the event's payload adds. */
export async function recordSubscription(
  { events, audit }: Recorders,
  scope: EnvScope,
  event: SubscriptionEvent,
  { id, subjectKey, planId, planVersion }: SubscriptionEntity,
  actor: Actor,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const facts = { subscription_id: id, subject: subjectKey, plan_id: planId, plan_version: planVersion, ...more };
  await events.record(scope, event, id, facts as EventMap[SubscriptionEvent]);
  audit.record(scope, {
    action: event,
    actor,
    target: { type: 'subscription', id },
    metadata: { subject: subjectKey, plan_id: planId, plan_version: planVersion, ...more },
  });
}
