import { Injectable } from '@nestjs/common';
import { EnvironmentsService } from '../environments/environments.service.js';
import { PreconditionFailed } from '../http/etag.js';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { AppScope } from '../kernel/context/scope.js';
import { Events } from '../kernel/events/events.js';
import { type Id, IdGenerator } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import type { ServiceAccountEntity } from './service-account.entity.js';
import './service-accounts.events.js';
import { ServiceAccountNotFound } from './service-accounts.problems.js';
import { type ServiceAccountChanges, ServiceAccountsRepository } from './service-accounts.repository.js';

export interface NewServiceAccount {
  readonly name: string;
  readonly description?: string;
  readonly scopes?: string[];
  /** Absent: of the app as a whole. */
  readonly envId?: Id<'environment'>;
}

/** The machines of an app. What they may do, and the keys that open them, hang on these rows. */
@Injectable()
export class ServiceAccountsService {
  constructor(
    private readonly accounts: ServiceAccountsRepository,
    private readonly environments: EnvironmentsService,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** @throws EnvironmentNotFound, ServiceAccountNameTaken */
  create(
    scope: AppScope,
    { name, description, scopes, envId }: NewServiceAccount,
    actor: Actor,
  ): Promise<ServiceAccountEntity> {
    return this.database.transaction(async () => {
      if (envId !== undefined) await this.environments.lock(scope, [envId]);
      const now = this.clock.now();
      const account = await this.accounts.create(scope, {
        id: this.ids.next('service_account'),
        envId: envId ?? null,
        name,
        description: description ?? null,
        scopes: [...new Set(scopes)],
        disabledAt: null,
        version: 1,
        createdAt: now,
        updatedAt: now,
      });
      this.record(scope, account.id, 'service_account.create', actor);
      const payload = { service_account_id: account.id, app_id: scope.appId };
      await this.events.record(scope, 'service_account.created', account.id, payload);
      return account;
    });
  }

  /** @throws ServiceAccountNotFound */
  async get(scope: AppScope, id: Id<'service_account'>): Promise<ServiceAccountEntity> {
    const account = await this.accounts.find(scope, id);
    if (account === null) throw new ServiceAccountNotFound();
    return account;
  }

  /** Oldest first, with the number of all. @throws MalformedCursor */
  async list(
    scope: AppScope,
    { limit, cursor }: PageRequest,
  ): Promise<Page<ServiceAccountEntity> & { readonly total: number }> {
    const list = `service_accounts/${scope.appId}`;
    const after = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const { rows, total } = await this.accounts.page(scope, after, limit + 1);
    return { ...this.cursors.page(list, limit, rows, ({ id }) => id), total };
  }

  /** @param version what If-Match demands. @throws ServiceAccountNotFound, ServiceAccountNameTaken, PreconditionFailed */
  update(
    scope: AppScope,
    id: Id<'service_account'>,
    changes: ServiceAccountChanges,
    version: number | undefined,
    actor: Actor,
  ): Promise<ServiceAccountEntity> {
    return this.database.transaction(async () => {
      await this.get(scope, id);
      const account = await this.accounts.update(scope, id, changes, version, this.clock.now());
      if (account === undefined) throw new PreconditionFailed();
      this.record(scope, id, 'service_account.update', actor);
      const payload = { service_account_id: id, app_id: scope.appId, active: account.disabledAt === null };
      await this.events.record(scope, 'service_account.updated', id, payload);
      return account;
    });
  }

  /** @throws ServiceAccountNotFound */
  delete(scope: AppScope, id: Id<'service_account'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      if (!(await this.accounts.delete(scope, id))) throw new ServiceAccountNotFound();
      this.record(scope, id, 'service_account.delete', actor);
      const payload = { service_account_id: id, app_id: scope.appId };
      await this.events.record(scope, 'service_account.deleted', id, payload);
    });
  }

  private record(scope: AppScope, id: Id<'service_account'>, action: string, actor: Actor): void {
    this.audit.record(scope, { action, actor, target: { type: 'service_account', id } });
  }
}
