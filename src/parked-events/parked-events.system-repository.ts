import { Injectable } from '@nestjs/common';
import type { StoredFact } from '../kernel/events/event-feed.system-repository.js';
import { OutboxEventEntity } from '../kernel/events/outbox-event.entity.js';
import { ParkedEventEntity } from '../kernel/events/parked-event.entity.js';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';

/** A parked fact, and its name while the fact is kept. */
export interface ParkedEvent extends ParkedEventEntity {
  readonly name: string | null;
}

const PAGE = statement(
  'parked_events.page',
  `SELECT ${columnsOf(ParkedEventEntity, 'p')}, o.name FROM parked_events p LEFT JOIN outbox o ON o.id = p.event_id
   WHERE ($1 = '' OR (p.event_id, p.consumer) < ($1, $2)) ORDER BY p.event_id DESC, p.consumer DESC LIMIT $3`,
);
const TAKE = statement(
  'parked_events.take',
  `WITH taken AS (DELETE FROM parked_events WHERE consumer = $1 AND event_id = $2 RETURNING event_id)
   SELECT ${columnsOf(OutboxEventEntity, 'o')}, o.tx_id AS "txId" FROM taken JOIN outbox o ON o.id = taken.event_id`,
);

/** What consumers have put aside, whosesoever it is. */
@Injectable()
export class ParkedEventsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /** Newest fact first, after `before` (empty: from the newest). */
  async anyTenantPage(
    before: { readonly eventId: string; readonly consumer: string },
    limit: number,
  ): Promise<ParkedEvent[]> {
    return (await this.query<ParkedEvent>(PAGE, [before.eventId, before.consumer, limit])).rows;
  }

  /** Takes a fact back out. @returns undefined when it is not there, or not kept any more. */
  async anyTenantTake(consumer: string, eventId: Id<'event'>): Promise<StoredFact | undefined> {
    return (await this.query<StoredFact>(TAKE, [consumer, eventId])).rows[0];
  }
}
