import { Injectable } from '@nestjs/common';
import { TenantRecords } from '../../environments/tenant-records.js';
import { AuditTrail, SYSTEM_ACTOR } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import { scopeTo } from '../../kernel/context/scope.js';
import { Events } from '../../kernel/events/events.js';
import { Database } from '../../kernel/persistence/database.js';
import { Messages } from '../../messaging/messages.js';
import { webhookDisabledMail } from '../../messaging/templates/webhook-disabled.js';
import type { DisabledReason, WebhookEntity } from '../webhook.entity.js';
import '../webhooks.events.js';
import { WebhooksRepository } from '../webhooks.repository.js';

/** Switches endpoints off that nobody answers for any more, and says so (R234, R237). What waits for one waits until it is on again. */
@Injectable()
export class WebhookDisabling {
  constructor(
    private readonly webhooks: WebhooksRepository,
    private readonly tenants: TenantRecords,
    private readonly messages: Messages,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  disable({ appId, envId, id }: WebhookEntity, reason: DisabledReason): Promise<void> {
    const scope = scopeTo.env(appId, envId);
    return this.database.independently(async () => {
      const webhook = await this.webhooks.disable(scope, id, reason, this.clock.now());
      if (webhook === undefined) return;
      const { origin } = new URL(webhook.url);
      await this.events.record(scope, 'webhook.disabled', id, { webhook_id: id, origin, reason });
      this.audit.record(scope, {
        action: 'webhook.disabled',
        actor: SYSTEM_ACTOR,
        target: { type: 'webhook', id },
        metadata: { reason },
      });
      if (webhook.contactEmail === null) return;
      const { appName } = await this.tenants.get(scope);
      const content = webhookDisabledMail({ appName, origin, reason, webhookId: id });
      this.messages.send(scope, { to: webhook.contactEmail, purpose: 'webhook_disabled', ...content });
    });
  }
}
