import { Injectable } from '@nestjs/common';
import { UsageBuffer } from '../billing-bridge/usage/usage-buffer.js';
import { Config } from '../config/config.js';
import { TenantDirectory } from '../http/tenancy/tenant-directory.js';
import { PreconditionFailed } from '../http/etag.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { rateLimited } from '../kernel/limits/rate-limits.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import type {
  CreateKeyInput,
  KeyCapabilities,
  KeyFilter,
  KeyInfo,
  KeyManager,
  KeyResult,
  KeyState,
  LimitState,
  RotatedKey,
  RotateOptions,
  UpdateKeyInput,
  ValidatedKey,
  ValidateOptions,
} from '../keys-bridge/key-manager.js';
import { CreditsExhausted, InvalidApiKey, KeyNotFound, KeyStateConflict } from '../keys-bridge/keys-bridge.problems.js';
import { ApiKeysRepository, type NewSecret, type ShownKey } from './api-keys.repository.js';
import { type CachedKey, KeyCache, KEYS_CHANGED } from './key-cache.js';
import { drawKey, hashKey, isPlausibleKey, keyEnd, keyStart } from './key-format.js';
import { KeyLookupSystemRepository } from './key-lookup.system-repository.js';
import { requireAllowed, requireScopes, whyRefused } from './key-rules.js';
import { KeyLimiter, type Verdict } from './limits/key-limiter.js';
import { KeyUsageBuffer } from './usage/key-usage-buffer.js';

const DAY_MS = 86_400_000;
const EVERYTHING: KeyCapabilities = {
  limits: true,
  credits: true,
  restrictions: true,
  graceRotation: true,
  hierarchicalScopes: true,
  usage: true,
};

/** API keys in the service's own database. */
@Injectable()
export class EmbeddedKeyManager implements KeyManager {
  readonly name = 'embedded';

  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly lookup: KeyLookupSystemRepository,
    private readonly cache: KeyCache,
    private readonly limiter: KeyLimiter,
    private readonly usage: KeyUsageBuffer,
    private readonly meter: UsageBuffer,
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
    const { name, owner, scopes = [], metadata = {}, expiresAt = null, limits = {}, credits, allow = {} } = input;
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
    };
    const paid = { credits: credits?.remaining ?? null, refill: credits?.refill ?? null };
    await this.keys.insert(scope, { ...row, ...paid }, this.secretOf(rawKey), this.clock.now());
    return { id, rawKey, start: keyStart(rawKey) };
  }

  async validateKey(rawKey: string, options: ValidateOptions = {}): Promise<ValidatedKey> {
    // A slip or a forgery costs neither a hash nor a query.
    if (!isPlausibleKey(rawKey)) throw IMPLAUSIBLE;
    const asked = this.cache.find(rawKey);
    const key = asked instanceof Promise ? await asked : asked;
    if (key === undefined) throw new InvalidApiKey();
    try {
      const judged = this.judge(key, options);
      return judged instanceof Promise ? await judged : judged;
    } catch (error) {
      this.usage.note(key, (error as { code?: string }).code ?? 'failed', options.tag ?? '');
      throw error;
    }
  }

  async revokeKey(scope: EnvScope, keyId: string, reason?: string): Promise<void> {
    await this.change(scope, keyId, 'revoked', reason ?? null);
  }

  rotateKey(scope: EnvScope, keyId: string, { graceMs = DAY_MS, reason }: RotateOptions): Promise<RotatedKey> {
    return this.database.transaction(async () => {
      const key = await this.keys.find(scope, keyId);
      if (key === undefined) throw new KeyNotFound();
      const rawKey = await this.draw(scope);
      const grace = reason === 'compromise' ? 0 : graceMs;
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
      const row = {
        ...key,
        name,
        scopes: [...scopes],
        metadata: { ...metadata },
        limits,
        allow,
        expiresAt,
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

  /** Cheap refusals first: they take nothing from any limit. @returns a promise only where somebody has to be asked. */
  private judge(key: CachedKey, options: ValidateOptions): ValidatedKey | Promise<ValidatedKey> {
    if (whyRefused(key, options.scope, this.clock.nowMs()) !== undefined) throw new InvalidApiKey();
    requireAllowed(key, options);
    if (options.requiredScopes !== undefined) requireScopes(key.scopes, options.requiredScopes);
    const { scope, found, windows } = key;
    if (windows.length === 0) return this.charge(key, options, []);
    const taken = this.limiter.take(scope, found.id, windows);
    return taken instanceof Promise
      ? taken.then((verdict) => this.charge(key, options, passed(verdict)))
      : this.charge(key, options, passed(taken));
  }

  private charge(
    key: CachedKey,
    options: ValidateOptions,
    limits: readonly LimitState[],
  ): ValidatedKey | Promise<ValidatedKey> {
    if (key.found.credits === null) return this.accept(key, options, limits, undefined);
    return this.spend(key, options.cost ?? 1).then((left) => this.accept(key, options, limits, left));
  }

  private accept(
    key: CachedKey,
    { tag }: ValidateOptions,
    limits: readonly LimitState[],
    creditsRemaining: number | undefined,
  ): ValidatedKey {
    this.usage.note(key, 'accepted', tag ?? '');
    this.meter.keyValidated(key.subject, key.found.id);
    return validated(key, limits, creditsRemaining);
  }

  private async spend({ found }: CachedKey, cost: number): Promise<number> {
    const { paid, remaining } = await this.lookup.anyTenantSpend(found.id, cost, this.clock.now());
    if (!paid) throw new CreditsExhausted({ extras: { remaining } });
    return remaining;
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

  private async draw(scope: EnvScope): Promise<string> {
    return drawKey(this.config.keys.brand, (await this.directory.byScope(scope))?.environmentType ?? 'production');
  }

  private secretOf(rawKey: string): NewSecret {
    const id: Id<'api_key_secret'> = this.ids.next('api_key_secret');
    return { id, secretHash: hashKey(rawKey), start: keyStart(rawKey), lastFour: keyEnd(rawKey) };
  }
}

/** Made once: who tries forgeries is not to cost a stack trace each. */
const IMPLAUSIBLE = new InvalidApiKey();

/** @throws RateLimited */
function passed({ refusing, limits }: Verdict): readonly LimitState[] {
  if (refusing === undefined) return limits;
  const { name, limit: count, resetMs } = refusing;
  throw rateLimited({ limit: { name, count, windowMs: resetMs }, allowed: false, remaining: 0, resetMs });
}

function validated(
  { found, scope, scopes }: CachedKey,
  limits: readonly LimitState[],
  creditsRemaining: number | undefined,
): ValidatedKey {
  return {
    id: found.id,
    name: found.name,
    owner: { kind: found.ownerKind, id: found.ownerId },
    scope,
    scopes,
    metadata: found.metadata,
    expiresAt: found.expiresAt,
    secret: found.secret,
    ...(found.notAfter === null ? {} : { grace: { since: found.rotatedAt ?? found.updatedAt, until: found.notAfter } }),
    limits,
    ...(creditsRemaining === undefined ? {} : { creditsRemaining }),
  };
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
    lastUsedAt: key.lastUsedAt,
    graceEndsAt: graceEndsAt !== null && graceEndsAt > now ? graceEndsAt : null,
    revokedAt: key.revokedAt,
    version: key.version,
    createdAt: key.createdAt,
  };
}
