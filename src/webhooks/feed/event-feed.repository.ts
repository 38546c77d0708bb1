import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import type { FactPlace } from '../../kernel/events/event-feed.system-repository.js';
import { OutboxEventEntity } from '../../kernel/events/outbox-event.entity.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';

type EnvFact = OutboxEventEntity & { readonly envId: Id<'environment'> };
/** A fact with its place in the order of reading. */
export type FeedFact = EnvFact & FactPlace;

export interface FeedFilter {
  /** Undefined: all. */
  readonly names?: readonly string[];
  readonly since?: Date;
  readonly until?: Date;
}

export interface FeedPage {
  readonly facts: FeedFact[];
  /** Up to here everything has been looked at; nothing can appear before it any more. */
  readonly reached: FactPlace;
}

/**
 * Reads in the order of transactions, and only what is older than every transaction that still runs: a fact that commits late is read
 * late, and never missed. A place from before a restored backup is ahead of the new numbers; it then counts within what was restored.
 * Uses outbox_feed_idx.
 */
const NEXT = envStatement(
  'event_feed.next',
  `SELECT p.horizon AS "reached", f.* FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS horizon) p LEFT JOIN LATERAL (
     SELECT ${columnsOf(OutboxEventEntity)}, tx_id AS "txId" FROM outbox
     WHERE app_id = $1 AND env_id = $2 AND tx_id < p.horizon
       AND (tx_id, sequence) > (
         CASE WHEN $3::xid8 > pg_snapshot_xmax(pg_current_snapshot()) THEN '1'::xid8 ELSE $3::xid8 END, $4::bigint)
       AND ($5::text[] IS NULL OR name = ANY ($5)) AND ($6::timestamptz IS NULL OR occurred_at >= $6)
       AND ($7::timestamptz IS NULL OR occurred_at < $7)
     ORDER BY tx_id, sequence LIMIT $8) f ON true`,
);

@Injectable()
export class EventFeedRepository extends EnvScopedRepository<EnvFact> {
  constructor(database: Database) {
    super(database, OutboxEventEntity as new () => EnvFact);
  }

  async next(
    scope: EnvScope,
    { txId, sequence }: FactPlace,
    { names, since, until }: FeedFilter,
    limit: number,
  ): Promise<FeedPage> {
    const values = [txId, sequence, names ?? null, since ?? null, until ?? null, limit];
    const { rows } = await this.queryIn<FeedFact & { readonly reached: string }>(scope, NEXT, values);
    const [first] = rows;
    // The join with nothing leaves one row that tells only how far the reading went.
    const facts = first?.id == null ? [] : rows.map(({ reached: _, ...fact }) => fact);
    const last = facts.at(-1);
    if (last !== undefined && facts.length === limit) return { facts, reached: placeOf(last) };
    return { facts, reached: { txId: first?.reached ?? txId, sequence: '0' } };
  }
}

function placeOf({ txId, sequence }: FeedFact): FactPlace {
  return { txId, sequence };
}
