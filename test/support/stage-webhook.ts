import type { EnvScope } from '../../src/kernel/context/scope.js';
import { IdGenerator, type Id } from '../../src/kernel/ids/id.js';
import { Database } from '../../src/kernel/persistence/database.js';
import { DeliveriesService } from '../../src/webhooks/deliveries/deliveries.service.js';
import { FanOut, HAPPENED } from '../../src/webhooks/messages/fan-out.js';
import { WebhookSecrets } from '../../src/webhooks/webhook-secrets.js';
import { newWebhookSecret } from '../../src/webhooks/webhook-signatures.js';
import { WebhooksRepository } from '../../src/webhooks/webhooks.repository.js';
import type { TestApp } from './test-app.js';

export interface StagedWebhook {
  readonly webhookId: Id<'webhook'>;
  readonly deliveryId: Id<'webhook_delivery'>;
}

/** A webhook that nobody else uses, with one delivery on its way. */
export async function stageWebhook(app: TestApp, scope: EnvScope): Promise<StagedWebhook> {
  // Past the service: sweeps make more than an environment may have.
  const id = app.get(IdGenerator).next('webhook');
  const webhook = await app.get(WebhooksRepository).insert(
    scope,
    {
      id,
      url: 'https://receiver.example/hooks',
      events: ['app.deleted'],
      description: null,
      active: true,
      contactEmail: null,
      headersSealed: null,
      secretSealed: app.get(WebhookSecrets).seal(id, newWebhookSecret()),
    },
    app.clock.now(),
  );
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
