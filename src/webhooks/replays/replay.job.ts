import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type EnvScope, scopeTo } from '../../kernel/context/scope.js';
import type { FactPlace } from '../../kernel/events/event-feed.system-repository.js';
import type { Id } from '../../kernel/ids/id.js';
import { type JobContext, type JobHandler, JobRunner } from '../../kernel/jobs/job-runner.js';
import { Database } from '../../kernel/persistence/database.js';
import { matchesAny } from '../event-patterns.js';
import { BEGINNING, EventFeedService } from '../feed/event-feed.service.js';
import { WebhookNotFound } from '../webhooks.problems.js';
import { WebhooksService } from '../webhooks.service.js';
import { FanOut } from '../messages/fan-out.js';

export const REPLAY_EVENTS = 'webhooks.replay';

/** What a replay is asked for, as it is stored. */
export interface ReplayPayload {
  readonly app_id: Id<'app'>;
  readonly env_id: Id<'environment'>;
  readonly webhook_id: Id<'webhook'>;
  /** Names this replay: a batch that is done twice queues nothing twice. */
  readonly replay_id: string;
  /** Undefined: what the endpoint listens to. */
  readonly events?: readonly string[];
  readonly since: string;
  readonly until: string;
}

const BATCH = 200;

/** Queues facts of the past for one endpoint, batch by batch: what it missed while it was off, or before it was there. */
@Injectable()
export class ReplayJob implements JobHandler, OnModuleInit {
  readonly kind = REPLAY_EVENTS;
  readonly mostAttempts = 8;

  constructor(
    private readonly runner: JobRunner,
    private readonly feed: EventFeedService,
    private readonly webhooks: WebhooksService,
    private readonly fanOut: FanOut,
    private readonly database: Database,
  ) {}

  onModuleInit(): void {
    this.runner.handle(this);
  }

  async run({ payload }: JobContext): Promise<void> {
    const replay = payload as unknown as ReplayPayload;
    const scope = scopeTo.env(replay.app_id, replay.env_id);
    let place: FactPlace | undefined = BEGINNING;
    while (place !== undefined) place = await this.step(scope, replay, place);
  }

  /** @returns where to go on. */
  private step(scope: EnvScope, replay: ReplayPayload, from: FactPlace): Promise<FactPlace | undefined> {
    return this.database.independently(async () => {
      const patterns = await this.patternsOf(scope, replay);
      if (patterns === undefined) return undefined;
      const filter = { since: new Date(replay.since), until: new Date(replay.until) };
      const { facts, reached } = await this.feed.facts(scope, from, filter, BATCH);
      const wanted = facts
        .filter(({ name }) => matchesAny(patterns, name))
        .map((fact) => ({ fact, webhookIds: [replay.webhook_id] }));
      if (wanted.length > 0) await this.fanOut.queue(scope, wanted, replay.replay_id);
      return facts.length === BATCH ? reached : undefined;
    });
  }

  /** @returns undefined when the endpoint is gone: there is nobody left to tell. */
  private async patternsOf(
    scope: EnvScope,
    { webhook_id: id, events }: ReplayPayload,
  ): Promise<readonly string[] | undefined> {
    try {
      const webhook = await this.webhooks.get(scope, id);
      return events ?? webhook.events;
    } catch (error) {
      if (error instanceof WebhookNotFound) return undefined;
      throw error;
    }
  }
}
