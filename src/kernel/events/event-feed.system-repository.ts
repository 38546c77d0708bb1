import { Injectable } from '@nestjs/common';
import { Database } from '../persistence/database.js';
import { columnsOf } from '../persistence/columns.js';
import { statement } from '../persistence/statement.js';
import { SystemRepository } from '../persistence/system.repository.js';
import { EventCursorEntity } from './event-cursor.entity.js';
import { OutboxEventEntity } from './outbox-event.entity.js';

/** A fact with its place in the order of reading. */
export interface StoredFact extends OutboxEventEntity {
  readonly txId: string;
}

/** A place in the order of reading. */
export interface FactPlace {
  readonly txId: string;
  readonly sequence: string;
}

type Cursor = EventCursorEntity & FactPlace;

const ENSURE = statement(
  'event_cursors.ensure',
  `INSERT INTO event_cursors (consumer, tx_id, sequence, failures, updated_at) SELECT c, '0', 0, 0, $2 FROM unnest($1::text[]) AS c
   ON CONFLICT DO NOTHING`,
);
/** Whoever has the row works for the consumer; the others go on to the next one. */
const TAKE = statement(
  'event_cursors.take',
  `SELECT ${columnsOf(EventCursorEntity)}, tx_id AS "txId" FROM event_cursors
   WHERE consumer = $1 AND (retry_at IS NULL OR retry_at <= $2) FOR UPDATE SKIP LOCKED`,
);
/**
 * A transaction that is still running may yet commit facts with lower numbers than some that are there already. So facts are read in the
 * order of their transactions, and only those whose transaction, like every one before it, is over: nothing can appear behind the place
 * that was reached. Uses outbox_tx_id_sequence_idx.
 */
const NEXT = statement(
  'outbox.next',
  `SELECT ${columnsOf(OutboxEventEntity)}, tx_id AS "txId" FROM outbox
   WHERE (tx_id, sequence) > ($1::xid8, $2::bigint) AND tx_id < pg_snapshot_xmin(pg_current_snapshot())
   ORDER BY tx_id, sequence LIMIT $3`,
);
/** Any transaction of the whole cluster counts, whatever its database: PostgreSQL numbers them together. */
const IS_HELD_UP = statement(
  'outbox.is_held_up',
  `SELECT EXISTS (SELECT FROM outbox WHERE tx_id >= pg_snapshot_xmin(pg_current_snapshot())) AS "isHeldUp"`,
);
const ADVANCE = statement(
  'event_cursors.advance',
  `UPDATE event_cursors SET tx_id = $2::xid8, sequence = $3, failures = 0, retry_at = NULL, updated_at = $4 WHERE consumer = $1`,
);
const FAIL = statement(
  'event_cursors.fail',
  `UPDATE event_cursors SET failures = failures + 1, retry_at = $2, updated_at = $3 WHERE consumer = $1 RETURNING failures`,
);
const PARK = statement(
  'parked_events.insert',
  `INSERT INTO parked_events (consumer, event_id, app_id, env_id, reason, parked_at) VALUES ($1, $2, $3, $4, $5, $6)
   ON CONFLICT DO NOTHING`,
);
/** After a dump was restored elsewhere, new transactions have lower numbers than the facts that came along. */
const IS_AHEAD = statement(
  'outbox.is_ahead',
  `SELECT EXISTS (SELECT FROM outbox WHERE tx_id > pg_current_xact_id())
     OR EXISTS (SELECT FROM event_cursors WHERE tx_id > pg_current_xact_id()) AS ahead`,
);
/** Each consumer's place becomes the number before the first fact it has not read: at worst some are read twice. */
const REBASE_CURSORS = statement(
  'event_cursors.rebase',
  `UPDATE event_cursors c SET tx_id = '1', sequence = coalesce(
     (SELECT min(o.sequence) - 1 FROM outbox o WHERE (o.tx_id, o.sequence) > (c.tx_id, c.sequence)),
     (SELECT max(o.sequence) FROM outbox o), 0)`,
);
const REBASE_FACTS = statement('outbox.rebase', `UPDATE outbox SET tx_id = '1'`);

/** Reads the facts of every tenant, in an order in which none is missed. */
@Injectable()
export class EventFeedSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantEnsureCursors(consumers: readonly string[], now: Date): Promise<void> {
    await this.query(ENSURE, [consumers, now]);
  }

  /** Locks a consumer's place until the transaction ends. @returns undefined when another replica has it, or it must wait. */
  async anyTenantTake(consumer: string, now: Date): Promise<Cursor | undefined> {
    return (await this.query<Cursor>(TAKE, [consumer, now])).rows[0];
  }

  /** The facts after a place. */
  async anyTenantNext({ txId, sequence }: FactPlace, most: number): Promise<StoredFact[]> {
    return (await this.query<StoredFact>(NEXT, [txId, sequence, most])).rows;
  }

  /** Whether facts are committed that may not be read yet, because an older transaction is still running. */
  async anyTenantIsHeldUp(): Promise<boolean> {
    return (await this.query<{ isHeldUp: boolean }>(IS_HELD_UP)).rows[0]?.isHeldUp === true;
  }

  async anyTenantAdvance(consumer: string, { txId, sequence }: FactPlace, now: Date): Promise<void> {
    await this.query(ADVANCE, [consumer, txId, sequence, now]);
  }

  /** @returns how many failures there have been in a row. */
  async anyTenantFail(consumer: string, retryAt: Date, now: Date): Promise<number> {
    return (await this.query<{ failures: number }>(FAIL, [consumer, retryAt, now])).rows[0]?.failures ?? 0;
  }

  async anyTenantPark(consumer: string, { id, appId, envId }: StoredFact, reason: string, now: Date): Promise<void> {
    await this.query(PARK, [consumer, id, appId, envId, reason, now]);
  }

  /** Whether the numbers of transactions have started anew below those of the facts. */
  async anyTenantIsAhead(): Promise<boolean> {
    return (await this.query<{ ahead: boolean }>(IS_AHEAD)).rows[0]?.ahead === true;
  }

  /** Lets the facts that came along be older than every new one, in the order they were recorded. */
  async anyTenantRebase(): Promise<void> {
    await this.query(REBASE_CURSORS);
    await this.query(REBASE_FACTS);
  }
}
