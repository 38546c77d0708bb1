import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { TenantDirectory } from '../http/tenancy/tenant-directory.js';
import { PreconditionFailed } from '../http/etag.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { mappingConstraints } from '../kernel/persistence/constraint-problems.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import type {
  CreateKeyInput,
  ForeignSecret,
  KeyCapabilities,
  KeyFilter,
  KeyInfo,
  KeyManager,
  KeyResult,
  KeyState,
  RotatedKey,
  RotateOptions,
  UpdateKeyInput,
  ValidatedKey,
  ValidateOptions,
} from '../keys-bridge/key-manager.js';
import { KeyAlreadyKnown, KeyNotFound, KeyStateConflict } from '../keys-bridge/keys-bridge.problems.js';
import { ApiKeysRepository, type NewSecret, type ShownKey } from './api-keys.repository.js';
import { KEYS_CHANGED } from './key-cache.js';
import { drawKey, hashKey, keyEnd, keyStart } from './key-format.js';
import { KeyValidator } from './key-validator.js';
import type { ApiKeyPolicyEntity } from './policies/api-key-policy.entity.js';
import { KeyPoliciesRepository } from './policies/key-policies.repository.js';
import { KeyPolicyNotFound } from './policies/policies.problems.js';
import { expiryUnder, requireScopesUnder } from './policies/policy.rules.js';

const DAY_MS = 86_400_000;
const EVERYTHING: KeyCapabilities = {
  limits: true,
  credits: true,
  restrictions: true,
  graceRotation: true,
  hierarchicalScopes: true,
  usage: true,
  policies: true,
};

/** API keys in the service's own database. */
@Injectable()
export class EmbeddedKeyManager implements KeyManager {
  readonly name = 'embedded';

  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly policies: KeyPoliciesRepository,
    private readonly validator: KeyValidator,
    private readonly directory: TenantDirectory,
    private readonly database: Database,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  capabilities(): KeyCapabilities {
    return EVERYTHING;
  }

  async createKey(scope: EnvScope, input: CreateKeyInput): Promise<KeyResult> {
    const rawKey = await this.draw(scope);
    const id = await this.insert(scope, input, this.secretOf(rawKey));
    return { id, rawKey, start: keyStart(rawKey) };
  }

  importKey(scope: EnvScope, input: CreateKeyInput, { hash, start, lastFour }: ForeignSecret): Promise<string> {
    const secret = { id: this.ids.next('api_key_secret'), secretHash: hash, start, lastFour };
    return mappingConstraints({ api_key_secrets_secret_hash_key: () => new KeyAlreadyKnown() }, () =>
      this.insert(scope, input, secret),
    );
  }

  private async insert(scope: EnvScope, input: CreateKeyInput, secret: NewSecret): Promise<string> {
    const { name, owner, scopes = [], metadata = {}, limits = {}, credits, allow = {}, policyId } = input;
    const policy = policyId === undefined ? undefined : await this.policy(scope, policyId);
    if (policy !== undefined) requireScopesUnder(policy, scopes);
    const asked = input.expiresAt ?? null;
    const expiresAt = policy === undefined ? asked : expiryUnder(policy, this.clock.now(), asked);
    const id = this.ids.next('api_key');
    const row = {
      id,
      ownerKind: owner.kind,
      ownerId: owner.id,
      name,
      scopes: [...scopes],
      metadata: { ...metadata },
      expiresAt,
      limits,
      allow,
      policyId: policy?.id ?? null,
    };
    const paid = { credits: credits?.remaining ?? null, refill: credits?.refill ?? null };
    await this.keys.insert(scope, { ...row, ...paid }, secret, this.clock.now());
    return id;
  }

  validateKey(rawKey: string, options?: ValidateOptions): ValidatedKey | Promise<ValidatedKey> {
    return this.validator.validate(rawKey, options);
  }

  async revokeKey(scope: EnvScope, keyId: string, reason?: string): Promise<void> {
    await this.change(scope, keyId, 'revoked', reason ?? null);
  }

  rotateKey(scope: EnvScope, keyId: string, { graceMs, reason }: RotateOptions): Promise<RotatedKey> {
    return this.database.transaction(async () => {
      const key = await this.keys.find(scope, keyId);
      if (key === undefined) throw new KeyNotFound();
      const rawKey = await this.draw(scope);
      const grace = reason === 'compromise' ? 0 : (graceMs ?? (await this.graceOf(scope, key)));
      const ends = grace <= 0 ? null : this.clock.in(grace);
      // A grace that outlived the key would be a promise nobody keeps.
      const graceEndsAt = ends !== null && key.expiresAt !== null && key.expiresAt < ends ? key.expiresAt : ends;
      const secret = this.secretOf(rawKey);
      const isFirst = await this.keys.rotate(scope, key, secret, graceEndsAt, reason, this.clock.now());
      if (!isFirst) throw new KeyStateConflict();
      this.database.notify(KEYS_CHANGED + key.id);
      return { id: key.id, rawKey, start: keyStart(rawKey), graceEndsAt };
    });
  }

  async suspendKey(scope: EnvScope, keyId: string): Promise<void> {
    await this.change(scope, keyId, 'suspended', null);
  }

