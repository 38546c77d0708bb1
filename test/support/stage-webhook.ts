import { SYSTEM_ACTOR } from '../../src/kernel/audit/audit-trail.js';
import type { EnvScope } from '../../src/kernel/context/scope.js';
import { IdGenerator, type Id } from '../../src/kernel/ids/id.js';
import { Database } from '../../src/kernel/persistence/database.js';
import { DeliveriesService } from '../../src/webhooks/deliveries/deliveries.service.js';
import { FanOut, HAPPENED } from '../../src/webhooks/messages/fan-out.js';
import { WebhooksService } from '../../src/webhooks/webhooks.service.js';
import type { TestApp } from './test-app.js';

export interface StagedWebhook {
  readonly webhookId: Id<'webhook'>;
  readonly deliveryId: Id<'webhook_delivery'>;
}

/** A webhook that nobody else uses, with one delivery on its way. */
export async function stageWebhook(app: TestApp, scope: EnvScope): Promise<StagedWebhook> {
  const input = {
    url: 'https://receiver.example/hooks',
    events: ['app.deleted'],
    description: null,
    active: true,
    contactEmail: null,
    headers: {},
  };
  const { webhook } = await app.get(WebhooksService).create(scope, input, SYSTEM_ACTOR);
  const fact = {
    id: app.get(IdGenerator).next('event'),
    appId: scope.appId,
    envId: scope.envId,
    name: 'user.created',
    subjectId: app.get(IdGenerator).next('user'),
    sequence: '1',
    payload: {},
    occurredAt: app.clock.now(),
  };
  await app
    .get(Database)
    .transaction(() => app.get(FanOut).queue(scope, [{ fact, webhookIds: [webhook.id] }], HAPPENED));
  const { items } = await app.get(DeliveriesService).list(scope, webhook.id, {}, { limit: 1 });
  if (items[0] === undefined) throw new Error('nothing was queued');
  return { webhookId: webhook.id, deliveryId: items[0].id };
}
