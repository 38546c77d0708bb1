import { Injectable } from '@nestjs/common';
import { PreconditionFailed } from '../../http/etag.js';
import { type Actor, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Events } from '../../kernel/events/events.js';
import { type Id, IdGenerator } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import '../api-keys.events.js';
import { KEYS_CHANGED } from '../key-cache.js';
import type { ApiKeyPolicyEntity } from './api-key-policy.entity.js';
import { KeyPoliciesRepository, type KeyPolicyTerms } from './key-policies.repository.js';
import { KeyPolicyNotFound } from './policies.problems.js';

type PolicyEvent = 'api_key_policy.created' | 'api_key_policy.updated' | 'api_key_policy.deleted';

/** What keys have in common: a change counts for every key under the policy, on every replica at once. */
@Injectable()
export class KeyPoliciesService {
  constructor(
    private readonly policies: KeyPoliciesRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** By name. */
  all(scope: EnvScope): Promise<ApiKeyPolicyEntity[]> {
    return this.policies.all(scope);
  }

  async findByName(scope: EnvScope, name: string): Promise<ApiKeyPolicyEntity | undefined> {
    return (await this.policies.findByName(scope, name)) ?? undefined;
  }

  /** Whether a key stands under it. */
  isUsed(scope: EnvScope, id: Id<'api_key_policy'>): Promise<boolean> {
    return this.policies.isUsed(scope, id);
  }

  /** @throws KeyPolicyNotFound */
  async get(scope: EnvScope, id: Id<'api_key_policy'>): Promise<ApiKeyPolicyEntity> {
    const policy = await this.policies.find(scope, id);
    if (policy === null) throw new KeyPolicyNotFound();
    return policy;
  }

  /** @throws KeyPolicyNameTaken */
  create(scope: EnvScope, terms: KeyPolicyTerms, actor: Actor): Promise<ApiKeyPolicyEntity> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const dates = { version: 1, createdAt: now, updatedAt: now };
      const policy = await this.policies.insert(scope, { ...terms, id: this.ids.next('api_key_policy'), ...dates });
      await this.record(scope, 'api_key_policy.created', policy, actor);
      return policy;
    });
  }

  /** @throws KeyPolicyNotFound, KeyPolicyNameTaken, PreconditionFailed */
  replace(
    scope: EnvScope,
    id: Id<'api_key_policy'>,
    terms: KeyPolicyTerms,
    version: number | undefined,
    actor: Actor,
  ): Promise<ApiKeyPolicyEntity> {
    return this.database.transaction(async () => {
      await this.get(scope, id);
      const policy = await this.policies.replace(scope, id, terms, version, this.clock.now());
      if (policy === undefined) throw new PreconditionFailed();
      this.database.notify(KEYS_CHANGED + id);
      await this.record(scope, 'api_key_policy.updated', policy, actor);
      return policy;
    });
  }

  /** @throws KeyPolicyNotFound, KeyPolicyInUse */
  delete(scope: EnvScope, id: Id<'api_key_policy'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      const policy = await this.get(scope, id);
      await this.policies.delete(scope, id);
      await this.record(scope, 'api_key_policy.deleted', policy, actor);
    });
  }

  private async record(
    scope: EnvScope,
    event: PolicyEvent,
    { id, name }: ApiKeyPolicyEntity,
    actor: Actor,
  ): Promise<void> {
    await this.events.record(scope, event, id, { api_key_policy_id: id, name });
    this.audit.record(scope, { action: event, actor, target: { type: 'api_key_policy', id }, metadata: { name } });
  }
}
