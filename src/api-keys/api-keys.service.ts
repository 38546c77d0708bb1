import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import { type FieldChanges, fieldChanges } from '../kernel/audit/field-changes.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { EventName } from '../kernel/events/event-map.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import type { Page, PageRequest } from '../kernel/persistence/page.js';
import {
  type CreateKeyInput,
  type ForeignSecret,
  SERVICE_KEYS,
  type KeyFilter,
  type KeyInfo,
  type KeyManager,
  type KeyOwner,
  type KeyResult,
  type RotatedKey,
  type RotateOptions,
  type UpdateKeyInput,
} from '../keys-bridge/key-manager.js';
import { KeyFeatureUnsupported, KeyNotFound, TooManyKeys } from '../keys-bridge/keys-bridge.problems.js';
import { settingPlace } from '../settings/setting-place.js';
import { SettingsReader } from '../settings/settings-reader.js';
import { DEFAULT_POLICY, KEYS_PER_OWNER } from './api-key-settings.js';
import './api-keys.events.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { KEYS_CHANGED } from './key-cache.js';
import { KeyPoliciesService } from './policies/key-policies.service.js';
import { KeyPolicyNotFound } from './policies/policies.problems.js';
import type { ApiKeyRotationEntity } from './rotations/api-key-rotation.entity.js';
import { KeyRotationsRepository } from './rotations/key-rotations.repository.js';
import { KeyUsageRepository, type KeyUsageRow, type UsageSpan } from './usage/key-usage.repository.js';

/** Whose key it must be; undefined: anybody's. */
type Owner = KeyOwner | undefined;
type KeyEvent = Extract<EventName, `api_key.${string}`>;

/** A key that was issued elsewhere. */
export interface ImportedKey {
  readonly input: CreateKeyInput;
  readonly secret: ForeignSecret;
}

/** API keys in the hands of people: every change is one transaction with its audit entry and its event. */
@Injectable()
export class ApiKeysService implements OnModuleInit {
  constructor(
    @Inject(SERVICE_KEYS) private readonly manager: KeyManager,
    private readonly keys: ApiKeysRepository,
    private readonly usage: KeyUsageRepository,
    private readonly policies: KeyPoliciesService,
    private readonly rotations: KeyRotationsRepository,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
    private readonly settings: SettingsReader,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
  ) {}

  /** What becomes of an owner becomes of their keys, on every replica at once. */
  onModuleInit(): void {
    for (const event of ['user.deleted', 'user.restored', 'admin.user.banned', 'admin.user.unbanned'] as const) {
      this.events.within(event, (_, { payload }) => this.ownerChanged(payload.user_id));
    }
    for (const event of ['service_account.updated', 'service_account.deleted'] as const) {
      this.events.within(event, (_, { payload }) => this.ownerChanged(payload.service_account_id));
    }
    for (const event of ['org.updated', 'org.deleted'] as const) {
      this.events.within(event, (_, { payload }) => this.ownerChanged(payload.org_id));
    }
  }

  /** @throws TooManyKeys, KeyPolicyNotFound, ExpiryBeyondPolicy */
  create(scope: EnvScope, input: CreateKeyInput, actor: Actor): Promise<KeyResult> {
    return this.database.transaction(async () => {
      const most = await this.settings.value(settingPlace.environment(scope), KEYS_PER_OWNER);
      await this.keys.lockOwner(scope, input.owner.id);
      const revoked = await this.keys.count(scope, { owner: input.owner, state: 'revoked' });
      const used = (await this.keys.count(scope, { owner: input.owner })) - revoked;
      if (used >= most) throw new TooManyKeys({ extras: { limit: most, used } });
      const created = await this.manager.createKey(scope, { ...input, ...(await this.policyFor(scope, input)) });
      await this.record(scope, 'api_key.created', created.id, input.owner, actor, {
        name: input.name,
        scopes: input.scopes ?? [],
      });
      return created;
    });
  }

  /** Where nobody has named one: what the environment wants, as far as the key manager knows policies. */
  private async policyFor(scope: EnvScope, { policyId }: CreateKeyInput): Promise<{ readonly policyId?: string }> {
    if (policyId !== undefined || !this.manager.capabilities().policies) return {};
    const wanted = await this.settings.value(settingPlace.environment(scope), DEFAULT_POLICY);
    if (wanted === '') return {};
    const policy = await this.policies.findByName(scope, wanted);
    // A key without the policy that it was to have would be as free as it was never meant to be.
    if (policy === undefined)
      throw new KeyPolicyNotFound({ detail: 'api_keys.default_policy names no policy of this environment' });
    return { policyId: policy.id };
  }

  /** All of them, or none: owners' limits of how many keys they may have do not count. @throws KeyAlreadyKnown, KeyFeatureUnsupported */
  import(scope: EnvScope, keys: readonly ImportedKey[], actor: Actor): Promise<string[]> {
    return this.database.transaction(async () => {
      const ids: string[] = [];
      for (const { input, secret } of keys) {
        if (this.manager.importKey === undefined)
          throw new KeyFeatureUnsupported({ extras: { unsupported: ['import'] } });
        const id = await this.manager.importKey(scope, input, secret);
        const facts = { name: input.name, scopes: input.scopes ?? [], imported: true };
        await this.record(scope, 'api_key.created', id, input.owner, actor, facts);
        ids.push(id);
      }
      return ids;
    });
  }

  /** @throws KeyNotFound */
  async get(scope: EnvScope, id: string, owner?: Owner): Promise<KeyInfo> {
    const key = await this.manager.getKey(scope, id);
    if (owner !== undefined && (key.owner.kind !== owner.kind || key.owner.id !== owner.id)) throw new KeyNotFound();
    return key;
  }

