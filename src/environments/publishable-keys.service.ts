import { Injectable } from '@nestjs/common';
import { TENANT_CHANGED } from '../http/tenancy/tenant-changed.js';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { AppScope, EnvScope } from '../kernel/context/scope.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import type { EnvironmentType } from './environment.entity.js';
import { drawPublishableKey } from './environment.rules.js';
import './environments.events.js';
import { PublishableKeyNotFound } from './environments.problems.js';
import type { PublishableKeyEntity } from './publishable-key.entity.js';
import { PublishableKeysRepository } from './publishable-keys.repository.js';

/** The keys by which clients name an environment. Several may be in force, so that one can be replaced without a gap. */
@Injectable()
export class PublishableKeysService {
  constructor(
    private readonly keys: PublishableKeysRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** The keys in force of every environment of an app, oldest first. */
  list(scope: AppScope): Promise<PublishableKeyEntity[]> {
    return this.keys.list(scope);
  }

  /** Retired ones too, oldest first. */
  ofEnvironment(scope: EnvScope): Promise<PublishableKeyEntity[]> {
    return this.keys.ofEnvironment(scope, scope.envId);
  }

  /** A new key, for an environment that is being made: part of that. */
  draw(scope: EnvScope, type: EnvironmentType): Promise<PublishableKeyEntity> {
    return this.keys.create(scope, {
      id: this.ids.next('publishable_key'),
      envId: scope.envId,
      key: drawPublishableKey(type),
      retiredAt: null,
      createdAt: this.clock.now(),
    });
  }

  add(scope: EnvScope, type: EnvironmentType, actor: Actor): Promise<PublishableKeyEntity> {
    return this.database.transaction(async () => {
      const key = await this.draw(scope, type);
      await this.record(scope, key, 'created', actor);
      return key;
    });
  }

  /** Calls that name it are refused at once. @throws PublishableKeyNotFound */
  retire(scope: EnvScope, id: Id<'publishable_key'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      const key = await this.keys.retire(scope, scope.envId, id, this.clock.now());
      if (key === undefined) throw new PublishableKeyNotFound();
      await this.record(scope, key, 'retired', actor);
    });
  }

  private async record(
    scope: EnvScope,
    { id, envId }: PublishableKeyEntity,
    what: 'created' | 'retired',
    actor: Actor,
  ): Promise<void> {
    await this.events.record(scope, `publishable_key.${what}`, id, { key_id: id, env_id: envId });
    const action = what === 'created' ? 'publishable_key.create' : 'publishable_key.retire';
    this.audit.record(scope, { action, actor, target: { type: 'publishable_key', id } });
    this.database.notify(TENANT_CHANGED + scope.appId);
  }
}
