import { Injectable } from '@nestjs/common';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { statement } from '../../kernel/persistence/statement.js';
import { SystemRepository } from '../../kernel/persistence/system.repository.js';
import { WebhookEntity } from '../webhook.entity.js';
import { type DeliveryAttempt, type DeliveryState, WebhookDeliveryEntity } from './webhook-delivery.entity.js';

/** What came of an attempt. */
export interface DeliveryOutcome {
  readonly delivery: WebhookDeliveryEntity;
  readonly state: DeliveryState;
  readonly attempt: DeliveryAttempt;
  readonly nextAttemptAt: Date;
}

/** Of the attempts of one delivery the latest are kept. */
const MOST_KEPT = 20;

/**
 * Some of what is due of some endpoints, so that an endpoint with a long queue holds up no other. The endpoints that anything waits for are
 * found by jumping from one to the next in webhook_deliveries_due_idx, not by reading what waits. A claim is a time before which nobody else
 * takes the delivery up: a dead worker's is over by itself (F18). SKIP LOCKED hands disjoint sets to workers that claim at one moment.
 */
const CLAIM = statement(
  'webhook_deliveries.claim',
  `WITH RECURSIVE awaited AS (
     (SELECT webhook_id FROM webhook_deliveries WHERE state = 'waiting' ORDER BY webhook_id LIMIT 1)
     UNION ALL
     SELECT (SELECT d.webhook_id FROM webhook_deliveries d WHERE d.state = 'waiting' AND d.webhook_id > a.webhook_id
             ORDER BY d.webhook_id LIMIT 1)
     FROM awaited a WHERE a.webhook_id IS NOT NULL),
   ready AS (
     SELECT a.webhook_id FROM awaited a CROSS JOIN LATERAL (
       SELECT FROM webhook_deliveries
       WHERE webhook_id = a.webhook_id AND state = 'waiting' AND next_attempt_at <= $1 LIMIT 1) one
     WHERE a.webhook_id <> ALL ($5::text[]) AND EXISTS (SELECT FROM webhooks w WHERE w.id = a.webhook_id AND w.active)
     ORDER BY a.webhook_id <= $6, a.webhook_id LIMIT $4),
   due AS (
     SELECT d.id FROM ready r CROSS JOIN LATERAL (
       SELECT id FROM webhook_deliveries
       WHERE webhook_id = r.webhook_id AND state = 'waiting' AND next_attempt_at <= $1
       ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED) d)
   UPDATE webhook_deliveries SET next_attempt_at = $2, attempts = attempts + 1
   WHERE id = ANY (ARRAY (SELECT id FROM due)) RETURNING ${columnsOf(WebhookDeliveryEntity)}`,
);
const ENDPOINTS = statement(
  'webhooks.of_deliveries',
  `SELECT ${columnsOf(WebhookEntity)} FROM webhooks WHERE id = ANY ($1)`,
);
const BODIES = statement(
  'webhook_messages.bodies',
  'SELECT event_id AS "eventId", body FROM webhook_messages WHERE event_id = ANY ($1)',
);
/** With it goes the endpoints' record of failing: written only when it begins or ends. */
const FINISH = statement(
  'webhook_deliveries.finish',
  `WITH tried AS (
     UPDATE webhook_deliveries d SET state = t.state, next_attempt_at = t.next_attempt_at,
       finished_at = CASE WHEN t.state <> 'waiting' THEN $6::timestamptz END,
       attempt_log = CASE WHEN jsonb_array_length(attempt_log) >= ${MOST_KEPT} THEN attempt_log - 0 ELSE attempt_log END || t.attempt
     FROM unnest($1::text[], $2::integer[], $3::text[], $4::timestamptz[], $5::jsonb[]) AS t (id, attempts, state, next_attempt_at, attempt)
     WHERE d.id = t.id AND d.attempts = t.attempts AND d.state = 'waiting' RETURNING d.webhook_id, d.state),
   heard AS (SELECT webhook_id, bool_or(state = 'delivered') AS any_delivered FROM tried GROUP BY webhook_id)
   UPDATE webhooks w SET failing_since = CASE WHEN any_delivered THEN NULL ELSE $6::timestamptz END
   FROM heard WHERE w.id = heard.webhook_id AND (w.failing_since IS NULL) <> any_delivered`,
);
/** What was claimed and not tried: it was no attempt. */
const GIVE_BACK = statement(
  'webhook_deliveries.give_back',
  `UPDATE webhook_deliveries d SET next_attempt_at = $3, attempts = d.attempts - 1
   FROM unnest($1::text[], $2::integer[]) AS t (id, attempts) WHERE d.id = t.id AND d.attempts = t.attempts AND d.state = 'waiting'`,
);
const PURGE_DELIVERIES = statement('webhook_deliveries.purge', 'DELETE FROM webhook_deliveries WHERE created_at <= $1');
const PURGE_MESSAGES = statement('webhook_messages.purge', 'DELETE FROM webhook_messages WHERE created_at <= $1');

/** What is on its way to every tenant's endpoints. */
@Injectable()
export class OutgoingSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /**
   * @param perEndpoint most of one endpoint. @param endpoints how many of them. @param busy endpoints to leave out.
   * @param after where to begin in the round of endpoints, so that each has its turn.
   */
  async anyTenantClaim(
    now: Date,
    claimedUntil: Date,
    perEndpoint: number,
    endpoints: number,
    busy: readonly Id<'webhook'>[],
    after: Id<'webhook'> | '',
  ): Promise<WebhookDeliveryEntity[]> {
    const { rows } = await this.query<WebhookDeliveryEntity>(CLAIM, [
      now,
      claimedUntil,
      perEndpoint,
      endpoints,
      busy,
      after,
    ]);
    return rows;
  }

  async anyTenantEndpoints(ids: readonly Id<'webhook'>[]): Promise<ReadonlyMap<Id<'webhook'>, WebhookEntity>> {
    const { rows } = await this.query<WebhookEntity>(ENDPOINTS, [ids]);
    return new Map(rows.map((row) => [row.id, row]));
  }

  async anyTenantBodies(eventIds: readonly Id<'event'>[]): Promise<ReadonlyMap<Id<'event'>, string>> {
    const { rows } = await this.query<{ eventId: Id<'event'>; body: string }>(BODIES, [eventIds]);
    return new Map(rows.map(({ eventId, body }) => [eventId, body]));
  }

  /** Notes attempts. Changes nothing of those whose claim was lost meanwhile. */
  async anyTenantFinish(outcomes: readonly DeliveryOutcome[], now: Date): Promise<void> {
    await this.query(FINISH, [
      outcomes.map(({ delivery }) => delivery.id),
      outcomes.map(({ delivery }) => delivery.attempts),
      outcomes.map(({ state }) => state),
      outcomes.map(({ nextAttemptAt }) => nextAttemptAt),
      outcomes.map(({ attempt }) => JSON.stringify(attempt)),
      now,
    ]);
  }

  async anyTenantGiveBack(deliveries: readonly WebhookDeliveryEntity[], now: Date): Promise<void> {
    await this.query(GIVE_BACK, [deliveries.map(({ id }) => id), deliveries.map(({ attempts }) => attempts), now]);
  }

  async anyTenantPurge(before: Date): Promise<void> {
    await this.query(PURGE_DELIVERIES, [before]);
    await this.query(PURGE_MESSAGES, [before]);
  }
}
