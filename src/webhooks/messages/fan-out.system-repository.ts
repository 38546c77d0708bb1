import { Injectable } from '@nestjs/common';
import type { Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { statement } from '../../kernel/persistence/statement.js';
import { SystemRepository } from '../../kernel/persistence/system.repository.js';

/** An endpoint that listens, and to what. */
export interface Listener {
  readonly id: Id<'webhook'>;
  readonly appId: Id<'app'>;
  readonly envId: Id<'environment'>;
  readonly events: readonly string[];
}

export interface NewMessageRow {
  readonly eventId: Id<'event'>;
  readonly appId: Id<'app'>;
  readonly envId: Id<'environment'>;
  readonly subjectId: string;
  readonly body: string;
}

export interface NewDeliveryRow {
  readonly id: Id<'webhook_delivery'>;
  readonly appId: Id<'app'>;
  readonly envId: Id<'environment'>;
  readonly webhookId: Id<'webhook'>;
  readonly eventId: Id<'event'>;
  readonly event: string;
  readonly subjectId: string;
  readonly sequence: string;
}

/** Uses webhooks_listening_idx. Holds the rows, so that none is deleted while deliveries to it are queued. */
const LISTENERS = statement(
  'webhooks.listeners',
  `SELECT id, app_id AS "appId", env_id AS "envId", events FROM webhooks WHERE env_id = ANY ($1) AND active FOR KEY SHARE`,
);
/** A replay may find the message of a fact: its body stays, and so does it, as long as what was queued now. */
const ADD_MESSAGES = statement(
  'webhook_messages.add',
  `INSERT INTO webhook_messages (event_id, app_id, env_id, subject_id, body, created_at)
   SELECT event_id, app_id, env_id, subject_id, body, $6
   FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS t (event_id, app_id, env_id, subject_id, body)
   ON CONFLICT (event_id) DO UPDATE SET created_at = excluded.created_at`,
);
const ADD_DELIVERIES = statement(
  'webhook_deliveries.add',
  `INSERT INTO webhook_deliveries (id, app_id, env_id, webhook_id, event_id, event, subject_id, sequence, cause, state, attempts,
     schedule_start, next_attempt_at, attempt_log, created_at)
   SELECT id, app_id, env_id, webhook_id, event_id, event, subject_id, sequence, $9, 'waiting', 0, 0, $10, '[]', $10
   FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
     AS t (id, app_id, env_id, webhook_id, event_id, event, subject_id, sequence)
   ON CONFLICT ON CONSTRAINT webhook_deliveries_cause_key DO NOTHING`,
);

/** Queues what is to be sent, for every tenant. */
@Injectable()
export class FanOutSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /** The endpoints that are switched on in some environments. */
  async anyTenantListeners(envIds: readonly Id<'environment'>[]): Promise<Listener[]> {
    return (await this.query<Listener>(LISTENERS, [envIds])).rows;
  }

  async anyTenantAddMessages(rows: readonly NewMessageRow[], now: Date): Promise<void> {
    await this.query(ADD_MESSAGES, [
      rows.map(({ eventId }) => eventId),
      rows.map(({ appId }) => appId),
      rows.map(({ envId }) => envId),
      rows.map(({ subjectId }) => subjectId),
      rows.map(({ body }) => body),
      now,
    ]);
  }

  /** @param cause what asks for them: once per endpoint, fact and cause. */
  async anyTenantAddDeliveries(rows: readonly NewDeliveryRow[], cause: string, now: Date): Promise<void> {
    await this.query(ADD_DELIVERIES, [
      rows.map(({ id }) => id),
      rows.map(({ appId }) => appId),
      rows.map(({ envId }) => envId),
      rows.map(({ webhookId }) => webhookId),
      rows.map(({ eventId }) => eventId),
      rows.map(({ event }) => event),
      rows.map(({ subjectId }) => subjectId),
      rows.map(({ sequence }) => sequence),
      cause,
      now,
    ]);
  }
}
