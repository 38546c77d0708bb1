import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { mappingConstraints } from '../../kernel/persistence/constraint-problems.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { ApiKeyPolicyEntity } from './api-key-policy.entity.js';
import { KeyPolicyInUse, KeyPolicyNameTaken } from './policies.problems.js';

/** A policy as somebody wrote it. */
export type KeyPolicyTerms = Omit<ApiKeyPolicyEntity, 'id' | 'appId' | 'envId' | 'version' | 'createdAt' | 'updatedAt'>;

const COLUMNS = columnsOf(ApiKeyPolicyEntity);
const TAKEN = { api_key_policies_app_id_env_id_name_key: () => new KeyPolicyNameTaken() };

const ALL = envStatement(
  'api_key_policies.all',
  `SELECT ${COLUMNS} FROM api_key_policies WHERE app_id = $1 AND env_id = $2 ORDER BY name LIMIT 1000`,
);
/** Held until the transaction ends: nobody deletes what a key is put under at this moment. */
const SHARE = envStatement(
  'api_key_policies.share',
  `SELECT ${COLUMNS} FROM api_key_policies WHERE app_id = $1 AND env_id = $2 AND id = $3 FOR KEY SHARE`,
);
const IS_USED = envStatement(
  'api_key_policies.is_used',
  'SELECT EXISTS (SELECT FROM api_keys WHERE app_id = $1 AND env_id = $2 AND policy_id = $3) AS used',
);
const REPLACE = envStatement(
  'api_key_policies.replace',
  `UPDATE api_key_policies SET name = $4, description = $5, limits = $6, allow = $7, allowed_scopes = $8, max_lifetime_s = $9,
     rotation_period_s = $10, grace_s = $11, version = version + 1, updated_at = $12
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND ($13::integer IS NULL OR version = $13)
   RETURNING ${COLUMNS}`,
);

@Injectable()
export class KeyPoliciesRepository extends EnvScopedRepository<ApiKeyPolicyEntity> {
  constructor(database: Database) {
    super(database, ApiKeyPolicyEntity, TAKEN);
  }

  /** @throws KeyPolicyNameTaken */
  insert(scope: EnvScope, policy: Omit<ApiKeyPolicyEntity, 'appId' | 'envId'>): Promise<ApiKeyPolicyEntity> {
    return this.insertIn(scope, policy);
  }

  find(scope: EnvScope, id: Id<'api_key_policy'>): Promise<ApiKeyPolicyEntity | null> {
    return this.findOneIn(scope, { id });
  }

  findByName(scope: EnvScope, name: string): Promise<ApiKeyPolicyEntity | null> {
    return this.findOneIn(scope, { name });
  }

  /** Whether a key stands under it. */
  async isUsed(scope: EnvScope, id: Id<'api_key_policy'>): Promise<boolean> {
    return (await this.queryIn<{ used: boolean }>(scope, IS_USED, [id])).rows[0]?.used === true;
  }

  async share(scope: EnvScope, id: string): Promise<ApiKeyPolicyEntity | undefined> {
    return (await this.queryIn<ApiKeyPolicyEntity>(scope, SHARE, [id])).rows[0];
  }

  /** By name. */
  async all(scope: EnvScope): Promise<ApiKeyPolicyEntity[]> {
    return (await this.queryIn<ApiKeyPolicyEntity>(scope, ALL)).rows;
  }

  /** @returns undefined when there is none of that version. @throws KeyPolicyNameTaken */
  async replace(
    scope: EnvScope,
    id: Id<'api_key_policy'>,
    p: KeyPolicyTerms,
    version: number | undefined,
    now: Date,
  ): Promise<ApiKeyPolicyEntity | undefined> {
    const periods = [p.maxLifetimeS, p.rotationPeriodS, p.graceS];
    const values = [id, p.name, p.description, p.limits, p.allow, p.allowedScopes, ...periods, now, version ?? null];
    return mappingConstraints(
      TAKEN,
      async () => (await this.queryIn<ApiKeyPolicyEntity>(scope, REPLACE, values)).rows[0],
    );
  }

  /** @throws KeyPolicyInUse */
  delete(scope: EnvScope, id: Id<'api_key_policy'>): Promise<number> {
    return mappingConstraints({ api_keys_policy_id_fkey: () => new KeyPolicyInUse() }, () =>
      this.deleteIn(scope, { id }),
    );
  }
}
