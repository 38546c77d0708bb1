import { Injectable } from '@nestjs/common';
import type { AppScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { AppScopedRepository } from '../kernel/persistence/app-scoped.repository.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { appStatement } from '../kernel/persistence/statement.js';
import { PublishableKeyEntity } from './publishable-key.entity.js';

const COLUMNS = columnsOf(PublishableKeyEntity);

const LIST = appStatement(
  'publishable_keys.list',
  `SELECT ${COLUMNS} FROM publishable_keys WHERE app_id = $1 AND retired_at IS NULL ORDER BY id`,
);
const OF_ENVIRONMENT = appStatement(
  'publishable_keys.of_environment',
  `SELECT ${COLUMNS} FROM publishable_keys WHERE app_id = $1 AND env_id = $2 ORDER BY id`,
);
const RETIRE = appStatement(
  'publishable_keys.retire',
  `UPDATE publishable_keys SET retired_at = $4
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND retired_at IS NULL RETURNING ${COLUMNS}`,
);

@Injectable()
export class PublishableKeysRepository extends AppScopedRepository<PublishableKeyEntity> {
  constructor(database: Database) {
    super(database, PublishableKeyEntity);
  }

  create(scope: AppScope, key: Omit<PublishableKeyEntity, 'appId'>): Promise<PublishableKeyEntity> {
    return this.insertIn(scope, key);
  }

  /** The keys in force of every environment of an app, oldest first. */
  async list(scope: AppScope): Promise<PublishableKeyEntity[]> {
    return (await this.queryIn<PublishableKeyEntity>(scope, LIST)).rows;
  }

  /** Retired ones too, oldest first. */
  async ofEnvironment(scope: AppScope, envId: Id<'environment'>): Promise<PublishableKeyEntity[]> {
    return (await this.queryIn<PublishableKeyEntity>(scope, OF_ENVIRONMENT, [envId])).rows;
  }

  /** @returns undefined when there is no such key in force. */
  async retire(
    scope: AppScope,
    envId: Id<'environment'>,
    id: Id<'publishable_key'>,
    now: Date,
  ): Promise<PublishableKeyEntity | undefined> {
    return (await this.queryIn<PublishableKeyEntity>(scope, RETIRE, [envId, id, now])).rows[0];
  }
}
