import { Injectable } from '@nestjs/common';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import { type AppScope, scopeTo } from '../kernel/context/scope.js';
import { ResourceNotFound } from '../kernel/errors/common-problems.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import type { AppEntity } from './app.entity.js';
import './apps.events.js';
import { AppsSystemRepository } from './apps.system-repository.js';

export interface NewAppInput {
  readonly name: string;
  readonly slug: string;
  readonly description?: string;
  readonly logo?: string;
  readonly isPlatform?: boolean;
}

@Injectable()
export class AppsService {
  constructor(
    private readonly apps: AppsSystemRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** Creates an app; its environments and publishable keys come with it, in the same transaction. @throws AppSlugTaken */
  create(input: NewAppInput, actor: Actor): Promise<AppEntity> {
    return this.database.transaction(async () => {
      const app = await this.apps.anyTenantInsert({
        id: this.ids.next('app'),
        name: input.name,
        slug: input.slug,
        description: input.description ?? null,
        logo: input.logo ?? null,
        isPlatform: input.isPlatform ?? false,
        now: this.clock.now(),
      });
      const scope = scopeTo.app(app.id);
      await this.events.record(scope, 'app.created', app.id, { app_id: app.id, slug: app.slug });
      this.audit.record(scope, { action: 'app.create', actor, target: { type: 'app', id: app.id } });
      return app;
    });
  }

  /** @throws ResourceNotFound */
  async get({ appId }: AppScope): Promise<AppEntity> {
    const app = await this.apps.anyTenantFind(appId);
    if (app === undefined) throw new ResourceNotFound({ detail: 'app not found' });
    return app;
  }

  async find(id: Id<'app'>): Promise<AppEntity | undefined> {
    return this.apps.anyTenantFind(id);
  }

  async findBySlug(slug: string): Promise<AppEntity | undefined> {
    return this.apps.anyTenantFindBySlug(slug);
  }

  async findPlatform(): Promise<AppEntity | undefined> {
    return this.apps.anyTenantFindPlatform();
  }

  /** Every app, oldest first. @throws MalformedCursor */
  async list({ limit, cursor }: PageRequest): Promise<Page<AppEntity>> {
    const after = cursor === undefined ? '' : this.cursors.decode('apps', cursor);
    return this.cursors.page('apps', limit, await this.apps.anyTenantPage(after, limit + 1), (app) => app.id);
  }
}
