import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PreconditionFailed } from '../http/etag.js';
import { TENANT_CHANGED } from '../http/tenancy/tenant-changed.js';
import { type Actor, AuditTrail, SYSTEM_ACTOR } from '../kernel/audit/audit-trail.js';
import { type FieldChanges, fieldChanges } from '../kernel/audit/field-changes.js';
import { Clock } from '../kernel/clock/clock.js';
import { type AppScope, type EnvScope, scopeTo } from '../kernel/context/scope.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import type { SettingAuthor } from '../settings/settings.service.js';
import { EnvironmentSettingsService } from './environment-settings.service.js';
import type { EnvironmentSettingsChange } from './environment-settings.js';
import type { EnvironmentEntity, EnvironmentType } from './environment.entity.js';
import { FIRST_ENVIRONMENTS, TYPE_COLORS } from './environment.rules.js';
import './environments.events.js';
import { DefaultEnvironmentProtected, EnvironmentNotFound } from './environments.problems.js';
import { type EnvironmentChanges, EnvironmentsRepository } from './environments.repository.js';
import { PublishableKeysService } from './publishable-keys.service.js';

export interface NewEnvironment {
  readonly name: string;
  readonly slug: string;
  readonly type: EnvironmentType;
  readonly color?: string;
  readonly description?: string;
  readonly settings?: EnvironmentSettingsChange;
  readonly clonedFrom?: Id<'environment'>;
}

@Injectable()
export class EnvironmentsService implements OnModuleInit {
  constructor(
    private readonly environments: EnvironmentsRepository,
    private readonly keys: PublishableKeysService,
    private readonly settings: EnvironmentSettingsService,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.events.within('app.created', (scope) => this.createFirst(scope));
  }

  /** With its first publishable key. @throws EnvironmentSlugTaken; what its settings are refused with */
  create(scope: AppScope, input: NewEnvironment, by: SettingAuthor): Promise<EnvironmentEntity> {
    return this.database.transaction(() => this.add(scope, input, { by, isDefault: false }));
  }

  list(scope: AppScope): Promise<EnvironmentEntity[]> {
    return this.environments.list(scope);
  }

  /** @throws EnvironmentNotFound */
  get(scope: AppScope, id: Id<'environment'>): Promise<EnvironmentEntity> {
    return this.environments.getById(scope, id);
  }

  /** @returns the scope of an environment of the app. @throws EnvironmentNotFound */
  async inside(scope: AppScope, id: Id<'environment'>): Promise<EnvScope> {
    await this.get(scope, id);
    return scopeTo.env(scope.appId, id);
  }

  /** Keeps environments as they are until the transaction ends. @throws EnvironmentNotFound */
  lock(scope: AppScope, ids: readonly Id<'environment'>[]): Promise<void> {
    return this.environments.lock(scope, ids);
  }

  /** @param version what If-Match demands. @throws EnvironmentNotFound, PreconditionFailed */
  update(
    scope: AppScope,
    id: Id<'environment'>,
    changes: EnvironmentChanges,
    version: number | undefined,
    actor: Actor,
  ): Promise<EnvironmentEntity> {
    return this.database.transaction(async () => {
      const before = await this.get(scope, id);
      const environment = await this.environments.update(scope, id, changes, version, this.clock.now());
      if (environment === undefined) throw new PreconditionFailed();
      await this.recordUpdate(
        environment,
        'environment.update',
        actor,
        fieldChanges(shown(before), shown(environment)),
      );
      return environment;
    });
  }

  /** Null takes a value away; what is not named stays. @throws EnvironmentNotFound, ValidationFailed, SettingEnforced */
  changeSettings(
    scope: AppScope,
    id: Id<'environment'>,
    change: EnvironmentSettingsChange,
    by: SettingAuthor,
  ): Promise<EnvironmentEntity> {
    return this.database.transaction(async () => {
      const environment = await this.get(scope, id);
      await this.settings.change(scopeTo.env(scope.appId, id), change, by);
      return environment;
    });
  }

  /** @throws EnvironmentNotFound */
  setDefault(scope: AppScope, id: Id<'environment'>, actor: Actor): Promise<EnvironmentEntity> {
    return this.database.transaction(async () => {
      const environment = await this.environments.setDefault(scope, id, this.clock.now());
      await this.recordUpdate(environment, 'environment.set_default', actor);
      return environment;
    });
  }

  /**
   * Its keys, sessions and tokens are dead at once; everything under it goes bit by bit.
   * @throws EnvironmentNotFound, DefaultEnvironmentProtected
   */
  delete(scope: AppScope, id: Id<'environment'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      const { isDefault } = await this.get(scope, id);
      if (isDefault) throw new DefaultEnvironmentProtected();
      const environment = await this.environments.delete(scope, id, this.clock.now());
      if (environment === undefined) throw new EnvironmentNotFound();
      await this.events.record(scope, 'environment.deleted', id, { env_id: id, env_name: environment.name });
      this.audit.record(scope, { action: 'environment.delete', actor, target: { type: 'environment', id } });
      this.database.notify(TENANT_CHANGED + scope.appId);
    });
  }

  private async createFirst(scope: AppScope): Promise<void> {
    for (const [index, preset] of FIRST_ENVIRONMENTS.entries()) {
      await this.add(scope, preset, { by: { actor: SYSTEM_ACTOR, scope }, isDefault: index === 0 });
    }
  }

  private async add(
    scope: AppScope,
    input: NewEnvironment,
    { by, isDefault }: { by: SettingAuthor; isDefault: boolean },
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
      clonedFrom: input.clonedFrom ?? null,
      version: 1,
      createdAt: now,
      updatedAt: now,
      deletedAt: null,
    });
    const { id, name, type } = environment;
    const inside = scopeTo.env(scope.appId, id);
    await this.keys.draw(inside, type);
    if (input.settings !== undefined) await this.settings.change(inside, input.settings, by);
    await this.events.record(inside, 'environment.created', id, { env_id: id, env_name: name, env_type: type });
    this.audit.record(inside, { action: 'environment.create', actor: by.actor, target: { type: 'environment', id } });
    this.database.notify(TENANT_CHANGED + scope.appId);
    return environment;
  }

  private async recordUpdate(
    { appId, id, name, isDefault }: EnvironmentEntity,
    action: 'environment.update' | 'environment.set_default',
    actor: Actor,
    changes?: FieldChanges,
  ): Promise<void> {
    const inside = scopeTo.env(appId, id);
    const payload = { env_id: id, env_name: name, is_default: isDefault };
    await this.events.record(inside, 'environment.updated', id, payload);
    this.audit.record(inside, { action, actor, target: { type: 'environment', id }, ...(changes && { changes }) });
    this.database.notify(TENANT_CHANGED + appId);
  }
}

function shown({ name, description, color }: EnvironmentEntity): Record<string, unknown> {
  return { name, description, color };
}