  /** Newest first, with the number of all, up to 10,000. @throws MalformedCursor */
  async list(
    scope: EnvScope,
    filter: KeyFilter,
    page: PageRequest,
  ): Promise<Page<KeyInfo> & { readonly total: number }> {
    return { ...(await this.manager.listKeys(scope, filter, page)), total: await this.keys.count(scope, filter) };
  }

  /** @throws KeyNotFound, KeyStateConflict, PreconditionFailed */
  update(
    scope: EnvScope,
    id: string,
    input: UpdateKeyInput,
    version: number | undefined,
    owner: Owner,
    actor: Actor,
  ): Promise<KeyInfo> {
    return this.database.transaction(async () => {
      const before = await this.get(scope, id, owner);
      const after = await this.manager.updateKey(scope, id, input, version);
      await this.record(
        scope,
        'api_key.updated',
        id,
        before.owner,
        actor,
        {},
        fieldChanges(shown(before), shown(after)),
      );
      return after;
    });
  }

  /** @throws KeyNotFound, KeyStateConflict */
  rotate(scope: EnvScope, id: string, options: RotateOptions, owner: Owner, actor: Actor): Promise<RotatedKey> {
    return this.database.transaction(async () => {
      const key = await this.get(scope, id, owner);
      const rotated = await this.manager.rotateKey(scope, id, options);
      const { reason } = options;
      const facts = { api_key_id: id, owner_kind: key.owner.kind, owner_id: key.owner.id, rotation_reason: reason };
      await this.events.record(scope, 'api_key.rotated', id, facts);
      const grace = rotated.graceEndsAt === null ? {} : { grace_ends_at: rotated.graceEndsAt.toISOString() };
      const target = { type: 'api_key', id };
      this.audit.record(scope, { action: 'api_key.rotated', actor, target, metadata: { reason, ...grace } });
      await this.rotations.insert(scope, {
        id: this.ids.next('api_key_rotation'),
        keyId: id,
        reason,
        rotatedBy: 'id' in actor ? actor.id : null,
        start: key.start,
        lastFour: key.lastFour,
        graceEndsAt: rotated.graceEndsAt,
        createdAt: this.clock.now(),
      });
      return rotated;
    });
  }

  /** @throws KeyNotFound, KeyStateConflict */
  suspend(scope: EnvScope, id: string, owner: Owner, actor: Actor): Promise<void> {
    return this.change(scope, id, owner, actor, 'api_key.suspended', () => this.manager.suspendKey(scope, id));
  }

  /** @throws KeyNotFound, KeyStateConflict */
  reactivate(scope: EnvScope, id: string, owner: Owner, actor: Actor): Promise<void> {
    return this.change(scope, id, owner, actor, 'api_key.reactivated', () => this.manager.reactivateKey(scope, id));
  }

  /** Both secrets stop at once, on every replica. @throws KeyNotFound */
  revoke(scope: EnvScope, id: string, reason: string | undefined, owner: Owner, actor: Actor): Promise<void> {
    const revoke = () => this.manager.revokeKey(scope, id, reason);
    return this.change(scope, id, owner, actor, 'api_key.revoked', revoke, reason === undefined ? {} : { reason });
  }

  /** What a key was used for, oldest first, and how long validating it took. @throws KeyNotFound */
  async usageOf(
    scope: EnvScope,
    id: string,
    { from, to }: UsageSpan,
    window: 'hour' | 'day',
    owner: Owner,
  ): Promise<{ readonly rows: KeyUsageRow[]; readonly latencies: number[] }> {
    await this.get(scope, id, owner);
    const rows = await this.usage.ofKey(scope, id, from, to, window);
    return { rows, latencies: await this.usage.latencies(scope, { keyId: id, from, to }) };
  }

  /** Newest first, a hundred at most. @throws KeyNotFound */
  async rotationsOf(scope: EnvScope, id: string, owner: Owner): Promise<ApiKeyRotationEntity[]> {
    await this.get(scope, id, owner);
    return this.rotations.ofKey(scope, id);
  }

  private change(
    scope: EnvScope,
    id: string,
    owner: Owner,
    actor: Actor,
    event: KeyEvent,
    work: () => Promise<void>,
    metadata: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    return this.database.transaction(async () => {
      const key = await this.get(scope, id, owner);
      await work();
      const after = await this.manager.getKey(scope, id);
      if (after.state !== key.state) await this.record(scope, event, id, key.owner, actor, metadata);
    });
  }

  private async record(
    scope: EnvScope,
    event: KeyEvent,
    id: string,
    owner: KeyOwner,
    actor: Actor,
    metadata: Readonly<Record<string, unknown>>,
    changes?: FieldChanges,
  ): Promise<void> {
    const payload = { api_key_id: id, owner_kind: owner.kind, owner_id: owner.id };
    await this.events.record(scope, event as 'api_key.created', id, payload);
    this.audit.record(scope, {
      action: event,
      actor,
      target: { type: 'api_key', id },
      metadata: { owner_id: owner.id, ...metadata },
      ...(changes && { changes }),
    });
  }

  private ownerChanged(id: string): Promise<void> {
    this.database.notify(KEYS_CHANGED + id);
    return Promise.resolve();
  }
}

/** What an update may change, by the names of the wire. */
function shown({
  name,
  scopes,
  metadata,
  limits,
  credits,
  allow,
  expiresAt,
  policyId,
}: KeyInfo): Record<string, unknown> {
  return {
    name,
    scopes,
    metadata,
    limits,
    credits,
    allow,
    expires_at: expiresAt?.toISOString() ?? null,
    policy_id: policyId,
  };
}
