import { PreconditionFailed } from '../../http/etag.js';
import type { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { IdGenerator } from '../../kernel/ids/id.js';
import type { Cursors, Page, PageRequest } from '../../kernel/persistence/page.js';
import type {
  CreateKeyInput,
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
} from '../key-manager.js';
import { InvalidApiKey, KeyFeatureUnsupported, KeyNotFound, KeyStateConflict } from '../keys-bridge.problems.js';
import type { UnkeyKey, UnkeyKeyChanges, UnkeyKeys } from './unkey-keys.js';
import { NOBODYS_PERMISSION, permissionQuery, permissionsOf } from './unkey-permissions.js';
import { divided, UnkeyRotation } from './unkey-rotation.js';
import { commonCredits, UnkeySecrets } from './unkey-secrets.js';
import { judge } from './unkey-verdict.js';
import * as wire from './unkey-wire.js';
import { unavailable, UnkeyClient, type UnkeyConnection } from './unkey.client.js';

export interface UnkeyOptions extends UnkeyConnection {
  /** The API at Unkey that the keys belong to. */
  readonly apiId: string;
  /** What keys begin with. */
  readonly brand: string;
}

export interface UnkeyParts {
  readonly keys: UnkeyKeys;
  readonly ids: IdGenerator;
  readonly cursors: Cursors;
  readonly clock: Clock;
}

const DAY_MS = 86_400_000;
const RANDOM_BYTES = 24;
const LONGEST_ROTATION_MS = 60_000;
const MOST_TURNS = 3;
const AT_ONCE = 8;
/** What Unkey takes for a key at all. */
const PLAUSIBLE = /^[\x21-\x7e]{1,512}$/;
const NOT_IN_TAGS = /[^a-zA-Z0-9_=/.:-]/g;
const LONGEST_TAG = 256;

const CAPABILITIES: KeyCapabilities = {
  limits: true,
  credits: true,
  restrictions: false,
  graceRotation: true,
  hierarchicalScopes: true,
  usage: false,
  policies: false,
};

/**
 * API keys kept by Unkey. The service keeps which keys there are one of its own; what a verification needs is kept with the key at Unkey, so
 * that it is one call and no query.
 */
export class UnkeyKeyManager implements KeyManager {
  readonly name = 'unkey';
  readonly #client: UnkeyClient;
  readonly #secrets: UnkeySecrets;
  readonly #rotation: UnkeyRotation;

  constructor(
    private readonly options: UnkeyOptions,
    private readonly parts: UnkeyParts,
  ) {
    this.#client = new UnkeyClient(options, parts.clock);
    this.#secrets = new UnkeySecrets(this.#client, parts.clock);
    this.#rotation = new UnkeyRotation(this.#client, this.#secrets, parts.clock);
  }

  capabilities(): KeyCapabilities {
    return CAPABILITIES;
  }

  async createKey(scope: EnvScope, input: CreateKeyInput): Promise<KeyResult> {
    const { name, owner, scopes = [], metadata = {}, expiresAt = null, limits = {}, credits } = input;
    requireKept(input);
    const id = this.parts.ids.next('api_key');
    const call = 'keys.createKey';
    const made = await this.#client.administer(call, {
      apiId: this.options.apiId,
      prefix: this.options.brand,
      byteLength: RANDOM_BYTES,
      name,
      externalId: wire.externalIdOf(owner),
      meta: wire.toMeta({ id, scope, owner, state: 'active', expiresAt, metadata, retired: undefined }),
      permissions: permissionsOf(scope.envId, scopes),
      ratelimits: wire.toRatelimits(limits),
      enabled: true,
      ...(expiresAt && { expires: expiresAt.getTime() }),
      ...(credits && { credits: wire.toCredits(credits) }),
    });
    const { keyId, key: rawKey } = made ?? {};
    if (typeof keyId !== 'string' || typeof rawKey !== 'string') throw unavailable(call, 'it made no key');
    const shown = shownOf(rawKey);
    await this.parts.keys.add(scope, { id, unkeyKeyId: keyId, ownerKind: owner.kind, ownerId: owner.id, ...shown });
    return { id, rawKey, start: shown.start };
  }

  async validateKey(rawKey: string, options: ValidateOptions = {}): Promise<ValidatedKey> {
    if (!PLAUSIBLE.test(rawKey)) throw new InvalidApiKey();
    const { scope, requiredScopes, cost, tag } = options;
    let permissions = permissionQuery(scope, requiredScopes);
    if (permissions === undefined) {
      await this.requireBeforehand(rawKey, options);
      permissions = permissionQuery(scope, undefined);
    }
    const answer = await this.#client.verify({
      key: rawKey,
      ...(permissions && { permissions }),
      ...(cost === undefined ? {} : { credits: { cost } }),
      ...(tag && { tags: [tag.replace(NOT_IN_TAGS, '_').slice(0, LONGEST_TAG)] }),
    });
    return judge(answer, options, this.parts.clock.nowMs());
  }

  async revokeKey(scope: EnvScope, keyId: string, reason?: string): Promise<void> {
    const revoked = { revokedAt: this.parts.clock.now(), revokeReason: reason ?? null };
    await this.stop(scope, keyId, 'revoked', revoked);
  }

  async rotateKey(scope: EnvScope, keyId: string, { graceMs = DAY_MS, reason }: RotateOptions): Promise<RotatedKey> {
    const key = await this.live(scope, keyId);
    // Of two who rotate at once one is told so here, before anything has happened.
    if (key.rotatingUntil !== null && key.rotatingUntil > this.parts.clock.now()) throw new KeyStateConflict();
    const turn = await this.turn(scope, key, { rotatingUntil: this.parts.clock.in(LONGEST_ROTATION_MS) });
    const fresh = (): Promise<UnkeyKey | undefined> => this.parts.keys.find(scope, keyId);
    const rotated = await this.#rotation
      .run(turn, reason === 'compromise' ? 0 : graceMs, fresh)
      .catch(async (error: unknown) => {
        await this.parts.keys.change(scope, turn, { rotatingUntil: null }).catch(() => undefined);
        throw error;
      });
    const { rawKey, graceEndsAt } = rotated;
    const shown = shownOf(rawKey);
    const previousUnkeyKeyId = graceEndsAt === null ? null : key.unkeyKeyId;
    const secrets = { unkeyKeyId: rotated.keyId, previousUnkeyKeyId, graceEndsAt, rotatingUntil: null };
    try {
      await this.turn(scope, turn, { ...secrets, ...shown });
    } catch (error) {
      await rotated.undo();
      throw error;
    }
    return { id: key.id, rawKey, start: shown.start, graceEndsAt };
  }

  async suspendKey(scope: EnvScope, keyId: string): Promise<void> {
    await this.stop(scope, keyId, 'suspended', {});
  }

  async reactivateKey(scope: EnvScope, keyId: string): Promise<void> {
    const key = await this.live(scope, keyId);
    if (key.state !== 'active') await this.turn(scope, key, { state: 'active' });
    await this.#secrets.setState(key, 'active');
    // Who stopped it meanwhile has found it stopped already.
    const after = await this.find(scope, keyId);
    if (after.state === 'active') return;
    await this.#secrets.setState(after, after.state);
    throw new KeyStateConflict();
  }

  async updateKey(scope: EnvScope, keyId: string, input: UpdateKeyInput, version?: number): Promise<KeyInfo> {
    requireKept(input);
    const key = await this.live(scope, keyId);
    if (version !== undefined && version !== key.version) throw new PreconditionFailed();
    const { name, scopes, metadata, limits, expiresAt, credits } = input;
    const permissions = scopes && permissionsOf(scope.envId, scopes);
    await this.turn(scope, key, {});
    const secrets = await this.#secrets.readAll(key);
    const parts =
      credits &&
      divided(
        credits.remaining,
        secrets.some((secret) => this.#secrets.isInGrace(secret)),
      );
    for (const { keyId: unkeyKeyId, kept } of secrets) {
      const isCurrent = unkeyKeyId === key.unkeyKeyId;
      const changed = { ...kept, ...(metadata && { metadata }), ...(expiresAt === undefined ? {} : { expiresAt }) };
      const ends = [changed.expiresAt?.getTime(), changed.retired?.until].filter((end) => end !== undefined);
      const share = isCurrent ? { ...credits, remaining: parts?.current ?? 0 } : { remaining: parts?.previous ?? 0 };
      await this.#secrets.update(unkeyKeyId, {
        meta: wire.toMeta(changed),
        ...(name === undefined ? {} : { name }),
        ...(permissions && { permissions }),
        ...(limits && { ratelimits: wire.toRatelimits(limits) }),
        ...(expiresAt === undefined ? {} : { expires: ends.length === 0 ? null : Math.min(...ends) }),
        ...(credits === null ? { credits: null } : {}),
        ...(credits && { credits: { refill: null, ...wire.toCredits(share) } }),
      });
    }
    return this.getKey(scope, keyId);
  }

  async getKey(scope: EnvScope, keyId: string): Promise<KeyInfo> {
    const info = await this.show(await this.find(scope, keyId));
    if (info === undefined) throw new KeyNotFound();
    return info;
  }

  /** Without those that somebody deleted at Unkey. */
  async listKeys(scope: EnvScope, filter: KeyFilter, { limit, cursor }: PageRequest): Promise<Page<KeyInfo>> {
    const { keys, cursors } = this.parts;
    const list = `unkey_keys/${scope.envId}/${JSON.stringify(filter)}`;
    const before = cursor === undefined ? '' : cursors.decode(list, cursor);
    const rows = await keys.page(scope, filter, before, limit + 1);
    const { items, nextCursor } = cursors.page(list, limit, rows, ({ id }) => id);
    const shown: KeyInfo[] = [];
    for (let first = 0; first < items.length; first += AT_ONCE) {
      const infos = await Promise.all(items.slice(first, first + AT_ONCE).map((row) => this.show(row)));
      shown.push(...infos.filter((info) => info !== undefined));
    }
    return nextCursor === undefined ? { items: shown } : { items: shown, nextCursor };
  }

  /** A demand that is too long for one question: looks at what the key holds first, in a way that takes nothing from it. */
  private async requireBeforehand(rawKey: string, options: ValidateOptions): Promise<void> {
    const answer = await this.#client.verify({ key: rawKey, permissions: NOBODYS_PERMISSION });
    const looked = { ...answer, ...(answer.code === 'INSUFFICIENT_PERMISSIONS' && { valid: true, code: 'VALID' }) };
    judge(looked, options, this.parts.clock.nowMs());
  }

  /** Stops both secrets, then says so: a failure in between leaves a key that opens nothing, and stopping it again helps. */
  private async stop(
    scope: EnvScope,
    keyId: string,
    state: Exclude<KeyState, 'active'>,
    changes: UnkeyKeyChanges,
  ): Promise<void> {
    for (let attempt = 1; attempt <= MOST_TURNS; attempt += 1) {
      const key = await this.find(scope, keyId);
      if (key.state === 'revoked' && state !== 'revoked') throw new KeyStateConflict();
      await this.#secrets.setState(key, state);
      if (key.state === state) return;
      // Whoever was first may have made another secret, which is stopped in the next attempt.
      if ((await this.parts.keys.change(scope, key, { ...changes, state })) !== undefined) return;
    }
    throw new KeyStateConflict();
  }

  private async show(row: UnkeyKey): Promise<KeyInfo | undefined> {
    const [current, ...previous] = await this.#secrets.readAll(row);
    if (current?.keyId !== row.unkeyKeyId) return undefined;
    return wire.toKeyInfo(row, current.data, commonCredits([current, ...previous]), this.parts.clock.nowMs());
  }

  private async find(scope: EnvScope, keyId: string): Promise<UnkeyKey> {
    const key = await this.parts.keys.find(scope, keyId);
    if (key === undefined) throw new KeyNotFound();
    return key;
  }

  private async live(scope: EnvScope, keyId: string): Promise<UnkeyKey> {
    const key = await this.find(scope, keyId);
    if (key.state === 'revoked') throw new KeyStateConflict();
    return key;
  }

  private async turn(scope: EnvScope, key: UnkeyKey, changes: UnkeyKeyChanges): Promise<UnkeyKey> {
    const changed = await this.parts.keys.change(scope, key, changes);
    if (changed === undefined) throw new KeyStateConflict();
    return changed;
  }
}

/** Unkey's lists of addresses match letter by letter and nothing else: a restriction that nobody keeps is refused rather than promised. */
function requireKept({ allow = {}, policyId }: UpdateKeyInput): void {
  const isRestricted = Object.values(allow).some((list: readonly string[]) => list.length > 0);
  const unsupported = [...(isRestricted ? ['allow'] : []), ...(policyId ? ['policy'] : [])];
  if (unsupported.length > 0) throw new KeyFeatureUnsupported({ extras: { unsupported } });
}

function shownOf(rawKey: string): { readonly start: string; readonly lastFour: string } {
  return { start: rawKey.slice(0, rawKey.lastIndexOf('_') + 5), lastFour: rawKey.slice(-4) };
}
