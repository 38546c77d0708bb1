import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { type DeliveryState, WebhookDeliveryEntity } from './webhook-delivery.entity.js';

export interface DeliveryFilter {
  readonly state?: DeliveryState;
  readonly event?: string;
  readonly since?: Date;
  readonly until?: Date;
}

const COLUMNS = columnsOf(WebhookDeliveryEntity);

/** Uses webhook_deliveries_page_idx. */
const PAGE = envStatement(
  'webhook_deliveries.page',
  `SELECT ${COLUMNS} FROM webhook_deliveries
   WHERE app_id = $1 AND env_id = $2 AND webhook_id = $3 AND ($4 = '' OR id < $4) AND ($5::text IS NULL OR state = $5)
     AND ($6::text IS NULL OR event = $6) AND ($7::timestamptz IS NULL OR created_at >= $7)
     AND ($8::timestamptz IS NULL OR created_at < $8)
   ORDER BY id DESC LIMIT $9`,
  { replanned: true },
);
/** The schedule of waits begins anew; what was tried stays on record. */
const AGAIN = `state = 'waiting', next_attempt_at = $4, schedule_start = attempts, finished_at = NULL`;
const RESEND = envStatement(
  'webhook_deliveries.resend',
  `UPDATE webhook_deliveries SET ${AGAIN} WHERE app_id = $1 AND env_id = $2 AND webhook_id = $3 AND id = $5 RETURNING ${COLUMNS}`,
);
const RESEND_FAILED = envStatement(
  'webhook_deliveries.resend_failed',
  `UPDATE webhook_deliveries SET ${AGAIN}
   WHERE app_id = $1 AND env_id = $2 AND webhook_id = $3 AND state = 'failed' AND ($5::text IS NULL OR event = $5)
     AND ($6::timestamptz IS NULL OR created_at >= $6) AND ($7::timestamptz IS NULL OR created_at < $7)`,
);
/** Of a person who is erased only the id stays in what was told of them. */
const FORGET = envStatement(
  'webhook_messages.forget',
  `UPDATE webhook_messages
   SET body = jsonb_set(body::jsonb, '{data}', jsonb_build_object('user_id', subject_id))::text
   WHERE app_id = $1 AND env_id = $2 AND subject_id = $3`,
);

@Injectable()
export class DeliveriesRepository extends EnvScopedRepository<WebhookDeliveryEntity> {
  constructor(database: Database) {
    super(database, WebhookDeliveryEntity);
  }

  find(scope: EnvScope, webhookId: Id<'webhook'>, id: Id<'webhook_delivery'>): Promise<WebhookDeliveryEntity | null> {
    return this.findOneIn(scope, { webhookId, id });
  }

  /** Newest first, older than `before` (empty: from the newest). */
  async page(
    scope: EnvScope,
    webhookId: Id<'webhook'>,
    { state, event, since, until }: DeliveryFilter,
    before: string,
    limit: number,
  ): Promise<WebhookDeliveryEntity[]> {
    const values = [webhookId, before, state ?? null, event ?? null, since ?? null, until ?? null, limit];
    return (await this.queryIn<WebhookDeliveryEntity>(scope, PAGE, values)).rows;
  }

  async resend(
    scope: EnvScope,
    webhookId: Id<'webhook'>,
    id: Id<'webhook_delivery'>,
    now: Date,
  ): Promise<WebhookDeliveryEntity | undefined> {
    return (await this.queryIn<WebhookDeliveryEntity>(scope, RESEND, [webhookId, now, id])).rows[0];
  }

  /** @returns how many dead letters are on their way again. */
  async resendFailed(
    scope: EnvScope,
    webhookId: Id<'webhook'>,
    { event, since, until }: Omit<DeliveryFilter, 'state'>,
    now: Date,
  ): Promise<number> {
    const values = [webhookId, now, event ?? null, since ?? null, until ?? null];
    return (await this.queryIn(scope, RESEND_FAILED, values)).count;
  }

  async forget(scope: EnvScope, subjectId: Id<'user'>): Promise<void> {
    await this.queryIn(scope, FORGET, [subjectId]);
  }
}
