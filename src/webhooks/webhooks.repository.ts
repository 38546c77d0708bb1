import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import { type DisabledReason, WebhookEntity } from './webhook.entity.js';
import { WebhookNotFound } from './webhooks.problems.js';

export type NewWebhook = Pick<
  WebhookEntity,
  'id' | 'url' | 'description' | 'events' | 'active' | 'contactEmail' | 'headersSealed' | 'secretSealed'
>;
/** Absent: unchanged. */
export type WebhookColumns = Partial<
  Pick<WebhookEntity, 'url' | 'description' | 'events' | 'active' | 'contactEmail' | 'headersSealed'>
>;

const COLUMNS = columnsOf(WebhookEntity);

/** One at a time per environment, so that the limit holds. */
const LOCK_ALL = envStatement(
  'webhooks.lock_all',
  "SELECT pg_advisory_xact_lock(hashtextextended(concat($1::text, $2::text, '/webhooks'), 0))",
);
const COUNT = envStatement(
  'webhooks.count',
  'SELECT count(*)::integer AS count FROM webhooks WHERE app_id = $1 AND env_id = $2',
);
const INSERT = envStatement(
  'webhooks.insert',
  `INSERT INTO webhooks (app_id, env_id, id, url, description, events, active, contact_email, headers_sealed, secret_sealed, version,
     created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $11) RETURNING ${COLUMNS}`,
);
const PAGE = envStatement(
  'webhooks.page',
  `SELECT ${COLUMNS} FROM webhooks WHERE app_id = $1 AND env_id = $2 AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4`,
);
const ALL = envStatement(
  'webhooks.all',
  `SELECT ${COLUMNS} FROM webhooks WHERE app_id = $1 AND env_id = $2 ORDER BY id`,
);
const LOCK = envStatement(
  'webhooks.lock',
  `SELECT ${COLUMNS} FROM webhooks WHERE app_id = $1 AND env_id = $2 AND id = $3 FOR NO KEY UPDATE`,
);
/** Switched on again by a person, an endpoint begins with a clean slate. */
const UPDATE = envStatement(
  'webhooks.update',
  `UPDATE webhooks SET url = coalesce($4, url), description = CASE WHEN $5 THEN $6 ELSE description END, events = coalesce($7, events),
     contact_email = CASE WHEN $8 THEN $9 ELSE contact_email END, headers_sealed = CASE WHEN $10 THEN $11 ELSE headers_sealed END,
     active = coalesce($12, active), disabled_reason = CASE WHEN $12 THEN NULL ELSE disabled_reason END,
     failing_since = CASE WHEN $12 THEN NULL ELSE failing_since END, version = version + 1, updated_at = $13
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND ($14::integer IS NULL OR version = $14) RETURNING ${COLUMNS}`,
);
const ROTATE = envStatement(
  'webhooks.rotate',
  `UPDATE webhooks SET previous_secret_sealed = CASE WHEN $5::timestamptz > $6 THEN secret_sealed END,
     overlap_until = CASE WHEN $5::timestamptz > $6 THEN $5::timestamptz END, secret_sealed = $4, version = version + 1, updated_at = $6
   WHERE app_id = $1 AND env_id = $2 AND id = $3 RETURNING ${COLUMNS}`,
);
const DISABLE = envStatement(
  'webhooks.disable',
  `UPDATE webhooks SET active = false, disabled_reason = $4, version = version + 1, updated_at = $5
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND active RETURNING ${COLUMNS}`,
);

@Injectable()
export class WebhooksRepository extends EnvScopedRepository<WebhookEntity> {
  constructor(database: Database) {
    super(database, WebhookEntity);
  }

  /** Holds off other creators until the transaction ends. @returns how many there are. */
  async lockAndCount(scope: EnvScope): Promise<number> {
    await this.queryIn(scope, LOCK_ALL);
    return (await this.queryIn<{ count: number }>(scope, COUNT)).rows[0]?.count ?? 0;
  }

  async insert(scope: EnvScope, webhook: NewWebhook, now: Date): Promise<WebhookEntity> {
    const { id, url, description, events, active, contactEmail, headersSealed, secretSealed } = webhook;
    const values = [id, url, description, events, active, contactEmail, headersSealed, secretSealed, now];
    return (await this.queryIn<WebhookEntity>(scope, INSERT, values)).rows[0] as WebhookEntity;
  }

  /** @throws WebhookNotFound */
  async get(scope: EnvScope, id: Id<'webhook'>): Promise<WebhookEntity> {
    const webhook = await this.findOneIn(scope, { id });
    if (webhook === null) throw new WebhookNotFound();
    return webhook;
  }

  /** @throws WebhookNotFound */
  async lock(scope: EnvScope, id: Id<'webhook'>): Promise<WebhookEntity> {
    const [webhook] = (await this.queryIn<WebhookEntity>(scope, LOCK, [id])).rows;
    if (webhook === undefined) throw new WebhookNotFound();
    return webhook;
  }

  /** Newest first, older than `before` (empty: from the newest). */
  async page(scope: EnvScope, before: string, limit: number): Promise<WebhookEntity[]> {
    return (await this.queryIn<WebhookEntity>(scope, PAGE, [before, limit])).rows;
  }

  /** Oldest first. */
  async all(scope: EnvScope): Promise<WebhookEntity[]> {
    return (await this.queryIn<WebhookEntity>(scope, ALL)).rows;
  }

  /** @returns undefined when there is none of that version. */
  async update(
    scope: EnvScope,
    id: Id<'webhook'>,
    { url, description, events, contactEmail, headersSealed, active }: WebhookColumns,
    version: number | undefined,
    now: Date,
  ): Promise<WebhookEntity | undefined> {
    const { rows } = await this.queryIn<WebhookEntity>(scope, UPDATE, [
      id,
      url ?? null,
      description !== undefined,
      description ?? null,
      events ?? null,
      contactEmail !== undefined,
      contactEmail ?? null,
      headersSealed !== undefined,
      headersSealed ?? null,
      active ?? null,
      now,
      version ?? null,
    ]);
    return rows[0];
  }

  /** @param overlapUntil until when the secret before signs too; in the past: it is forgotten at once. */
  async rotate(
    scope: EnvScope,
    id: Id<'webhook'>,
    secretSealed: Buffer,
    overlapUntil: Date,
    now: Date,
  ): Promise<WebhookEntity | undefined> {
    return (await this.queryIn<WebhookEntity>(scope, ROTATE, [id, secretSealed, overlapUntil, now])).rows[0];
  }

  /** @returns undefined when it was off already. */
  async disable(
    scope: EnvScope,
    id: Id<'webhook'>,
    reason: DisabledReason,
    now: Date,
  ): Promise<WebhookEntity | undefined> {
    return (await this.queryIn<WebhookEntity>(scope, DISABLE, [id, reason, now])).rows[0];
  }

  delete(scope: EnvScope, id: Id<'webhook'>): Promise<number> {
    return this.deleteIn(scope, { id });
  }
}
