import { Injectable } from '@nestjs/common';
import { type Actor, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { IdGenerator, type Id } from '../../kernel/ids/id.js';
import { Jobs } from '../../kernel/jobs/jobs.js';
import { Database } from '../../kernel/persistence/database.js';
import { isKnownPattern } from '../event-patterns.js';
import { unknownEvent, WebhookInactive } from '../webhooks.problems.js';
import { WebhooksService } from '../webhooks.service.js';
import { REPLAY_EVENTS, type ReplayPayload } from './replay.job.js';

/** Which facts. */
export interface ReplayRequest {
  readonly since: Date;
  /** Default: now. */
  readonly until?: Date;
  /** Default: what the endpoint listens to. */
  readonly events?: readonly string[];
}

/** Tells an endpoint of the past. */
@Injectable()
export class ReplaysService {
  constructor(
    private readonly webhooks: WebhooksService,
    private readonly jobs: Jobs,
    private readonly database: Database,
    private readonly audit: AuditTrail,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /**
   * Queues the facts of a time that are still kept, under their old ids.
   * @returns the replay’s id. @throws WebhookNotFound, WebhookInactive, UnknownEvent
   */
  start(
    scope: EnvScope,
    webhookId: Id<'webhook'>,
    { since, until = this.clock.now(), events }: ReplayRequest,
    actor: Actor,
  ): Promise<Id<'webhook_replay'>> {
    return this.database.transaction(async () => {
      const { active } = await this.webhooks.get(scope, webhookId);
      if (!active) throw new WebhookInactive();
      const unknown = events?.find((pattern) => !isKnownPattern(pattern));
      if (unknown !== undefined) throw unknownEvent(unknown);
      const id = this.ids.next('webhook_replay');
      const payload: ReplayPayload = {
        app_id: scope.appId,
        env_id: scope.envId,
        webhook_id: webhookId,
        replay_id: id,
        ...(events && { events }),
        since: since.toISOString(),
        until: until.toISOString(),
      };
      this.jobs.enqueue({ kind: REPLAY_EVENTS, payload: { ...payload } });
      this.audit.record(scope, {
        action: 'webhook.replayed',
        actor,
        target: { type: 'webhook', id: webhookId },
        metadata: { replay_id: id, since: payload.since, until: payload.until },
      });
      return id;
    });
  }
}
