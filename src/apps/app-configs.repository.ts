import { Injectable } from '@nestjs/common';
import type { AppScope } from '../kernel/context/scope.js';
import { AppScopedRepository } from '../kernel/persistence/app-scoped.repository.js';
import { Database } from '../kernel/persistence/database.js';
import { ClientConfigEntity } from './client-config.entity.js';
import { SessionConfigEntity } from './session-config.entity.js';

@Injectable()
export class SessionConfigsRepository extends AppScopedRepository<SessionConfigEntity> {
  constructor(database: Database) {
    super(database, SessionConfigEntity);
  }

  find(scope: AppScope): Promise<SessionConfigEntity | null> {
    return this.findOneIn(scope, {});
  }

  put(scope: AppScope, config: Omit<SessionConfigEntity, 'appId'>): Promise<void> {
    return this.putIn(scope, config, ['appId']);
  }

  delete(scope: AppScope): Promise<number> {
    return this.deleteIn(scope, {});
  }
}

@Injectable()
export class ClientConfigsRepository extends AppScopedRepository<ClientConfigEntity> {
  constructor(database: Database) {
    super(database, ClientConfigEntity);
  }

  find(scope: AppScope): Promise<ClientConfigEntity | null> {
    return this.findOneIn(scope, {});
  }

  put(scope: AppScope, config: Omit<ClientConfigEntity, 'appId'>): Promise<void> {
    return this.putIn(scope, config, ['appId']);
  }

  delete(scope: AppScope): Promise<number> {
    return this.deleteIn(scope, {});
  }
}
