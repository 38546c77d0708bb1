import { Injectable } from '@nestjs/common';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { scopeTo } from '../kernel/context/scope.js';
import { EventRelay } from '../kernel/events/event-relay.js';
import type { Id } from '../kernel/ids/id.js';
import { Logger } from '../kernel/logging/logger.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import { ParkedEventNotFound, ParkedEventRefused } from './parked-events.problems.js';
import { type ParkedEvent, ParkedEventsSystemRepository } from './parked-events.system-repository.js';

const LIST = 'parked_events';
/** Neither a consumer's name nor an id holds one. */
const SEPARATOR = ' ';

/** Facts that a consumer has refused again and again, for somebody to look at (F21). */
@Injectable()
export class ParkedEventsService {
  constructor(
    private readonly parked: ParkedEventsSystemRepository,
    private readonly relay: EventRelay,
    private readonly database: Database,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly logger: Logger,
  ) {}

  /** Newest fact first. @throws MalformedCursor */
  async list({ limit, cursor }: PageRequest): Promise<Page<ParkedEvent>> {
    const [eventId = '', consumer = ''] =
      cursor === undefined ? [] : this.cursors.decode(LIST, cursor).split(SEPARATOR);
    const rows = await this.parked.anyTenantPage({ eventId, consumer }, limit + 1);
    return this.cursors.page(LIST, limit, rows, (row) => row.eventId + SEPARATOR + row.consumer);
  }

  /**
   * Hands a fact to its consumer once more: it stays parked when that fails.
   * @throws ParkedEventNotFound, ParkedEventRefused
   */
  async retry(consumer: string, eventId: Id<'event'>, actor: Actor): Promise<void> {
    const takes = this.relay.consumerNamed(consumer);
    if (takes === undefined) throw new ParkedEventNotFound();
    await this.database.independently(async () => {
      const fact = await this.parked.anyTenantTake(consumer, eventId);
      if (fact === undefined) throw new ParkedEventNotFound();
      try {
        await takes.apply([fact]);
      } catch (error) {
        this.logger.warn('events.consumer_failed', { consumer, event_id: eventId, error });
        throw new ParkedEventRefused({ cause: error });
      }
      const { appId, envId } = fact;
      this.audit.record(envId === null ? scopeTo.app(appId) : scopeTo.env(appId, envId), {
        action: 'parked_event.retry',
        actor,
        target: { type: 'event', id: eventId },
        metadata: { consumer },
      });
    });
  }
}
