import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { ApiKeyRotationEntity } from './api-key-rotation.entity.js';

const OF_KEY = envStatement(
  'api_key_rotations.of_key',
  `SELECT ${columnsOf(ApiKeyRotationEntity)} FROM api_key_rotations WHERE app_id = $1 AND env_id = $2 AND key_id = $3
   ORDER BY id DESC LIMIT 100`,
);

@Injectable()
export class KeyRotationsRepository extends EnvScopedRepository<ApiKeyRotationEntity> {
  constructor(database: Database) {
    super(database, ApiKeyRotationEntity);
  }

  async insert(scope: EnvScope, rotation: Omit<ApiKeyRotationEntity, 'appId' | 'envId'>): Promise<void> {
    await this.insertIn(scope, rotation);
  }

  /** The last hundred, newest first. */
  async ofKey(scope: EnvScope, keyId: string): Promise<ApiKeyRotationEntity[]> {
    return (await this.queryIn<ApiKeyRotationEntity>(scope, OF_KEY, [keyId])).rows;
  }
}
