import { Injectable } from '@nestjs/common';
import type { AppScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { AppScopedRepository } from '../kernel/persistence/app-scoped.repository.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvironmentEntity } from './environment.entity.js';
import { EnvironmentNotFound, EnvironmentSlugTaken } from './environments.problems.js';
import { PublishableKeyEntity } from './publishable-key.entity.js';

@Injectable()
export class EnvironmentsRepository extends AppScopedRepository<EnvironmentEntity> {
  constructor(database: Database) {
    super(database, EnvironmentEntity, { environments_app_id_slug_key: () => new EnvironmentSlugTaken() });
  }

  /** @throws EnvironmentSlugTaken */
  create(scope: AppScope, environment: Omit<EnvironmentEntity, 'appId'>): Promise<EnvironmentEntity> {
    return this.insertIn(scope, environment);
  }

  list(scope: AppScope): Promise<EnvironmentEntity[]> {
    return this.findIn(scope, {}, { id: 'ASC' });
  }

  /** @throws EnvironmentNotFound */
  async getById(scope: AppScope, id: Id<'environment'>): Promise<EnvironmentEntity> {
    const found = await this.findOneIn(scope, { id });
    if (found === null) throw new EnvironmentNotFound();
    return found;
  }
}

@Injectable()
export class PublishableKeysRepository extends AppScopedRepository<PublishableKeyEntity> {
  constructor(database: Database) {
    super(database, PublishableKeyEntity);
  }

  create(scope: AppScope, key: Omit<PublishableKeyEntity, 'appId'>): Promise<PublishableKeyEntity> {
    return this.insertIn(scope, key);
  }

  list(scope: AppScope): Promise<PublishableKeyEntity[]> {
    return this.findIn(scope, {}, { id: 'ASC' });
  }
}
