import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Actor, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Events } from '../../kernel/events/events.js';
import type { Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../../kernel/persistence/page.js';
import { DELIVERIES_QUEUED } from '../messages/fan-out.js';
import { DeliveryNotFound } from '../webhooks.problems.js';
import { WebhooksService } from '../webhooks.service.js';
import { DeliveriesRepository, type DeliveryFilter } from './deliveries.repository.js';
import type { WebhookDeliveryEntity } from './webhook-delivery.entity.js';

/** What was sent to an endpoint, what waits, and what has to be sent again. */
@Injectable()
export class DeliveriesService implements OnModuleInit {
  constructor(
    private readonly deliveries: DeliveriesRepository,
    private readonly webhooks: WebhooksService,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.events.within('user.account_deleted', (scope, { payload }) =>
      this.deliveries.forget(scope as EnvScope, payload.user_id),
    );
  }

  /** Newest first. @throws WebhookNotFound, MalformedCursor */
  async list(
    scope: EnvScope,
    webhookId: Id<'webhook'>,
    filter: DeliveryFilter,
    { limit, cursor }: PageRequest,
  ): Promise<Page<WebhookDeliveryEntity>> {
    await this.webhooks.get(scope, webhookId);
    const list = `webhook_deliveries/${scope.envId}/${webhookId}/${JSON.stringify(filter)}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.deliveries.page(scope, webhookId, filter, before, limit + 1);
    return this.cursors.page(list, limit, rows, ({ id }) => id);
  }

  /** @throws DeliveryNotFound */
  async get(scope: EnvScope, webhookId: Id<'webhook'>, id: Id<'webhook_delivery'>): Promise<WebhookDeliveryEntity> {
    const delivery = await this.deliveries.find(scope, webhookId, id);
    if (delivery === null) throw new DeliveryNotFound();
    return delivery;
  }

  /** Sends one once more, whatever became of it. @throws DeliveryNotFound */
  resend(
    scope: EnvScope,
    webhookId: Id<'webhook'>,
    id: Id<'webhook_delivery'>,
    actor: Actor,
  ): Promise<WebhookDeliveryEntity> {
    return this.database.transaction(async () => {
      const delivery = await this.deliveries.resend(scope, webhookId, id, this.clock.now());
      if (delivery === undefined) throw new DeliveryNotFound();
      this.record(scope, webhookId, actor, { delivery_id: id });
      return delivery;
    });
  }

  /** Sends dead letters once more. @returns how many. @throws WebhookNotFound */
  resendFailed(
    scope: EnvScope,
    webhookId: Id<'webhook'>,
    filter: Omit<DeliveryFilter, 'state'>,
    actor: Actor,
  ): Promise<number> {
    return this.database.transaction(async () => {
      await this.webhooks.get(scope, webhookId);
      const count = await this.deliveries.resendFailed(scope, webhookId, filter, this.clock.now());
      this.record(scope, webhookId, actor, { count });
      return count;
    });
  }

  private record(scope: EnvScope, id: Id<'webhook'>, actor: Actor, metadata: Record<string, unknown>): void {
    this.audit.record(scope, { action: 'webhook.resent', actor, target: { type: 'webhook', id }, metadata });
    this.database.announce(DELIVERIES_QUEUED);
  }
}
