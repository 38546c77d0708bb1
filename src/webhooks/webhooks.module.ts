import { Module } from '@nestjs/common';
import { EnvironmentsModule } from '../environments/environments.module.js';
import { OutboundModule } from '../kernel/outbound/outbound.module.js';
import { OrganizationsModule } from '../organizations/organizations.module.js';
import { SettingsModule } from '../settings/settings.module.js';
import { UsersModule } from '../users/users.module.js';
import { DeliveriesController } from './deliveries/deliveries.controller.js';
import { DeliveriesRepository } from './deliveries/deliveries.repository.js';
import { DeliveriesService } from './deliveries/deliveries.service.js';
import { DeliveryAttempts } from './deliveries/delivery-attempts.js';
import { DeliveryWorker } from './deliveries/delivery-worker.js';
import { OutcomeWriter } from './deliveries/outcome-writer.js';
import { OutgoingSystemRepository } from './deliveries/outgoing.system-repository.js';
import { TestDeliveriesService } from './deliveries/test-deliveries.service.js';
import { WebhookDisabling } from './deliveries/webhook-disabling.js';
import { WebhookSender } from './deliveries/webhook-sender.js';
import { EventFeedController } from './feed/event-feed.controller.js';
import { EventFeedRepository } from './feed/event-feed.repository.js';
import { EventFeedService } from './feed/event-feed.service.js';
import { EventMessages } from './messages/event-messages.js';
import { EventResources } from './messages/event-resources.js';
import { FanOutConsumer } from './messages/fan-out.consumer.js';
import { FanOut } from './messages/fan-out.js';
import { FanOutSystemRepository } from './messages/fan-out.system-repository.js';
import { ShownResources } from './messages/shown-resources.js';
import { ReplayJob } from './replays/replay.job.js';
import { ReplaysService } from './replays/replays.service.js';
import { WebhookRetention } from './webhook-retention.task.js';
import { WebhookSecrets } from './webhook-secrets.js';
import { WebhookPart } from './webhook.part.js';
import { WebhooksController } from './webhooks.controller.js';
import { WebhooksRepository } from './webhooks.repository.js';
import { WebhooksService } from './webhooks.service.js';

/** What happened in an environment, told to whoever wants to hear of it: pushed to webhooks, and kept in a feed to be read. */
@Module({
  imports: [EnvironmentsModule, SettingsModule, UsersModule, OrganizationsModule, OutboundModule],
  controllers: [WebhooksController, DeliveriesController, EventFeedController],
  providers: [
    WebhooksService,
    WebhooksRepository,
    WebhookSecrets,
    WebhookPart,
    WebhookRetention,
    EventResources,
    ShownResources,
    EventMessages,
    FanOut,
    FanOutConsumer,
    FanOutSystemRepository,
    DeliveriesService,
    DeliveriesRepository,
    DeliveryWorker,
    DeliveryAttempts,
    OutcomeWriter,
    OutgoingSystemRepository,
    WebhookSender,
    WebhookDisabling,
    TestDeliveriesService,
    ReplaysService,
    ReplayJob,
    EventFeedService,
    EventFeedRepository,
  ],
  exports: [WebhooksService, EventResources, EventFeedService],
})
export class WebhooksModule {}
