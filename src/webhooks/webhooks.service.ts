import { Injectable } from '@nestjs/common';
import { PreconditionFailed } from '../http/etag.js';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { type FieldChanges, fieldChanges } from '../kernel/audit/field-changes.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { EventName } from '../kernel/events/event-map.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { OutboundClient } from '../kernel/outbound/outbound-client.js';
import { OutboundRefused } from '../kernel/outbound/outbound-errors.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import { settingPlace } from '../settings/setting-place.js';
import { SettingsReader } from '../settings/settings-reader.js';
import { isKnownPattern } from './event-patterns.js';
import { MOST_WEBHOOKS } from './webhook-settings.js';
import { WebhookSecrets } from './webhook-secrets.js';
import { newWebhookSecret } from './webhook-signatures.js';
import type { WebhookEntity } from './webhook.entity.js';
import './webhooks.events.js';
import { TooManyWebhooks, unknownEvent, WebhookNotFound, WebhookUrlRefused } from './webhooks.problems.js';
import { WebhooksRepository } from './webhooks.repository.js';

/** An endpoint to be. */
export interface WebhookInput {
  readonly url: string;
  readonly description: string | null;
  readonly events: readonly string[];
  readonly active: boolean;
  readonly contactEmail: string | null;
  /** Sent with every delivery. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Absent: unchanged. */
export type WebhookChanges = Partial<WebhookInput>;

/** The only moment at which a secret is shown. */
export interface WebhookWithSecret {
  readonly webhook: WebhookEntity;
  readonly secret: string;
}

type WebhookEvent = Extract<EventName, `webhook.${string}`>;

/** Endpoints that want to hear of the events of one environment. */
@Injectable()
export class WebhooksService {
  constructor(
    private readonly webhooks: WebhooksRepository,
    private readonly secrets: WebhookSecrets,
    private readonly outbound: OutboundClient,
    private readonly settings: SettingsReader,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** @throws WebhookUrlRefused, UnknownEvent, TooManyWebhooks */
  create(scope: EnvScope, input: WebhookInput, actor: Actor): Promise<WebhookWithSecret> {
    this.check(input);
    return this.database.transaction(async () => {
      const most = await this.settings.value(settingPlace.environment(scope), MOST_WEBHOOKS);
      const used = await this.webhooks.lockAndCount(scope);
      if (used >= most) throw new TooManyWebhooks({ extras: { limit: most, used } });
      const id = this.ids.next('webhook');
      const secret = newWebhookSecret();
      const { headers, events, ...rest } = input;
      const row = {
        ...rest,
        id,
        events: [...events],
        headersSealed: this.secrets.sealHeaders(id, headers),
        secretSealed: this.secrets.seal(id, secret),
      };
      const webhook = await this.webhooks.insert(scope, row, this.clock.now());
      await this.record(scope, 'webhook.created', webhook, actor);
      return { webhook, secret };
    });
  }

  /** @throws WebhookNotFound */
  get(scope: EnvScope, id: Id<'webhook'>): Promise<WebhookEntity> {
    return this.webhooks.get(scope, id);
  }

  /** Newest first. @throws MalformedCursor */
  async list(scope: EnvScope, { limit, cursor }: PageRequest): Promise<Page<WebhookEntity>> {
    const list = `webhooks/${scope.envId}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    return this.cursors.page(list, limit, await this.webhooks.page(scope, before, limit + 1), ({ id }) => id);
  }

  /** Every one, oldest first. */
  all(scope: EnvScope): Promise<WebhookEntity[]> {
    return this.webhooks.all(scope);
  }

  /** @throws WebhookNotFound, WebhookUrlRefused, UnknownEvent, PreconditionFailed */
  update(
    scope: EnvScope,
    id: Id<'webhook'>,
    { headers, events, ...rest }: WebhookChanges,
    version: number | undefined,
    actor: Actor,
  ): Promise<WebhookEntity> {
    return this.database.transaction(async () => {
      const before = await this.webhooks.lock(scope, id);
      this.check({ ...rest, ...(events && { events }) });
      const columns = {
        ...rest,
        ...(events && { events: [...events] }),
        ...(headers && { headersSealed: this.secrets.sealHeaders(id, headers) }),
      };
      const after = await this.webhooks.update(scope, id, columns, version, this.clock.now());
      if (after === undefined) throw new PreconditionFailed();
      await this.record(scope, 'webhook.updated', after, actor, fieldChanges(shown(before), shown(after)));
      return after;
    });
  }

  /**
   * Draws a new signing secret.
   * @param overlapMs how long the one before signs too; 0: it is void at once.
   * @throws WebhookNotFound
   */
  rotateSecret(scope: EnvScope, id: Id<'webhook'>, overlapMs: number, actor: Actor): Promise<WebhookWithSecret> {
    return this.database.transaction(async () => {
      const secret = newWebhookSecret();
      const sealed = this.secrets.seal(id, secret);
      const until = this.clock.in(overlapMs);
      const webhook = await this.webhooks.rotate(scope, id, sealed, until, this.clock.now());
      if (webhook === undefined) throw new WebhookNotFound();
      await this.record(scope, 'webhook.secret_rotated', webhook, actor);
      return { webhook, secret };
    });
  }

  /** Deletes an endpoint with everything that was on its way to it. @throws WebhookNotFound */
  delete(scope: EnvScope, id: Id<'webhook'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      const webhook = await this.webhooks.lock(scope, id);
      await this.record(scope, 'webhook.deleted', webhook, actor);
      await this.webhooks.delete(scope, id);
    });
  }

  /**
   * Refuses an address before it is stored (R222, R225); where its name leads is asked at every connection (R223).
   * @throws WebhookUrlRefused
   */
  checkUrl(url: string): void {
    try {
      this.outbound.check(url);
    } catch (error) {
      if (!(error instanceof OutboundRefused)) throw error;
      throw new WebhookUrlRefused({ detail: error.message });
    }
  }

  private check({ url, events }: WebhookChanges): void {
    if (url !== undefined) this.checkUrl(url);
    const unknown = events?.find((pattern) => !isKnownPattern(pattern));
    if (unknown !== undefined) throw unknownEvent(unknown);
  }

  private async record(
    scope: EnvScope,
    event: Exclude<WebhookEvent, 'webhook.disabled'>,
    { id, url }: WebhookEntity,
    actor: Actor,
    changes?: FieldChanges,
  ): Promise<void> {
    await this.events.record(scope, event, id, { webhook_id: id, origin: new URL(url).origin });
    this.audit.record(scope, {
      action: event,
      actor,
      target: { type: 'webhook', id },
      ...(changes && { changes }),
    });
  }
}

/** What an audit entry says of an endpoint before and after: of its address only whose it is. */
function shown({ url, description, events, active, contactEmail }: WebhookEntity): Record<string, unknown> {
  return { origin: new URL(url).origin, description, events, active, contact_email: contactEmail };
}
