import { Injectable } from '@nestjs/common';
import { type Actor, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { isDescribed } from '../../kernel/events/event-map.js';
import { IdGenerator, type Id } from '../../kernel/ids/id.js';
import { type RateLimit, RateLimits } from '../../kernel/limits/rate-limits.js';
import { Database } from '../../kernel/persistence/database.js';
import { exampleOf } from '../event-schemas.js';
import type { EventEnvelope } from '../messages/event-envelope.js';
import { unknownEvent } from '../webhooks.problems.js';
import { WebhooksService } from '../webhooks.service.js';
import type { DeliveryAttempt } from './webhook-delivery.entity.js';
import { WebhookSender } from './webhook-sender.js';

/** What is sent when no event is named. */
const TEST_EVENT = 'webhook.test';
/** Per endpoint: the service is nobody’s load generator. */
const TESTS: RateLimit = { name: 'webhook_tests', count: 10, windowMs: 60_000 };

/** Sends something that has not happened, to see whether a receiver works. */
@Injectable()
export class TestDeliveriesService {
  constructor(
    private readonly webhooks: WebhooksService,
    private readonly sender: WebhookSender,
    private readonly limits: RateLimits,
    private readonly database: Database,
    private readonly audit: AuditTrail,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /**
   * One attempt, at once, and what came of it. Nothing of it is kept.
   * @param event sends that event’s example. @throws WebhookNotFound, UnknownEvent, WebhookUrlRefused, RateLimited
   */
  async send(scope: EnvScope, id: Id<'webhook'>, event: string | undefined, actor: Actor): Promise<DeliveryAttempt> {
    const webhook = await this.webhooks.get(scope, id);
    if (event !== undefined && !isDescribed(event)) throw unknownEvent(event);
    this.webhooks.checkUrl(webhook.url);
    await this.limits.require(TESTS, id);
    const envelope: EventEnvelope = {
      id: this.ids.next('event'),
      event: event ?? TEST_EVENT,
      app_id: scope.appId,
      env_id: scope.envId,
      occurred_at: this.clock.now().toISOString(),
      sequence: 0,
      data: event === undefined ? { webhook_id: id } : exampleOf(event),
    };
    await this.database.transaction(async () => {
      this.audit.record(scope, { action: 'webhook.tested', actor, target: { type: 'webhook', id } });
      return Promise.resolve();
    });
    const message = { id: envelope.id as Id<'event'>, body: JSON.stringify(envelope) };
    return (await this.sender.send(webhook, message)).attempt;
  }
}