  async reactivateKey(scope: EnvScope, keyId: string): Promise<void> {
    await this.change(scope, keyId, 'active', null);
  }

  updateKey(scope: EnvScope, keyId: string, input: UpdateKeyInput, version?: number): Promise<KeyInfo> {
    return this.database.transaction(async () => {
      const key = await this.lock(scope, keyId);
      if (key.state === 'revoked') throw new KeyStateConflict();
      const {
        name = key.name,
        scopes = key.scopes,
        metadata = key.metadata,
        limits = key.limits,
        allow = key.allow,
      } = input;
      const expiresAt = input.expiresAt === undefined ? key.expiresAt : input.expiresAt;
      const credits =
        input.credits === undefined
          ? { credits: key.credits === null ? null : Number(key.credits), refill: key.refill }
          : { credits: input.credits?.remaining ?? null, refill: input.credits?.refill ?? null };
      const policy = input.policyId === undefined ? key.policyId : input.policyId;
      const under = policy === null ? undefined : await this.policy(scope, policy);
      // What a policy that was narrowed since takes away is taken at every call: it is no reason to refuse another change.
      if (under !== undefined && (input.scopes ?? input.policyId) !== undefined) requireScopesUnder(under, scopes);
      const isExpiryChanged = input.expiresAt !== undefined || input.policyId !== undefined;
      const row = {
        ...key,
        policyId: under?.id ?? null,
        name,
        scopes: [...scopes],
        metadata: { ...metadata },
        limits,
        allow,
        expiresAt: under === undefined || !isExpiryChanged ? expiresAt : expiryUnder(under, key.createdAt, expiresAt),
        ...credits,
      };
      if (!(await this.keys.update(scope, row, version, this.clock.now()))) throw new PreconditionFailed();
      this.database.notify(KEYS_CHANGED + key.id);
      return this.getKey(scope, keyId);
    });
  }

  async getKey(scope: EnvScope, keyId: string): Promise<KeyInfo> {
    const key = await this.keys.find(scope, keyId);
    if (key === undefined) throw new KeyNotFound();
    return toKeyInfo(key, this.clock.now());
  }

  async listKeys(scope: EnvScope, filter: KeyFilter, { limit, cursor }: PageRequest): Promise<Page<KeyInfo>> {
    const list = `api_keys/${scope.envId}/${JSON.stringify(filter)}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.keys.page(scope, filter, before, limit + 1);
    const { items, nextCursor } = this.cursors.page(list, limit, rows, ({ id }) => id);
    const shown = items.map((key) => toKeyInfo(key, this.clock.now()));
    return nextCursor === undefined ? { items: shown } : { items: shown, nextCursor };
  }

  private async change(scope: EnvScope, keyId: string, state: KeyState, reason: string | null): Promise<void> {
    await this.database.transaction(async () => {
      const key = await this.lock(scope, keyId);
      if (key.state === state) return;
      if (!(await this.keys.setState(scope, keyId, state, reason, this.clock.now()))) throw new KeyStateConflict();
      this.database.notify(KEYS_CHANGED + key.id);
    });
  }

  private async lock(scope: EnvScope, keyId: string): Promise<ShownKey> {
    const key = await this.keys.lock(scope, keyId);
    if (key === undefined) throw new KeyNotFound();
    return key;
  }

  /** @throws KeyPolicyNotFound */
  private async policy(scope: EnvScope, id: string): Promise<ApiKeyPolicyEntity> {
    const policy = await this.policies.share(scope, id);
    if (policy === undefined) throw new KeyPolicyNotFound();
    return policy;
  }

  private async graceOf(scope: EnvScope, { policyId }: ShownKey): Promise<number> {
    const policy = policyId === null ? null : await this.policies.find(scope, policyId);
    return policy?.graceS == null ? DAY_MS : policy.graceS * 1_000;
  }

  private async draw(scope: EnvScope): Promise<string> {
    return drawKey(this.config.keys.brand, (await this.directory.byScope(scope))?.environmentType ?? 'production');
  }

  private secretOf(rawKey: string): NewSecret {
    const id: Id<'api_key_secret'> = this.ids.next('api_key_secret');
    return { id, secretHash: hashKey(rawKey), start: keyStart(rawKey), lastFour: keyEnd(rawKey) };
  }
}

function toKeyInfo(key: ShownKey, now: Date): KeyInfo {
  const { ownerKind, ownerId, credits, refill, graceEndsAt } = key;
  return {
    id: key.id,
    name: key.name,
    owner: { kind: ownerKind, id: ownerId },
    state: key.state,
    start: key.start,
    lastFour: key.lastFour,
    scopes: key.scopes,
    metadata: key.metadata,
    limits: key.limits,
    credits: credits === null ? null : { remaining: Number(credits), ...(refill && { refill }) },
    allow: key.allow,
    expiresAt: key.expiresAt,
    policyId: key.policyId,
    lastUsedAt: key.lastUsedAt,
    graceEndsAt: graceEndsAt !== null && graceEndsAt > now ? graceEndsAt : null,
    revokedAt: key.revokedAt,
    version: key.version,
    createdAt: key.createdAt,
  };
}
