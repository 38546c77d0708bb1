import { Injectable } from '@nestjs/common';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { AppScope } from '../kernel/context/scope.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { ClientConfigsRepository, SessionConfigsRepository } from './app-configs.repository.js';
import './apps.events.js';
import { ClientConfigNotFound, SessionConfigNotFound } from './apps.problems.js';
import type { ClientConfigEntity } from './client-config.entity.js';
import type { SessionConfigEntity } from './session-config.entity.js';
import { TENANT_CHANGED } from './tenant-changed.js';

type Stored = 'id' | 'appId' | 'createdAt' | 'updatedAt';
export type SessionConfigInput = Omit<SessionConfigEntity, Stored>;
export type ClientConfigInput = Omit<ClientConfigEntity, Stored>;

/** The two configurations of an app. Storing one replaces it as a whole: what is absent is inherited. */
@Injectable()
export class AppConfigsService {
  constructor(
    private readonly sessionConfigs: SessionConfigsRepository,
    private readonly clientConfigs: ClientConfigsRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** @throws SessionConfigNotFound */
  async sessionConfig(scope: AppScope): Promise<SessionConfigEntity> {
    const config = await this.sessionConfigs.find(scope);
    if (config === null) throw new SessionConfigNotFound();
    return config;
  }

  putSessionConfig(scope: AppScope, input: SessionConfigInput, actor: Actor): Promise<SessionConfigEntity> {
    return this.change(scope, 'app.put_session_config', actor, async () => {
      const known = await this.sessionConfigs.find(scope);
      await this.sessionConfigs.put(scope, { ...input, ...this.stamp('session_config', known) });
      return this.sessionConfig(scope);
    });
  }

  /** @throws SessionConfigNotFound */
  deleteSessionConfig(scope: AppScope, actor: Actor): Promise<void> {
    return this.change(scope, 'app.delete_session_config', actor, async () => {
      if ((await this.sessionConfigs.delete(scope)) === 0) throw new SessionConfigNotFound();
    });
  }

  /** @throws ClientConfigNotFound */
  async clientConfig(scope: AppScope): Promise<ClientConfigEntity> {
    const config = await this.clientConfigs.find(scope);
    if (config === null) throw new ClientConfigNotFound();
    return config;
  }

  putClientConfig(scope: AppScope, input: ClientConfigInput, actor: Actor): Promise<ClientConfigEntity> {
    return this.change(scope, 'app.put_client_config', actor, async () => {
      const known = await this.clientConfigs.find(scope);
      await this.clientConfigs.put(scope, { ...input, ...this.stamp('client_config', known) });
      return this.clientConfig(scope);
    });
  }

  /** @throws ClientConfigNotFound */
  deleteClientConfig(scope: AppScope, actor: Actor): Promise<void> {
    return this.change(scope, 'app.delete_client_config', actor, async () => {
      if ((await this.clientConfigs.delete(scope)) === 0) throw new ClientConfigNotFound();
    });
  }

  private change<T>(scope: AppScope, action: string, actor: Actor, work: () => Promise<T>): Promise<T> {
    return this.database.transaction(async () => {
      const result = await work();
      await this.events.record(scope, 'app.updated', scope.appId, { app_id: scope.appId });
      this.audit.record(scope, { action, actor, target: { type: 'app', id: scope.appId } });
      this.database.notify(TENANT_CHANGED + scope.appId);
      return result;
    });
  }

  private stamp<K extends 'session_config' | 'client_config'>(
    kind: K,
    known: Pick<SessionConfigEntity | ClientConfigEntity, 'id' | 'createdAt'> | null,
  ) {
    const now = this.clock.now();
    const id = known?.id ?? this.ids.next(kind);
    return { id: id as never, createdAt: known?.createdAt ?? now, updatedAt: now };
  }
}
