import { Injectable } from '@nestjs/common';
import { PreconditionFailed } from '../http/etag.js';
import { TENANT_CHANGED } from '../http/tenancy/tenant-changed.js';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { fieldChanges } from '../kernel/audit/field-changes.js';
import { Clock } from '../kernel/clock/clock.js';
import type { OperatorReach } from '../kernel/context/principal.js';
import { type AppScope, type EnvScope, scopeTo } from '../kernel/context/scope.js';
import { ResourceNotFound } from '../kernel/errors/common-problems.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import type { AppEntity } from './app.entity.js';
import './apps.events.js';
import { PlatformProtected } from './apps.problems.js';
import { type AppChanges, AppsSystemRepository } from './apps.system-repository.js';

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

  /** The apps that an operator reaches, oldest first. @throws MalformedCursor */
  async list(reach: OperatorReach, { limit, cursor }: PageRequest): Promise<Page<AppEntity>> {
    const after = cursor === undefined ? '' : this.cursors.decode('apps', cursor);
    const among = reach === 'every_app' ? undefined : [...reach];
    const rows = await this.apps.anyTenantPage(after, among, limit + 1);
    return this.cursors.page('apps', limit, rows, (app) => app.id);
  }

  /** @param version what If-Match demands. @throws ResourceNotFound, AppSlugTaken, PlatformProtected, PreconditionFailed */
  update(scope: AppScope, changes: AppChanges, version: number | undefined, actor: Actor): Promise<AppEntity> {
    return this.database.transaction(async () => {
      const before = await this.get(scope);
      if (before.isPlatform && changes.active === false) throw new PlatformProtected();
      const app = await this.apps.anyTenantUpdate(scope.appId, changes, version, this.clock.now());
      if (app === undefined) throw new PreconditionFailed();
      const { id, slug, active } = app;
      await this.events.record(scope, 'app.updated', id, { app_id: id, slug, active });
      this.audit.record(scope, {
        action: 'app.update',
        actor,
        target: { type: 'app', id },
        changes: fieldChanges(shown(before), shown(app)),
      });
      this.database.notify(TENANT_CHANGED + id);
      return app;
    });
  }

  /**
   * Deletes an app: its keys, sessions and tokens are dead at once, everything under it goes bit by bit.
   * @param by the operator, in whose scope the fact is recorded: the app's own goes with it.
   * @throws ResourceNotFound, PlatformProtected
   */
  delete(scope: AppScope, by: { readonly actor: Actor; readonly scope: EnvScope }): Promise<void> {
    return this.database.transaction(async () => {
      const { isPlatform, name } = await this.get(scope);
      if (isPlatform) throw new PlatformProtected();
      const app = await this.apps.anyTenantDelete(scope.appId, this.clock.now());
      if (app === undefined) throw new ResourceNotFound({ detail: 'app not found' });
      const { id } = app;
      await this.events.record(by.scope, 'app.deleted', id, { app_id: id, name });
      for (const trail of [scope, by.scope]) {
        this.audit.record(trail, { action: 'app.delete', actor: by.actor, target: { type: 'app', id } });
      }
      this.database.notify(TENANT_CHANGED + id);
    });
  }
}

function shown({ name, slug, description, logo, active }: AppEntity): Record<string, unknown> {
  return { name, slug, description, logo, active };
}
