import { Injectable } from '@nestjs/common';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { statement } from '../../kernel/persistence/statement.js';
import { SystemRepository } from '../../kernel/persistence/system.repository.js';
import type { Usage } from '../ledger.js';
import { UsageDispatchEntity } from './usage-dispatch.entity.js';

const COLUMNS = columnsOf(UsageDispatchEntity);

/** An environment that is gone meanwhile is left out. */
const QUEUE = statement(
  'usage_dispatches.queue',
  `INSERT INTO usage_dispatches (id, app_id, env_id, provider, subject_key, feature_key, quantity, source, dedupe_key, dimensions, occurred_at,
     state, attempts, next_attempt_at, created_at)
   SELECT i.id, i.app_id, i.env_id, $1, i.subject_key, i.feature_key, i.quantity, i.source, i.dedupe_key, i.dimensions, i.occurred_at,
     'waiting', 0, $12, $12
   FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::jsonb[], $11::timestamptz[])
     AS i (id, app_id, env_id, subject_key, feature_key, quantity, source, dedupe_key, dimensions, occurred_at)
   JOIN environments e ON e.app_id = i.app_id AND e.id = i.env_id
   ON CONFLICT ON CONSTRAINT usage_dispatches_dedupe_key_key DO NOTHING`,
);
/** Uses usage_dispatches_due_idx. The time of the next attempt is the lease: a worker that dies gives its rows back by doing nothing. */
const CLAIM = statement(
  'usage_dispatches.claim',
  `UPDATE usage_dispatches SET attempts = attempts + 1, next_attempt_at = $3
   WHERE id IN (SELECT id FROM usage_dispatches WHERE state = 'waiting' AND next_attempt_at <= $2 AND provider = $1
                ORDER BY next_attempt_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)
   RETURNING ${COLUMNS}`,
);
const DONE = statement('usage_dispatches.done', 'DELETE FROM usage_dispatches WHERE id = ANY ($1)');
const LATER = statement(
  'usage_dispatches.later',
  `UPDATE usage_dispatches d SET next_attempt_at = t.at, last_error = $3 FROM unnest($1::text[], $2::timestamptz[]) AS t (id, at)
   WHERE d.id = t.id`,
);
const BURY = statement(
  'usage_dispatches.bury',
  `UPDATE usage_dispatches SET state = 'dead', last_error = $2 WHERE id = ANY ($1)`,
);
const PURGE = statement(
  'usage_dispatches.purge',
  `DELETE FROM usage_dispatches WHERE state = 'dead' AND created_at <= $1`,
);
const WAITING = statement(
  'usage_dispatches.waiting',
  `SELECT count(*) FILTER (WHERE state = 'waiting')::integer AS waiting, count(*) FILTER (WHERE state = 'dead')::integer AS dead
   FROM (SELECT state FROM usage_dispatches LIMIT 10000) d`,
);

/** The queue of usage for engines elsewhere, of every tenant. */
@Injectable()
export class UsageDispatchesSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantQueue(
    provider: string,
    rows: readonly { readonly id: Id<'usage_dispatch'>; readonly usage: Usage }[],
    now: Date,
  ): Promise<void> {
    await this.query(QUEUE, [
      provider,
      rows.map(({ id }) => id),
      rows.map(({ usage }) => usage.subject.scope.appId),
      rows.map(({ usage }) => usage.subject.scope.envId),
      rows.map(({ usage }) => usage.subject.key),
      rows.map(({ usage }) => usage.featureKey),
      rows.map(({ usage }) => usage.quantity),
      rows.map(({ usage }) => usage.source),
      rows.map(({ usage }) => usage.idempotencyKey),
      rows.map(({ usage }) => JSON.stringify(usage.dimensions)),
      rows.map(({ usage }) => usage.occurredAt),
      now,
    ]);
  }

  async anyTenantClaim(provider: string, now: Date, leasedUntil: Date, most: number): Promise<UsageDispatchEntity[]> {
    return (await this.query<UsageDispatchEntity>(CLAIM, [provider, now, leasedUntil, most])).rows;
  }

  async anyTenantDone(ids: readonly string[]): Promise<void> {
    await this.query(DONE, [ids]);
  }

  async anyTenantLater(rows: readonly { readonly id: string; readonly at: Date }[], error: string): Promise<void> {
    await this.query(LATER, [rows.map(({ id }) => id), rows.map(({ at }) => at), error]);
  }

  async anyTenantBury(ids: readonly string[], reason: string): Promise<void> {
    await this.query(BURY, [ids, reason]);
  }

  async anyTenantPurge(before: Date): Promise<void> {
    await this.query(PURGE, [before]);
  }

  /** Each up to 10,000. */
  async anyTenantCount(): Promise<{ readonly waiting: number; readonly dead: number }> {
    const [row] = (await this.query<{ waiting: number; dead: number }>(WAITING)).rows;
    return row ?? { waiting: 0, dead: 0 };
  }
}
