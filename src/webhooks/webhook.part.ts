import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EnvironmentParts, type EnvironmentPart, type PartDocument } from '../environments/environment-parts.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { SettingAuthor } from '../settings/settings.service.js';
import type { WebhookEntity } from './webhook.entity.js';
import { WebhooksService } from './webhooks.service.js';

/** The webhooks of an environment by their addresses. Secrets, headers and contacts do not travel: a new one draws its own secret. */
@Injectable()
export class WebhookPart implements EnvironmentPart, OnModuleInit {
  readonly kind = 'webhook';

  constructor(
    private readonly parts: EnvironmentParts,
    private readonly webhooks: WebhooksService,
  ) {}

  onModuleInit(): void {
    this.parts.register(this);
  }

  async read(scope: EnvScope): Promise<ReadonlyMap<string, PartDocument>> {
    const webhooks = await this.byKey(scope);
    return new Map(
      [...webhooks].map(([key, { events, description, active }]) => [
        key,
        { events, ...(description === null ? {} : { description }), active },
      ]),
    );
  }

  async write(
    scope: EnvScope,
    key: string,
    document: PartDocument | undefined,
    { actor }: SettingAuthor,
  ): Promise<void> {
    const known = (await this.byKey(scope)).get(key);
    if (document === undefined) {
      if (known !== undefined) await this.webhooks.delete(scope, known.id, actor);
      return;
    }
    const said = {
      events: document.events as readonly string[],
      description: (document.description as string | undefined) ?? null,
      active: document.active as boolean,
    };
    if (known !== undefined) await this.webhooks.update(scope, known.id, said, undefined, actor);
    else await this.webhooks.create(scope, { ...said, url: urlOf(key), contactEmail: null, headers: {} }, actor);
  }

  /** Of several with one address the later ones are numbered. */
  private async byKey(scope: EnvScope): Promise<ReadonlyMap<string, WebhookEntity>> {
    const byKey = new Map<string, WebhookEntity>();
    for (const webhook of await this.webhooks.all(scope)) {
      let number = 1;
      while (byKey.has(keyOf(webhook.url, number))) number += 1;
      byKey.set(keyOf(webhook.url, number), webhook);
    }
    return byKey;
  }
}

/** A URL holds no space. */
const keyOf = (url: string, number: number): string => (number === 1 ? url : `${url} ${number}`);
const urlOf = (key: string): string => key.split(' ', 1)[0] as string;
