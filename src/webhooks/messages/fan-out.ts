import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { IdGenerator, type Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { EventMessages, type ToldFact } from './event-messages.js';
import { FanOutSystemRepository, type NewDeliveryRow } from './fan-out.system-repository.js';

/** Wakes the workers of every replica. */
export const DELIVERIES_QUEUED = 'webhooks:queued';

/** What causes a delivery when nobody asked for it. */
export const HAPPENED = 'event';

/** Rows per statement: what one of them holds in memory stays small. */
const MOST_ROWS = 2_000;

/** A fact, and who wants to hear of it. */
export interface Wanted {
  readonly fact: ToldFact;
  readonly webhookIds: readonly Id<'webhook'>[];
}

/** Queues facts of one environment for endpoints, in the transaction at hand. */
@Injectable()
export class FanOut {
  constructor(
    private readonly repository: FanOutSystemRepository,
    private readonly messages: EventMessages,
    private readonly database: Database,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  async queue(scope: EnvScope, wanted: readonly Wanted[], cause: string): Promise<void> {
    const { appId, envId } = scope;
    const now = this.clock.now();
    const envelopes = await this.messages.compose(
      scope,
      wanted.map(({ fact }) => fact),
    );
    const messages = wanted.map(({ fact: { id: eventId, subjectId } }, index) => ({
      eventId,
      appId,
      envId,
      subjectId,
      body: JSON.stringify(envelopes[index]),
    }));
    await this.repository.anyTenantAddMessages(messages, now);
    const deliveries = wanted.flatMap(({ fact: { id: eventId, name: event, subjectId, sequence }, webhookIds }) =>
      webhookIds.map((webhookId): NewDeliveryRow => {
        const id = this.ids.next('webhook_delivery');
        return { id, appId, envId, webhookId, eventId, event, subjectId, sequence };
      }),
    );
    for (let start = 0; start < deliveries.length; start += MOST_ROWS) {
      await this.repository.anyTenantAddDeliveries(deliveries.slice(start, start + MOST_ROWS), cause, now);
    }
    this.database.announce(DELIVERIES_QUEUED);
  }
}
