import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { ApiKeySecretEntity } from '../secrets/api-key-secret.entity.js';

const FIND = envStatement(
  'api_key_secrets.leaked',
  `SELECT ${columnsOf(ApiKeySecretEntity)} FROM api_key_secrets
   WHERE app_id = $1 AND env_id = $2 AND key_id = $3 AND secret_hash = $4`,
);
const MARK = envStatement(
  'api_key_secrets.mark_leaked',
  'UPDATE api_key_secrets SET leaked_at = $4 WHERE app_id = $1 AND env_id = $2 AND id = $3 AND leaked_at IS NULL',
);

@Injectable()
export class LeakedSecretsRepository extends EnvScopedRepository<ApiKeySecretEntity> {
  constructor(database: Database) {
    super(database, ApiKeySecretEntity);
  }

  async find(scope: EnvScope, keyId: string, hash: Buffer): Promise<ApiKeySecretEntity | undefined> {
    return (await this.queryIn<ApiKeySecretEntity>(scope, FIND, [keyId, hash])).rows[0];
  }

  /** @returns whether nobody had reported it before. */
  async mark(scope: EnvScope, id: string, now: Date): Promise<boolean> {
    return (await this.queryIn(scope, MARK, [id, now])).count === 1;
  }
}
