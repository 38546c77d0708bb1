import { Injectable, type OnModuleInit } from '@nestjs/common';
import { TENANT_CHANGED } from '../apps/tenant-changed.js';
import { type Actor, AuditTrail, SYSTEM_ACTOR } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import { type AppScope, scopeTo } from '../kernel/context/scope.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import type { EnvironmentEntity, EnvironmentSettings, EnvironmentType } from './environment.entity.js';
import { drawPublishableKey, FIRST_ENVIRONMENTS, TYPE_COLORS } from './environment.rules.js';
import './environments.events.js';
import { EnvironmentsRepository, PublishableKeysRepository } from './environments.repository.js';
import type { PublishableKeyEntity } from './publishable-key.entity.js';

export interface NewEnvironment {
  readonly name: string;
  readonly slug: string;
  readonly type: EnvironmentType;
  readonly color?: string;
  readonly description?: string;
  readonly settings?: EnvironmentSettings;
}

@Injectable()
export class EnvironmentsService implements OnModuleInit {
  constructor(
    private readonly environments: EnvironmentsRepository,
    private readonly keys: PublishableKeysRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.events.within('app.created', (scope) => this.createFirst(scope));
  }

  /** @throws EnvironmentSlugTaken */
  create(scope: AppScope, input: NewEnvironment, actor: Actor): Promise<EnvironmentEntity> {
    return this.database.transaction(() => this.add(scope, input, { actor, isDefault: false }));
  }

  list(scope: AppScope): Promise<EnvironmentEntity[]> {
    return this.environments.list(scope);
  }

  /** @throws EnvironmentNotFound */
  get(scope: AppScope, id: Id<'environment'>): Promise<EnvironmentEntity> {
    return this.environments.getById(scope, id);
  }

  /** The publishable keys of an app that are in force, oldest first. */
  async publishableKeys(scope: AppScope): Promise<PublishableKeyEntity[]> {
    return (await this.keys.list(scope)).filter((key) => key.retiredAt === null);
  }

  private async createFirst(scope: AppScope): Promise<void> {
    for (const [index, preset] of FIRST_ENVIRONMENTS.entries()) {
      await this.add(scope, preset, { actor: SYSTEM_ACTOR, isDefault: index === 0 });
    }
  }

  private async add(
    scope: AppScope,
    input: NewEnvironment,
    { actor, isDefault }: { actor: Actor; isDefault: boolean },
  ): Promise<EnvironmentEntity> {
    const now = this.clock.now();
    const environment = await this.environments.create(scope, {
      id: this.ids.next('environment'),
      name: input.name,
      slug: input.slug,
      type: input.type,
      isDefault,
      color: input.color ?? TYPE_COLORS[input.type],
      description: input.description ?? null,
      settings: input.settings ?? {},
      version: 1,
      createdAt: now,
      updatedAt: now,
    });
    await this.keys.create(scope, {
      id: this.ids.next('publishable_key'),
      envId: environment.id,
      key: drawPublishableKey(input.type),
      retiredAt: null,
      createdAt: now,
    });
    const inside = scopeTo.env(scope.appId, environment.id);
    await this.events.record(inside, 'environment.created', environment.id, {
      env_id: environment.id,
      env_name: environment.name,
      env_type: environment.type,
    });
    this.audit.record(inside, {
      action: 'environment.create',
      actor,
      target: { type: 'environment', id: environment.id },
    });
    this.database.notify(TENANT_CHANGED + scope.appId);
    return environment;
  }
}
