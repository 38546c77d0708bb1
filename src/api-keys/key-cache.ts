import { Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { BilledSubjects } from '../billing-bridge/billed-subjects.js';
import type { MeteredKey } from '../billing-bridge/usage/usage-buffer.js';
import { Clock } from '../kernel/clock/clock.js';
import { common } from '../http/access/scopes.js';
import { type EnvScope, scopeTo } from '../kernel/context/scope.js';
import { ServiceUnavailable } from '../kernel/errors/common-problems.js';
import type { Id } from '../kernel/ids/id.js';
import { Notifications } from '../kernel/notifications/notifications.js';
import type { KeyOwner, KeyRestrictions } from '../keys-bridge/key-manager.js';
import { type FoundKey, KeyLookupSystemRepository } from './key-lookup.system-repository.js';
import { hashText } from './key-format.js';
import { type KeyWindow, windowsOf } from './limits/window-rules.js';
import { commonLimits } from './policies/policy.rules.js';
import type { UsageTallies } from './usage/key-usage-buffer.js';

/** Notification, followed by the id of a key or of an owner of keys, that what a key may do has changed. */
export const KEYS_CHANGED = 'api-keys:';

/** Where a key works. */
export interface Restriction extends KeyRestrictions {
  readonly ranges: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];
}

/** A key ready to be judged without asking anybody. */
export interface CachedKey {
  readonly found: FoundKey;
  readonly scope: EnvScope;
  /** Its own, as far as its owner was given them. */
  readonly scopes: readonly string[];
  readonly windows: readonly KeyWindow[];
  /** Its own lists and its policy's: all of them hold. */
  readonly restrictions: readonly Restriction[];
  /** As far as its policy lets it live. */
  readonly expiresAt: Date | null;
  readonly owner: KeyOwner;
  /** Of a secret that was rotated out: since when, and until when it works. */
  readonly grace: { readonly since: Date; readonly until: Date } | undefined;
  /** Under which its uses are counted: for whoever is billed, and for its own usage. */
  readonly metered: MeteredKey;
  readonly tallies: UsageTallies;
}

interface Entry {
  /** Undefined: no key has that secret. */
  readonly key: CachedKey | undefined;
  readonly readAtMs: number;
}

const MOST_REMEMBERED = 100_000;
const LIFE_MS = 5_000;
/** How long a key that was good when it was last seen goes on working while the database is away. */
const LIFE_WITHOUT_DATABASE_MS = 60_000;

/**
 * Keys by the hashes of their secrets. An entry lives five seconds, and goes as soon as any replica changes its key or owner. While changes may go
 * unheard every call asks the database; while the database is away too, a key that was seen within a minute goes on working, and every other call is
 * answered with 503, never with 401.
 */
@Injectable()
export class KeyCache {
  readonly #entries = new LRUCache<string, Entry>({
    max: MOST_REMEMBERED,
    dispose: (entry, slot) => this.unlink(entry, slot),
  });
  readonly #asking = new Map<string, Promise<CachedKey | undefined>>();
  /** By the id of a key or an owner: the hashes of what is remembered. */
  readonly #slots = new Map<string, Set<string>>();
  #round = 0;

  constructor(
    private readonly lookup: KeyLookupSystemRepository,
    private readonly subjects: BilledSubjects,
    private readonly notifications: Notifications,
    private readonly clock: Clock,
  ) {
    notifications.on(KEYS_CHANGED, (payload) => this.drop(payload.slice(KEYS_CHANGED.length)));
    notifications.onReset(() => (this.#round += 1));
  }

  /** @returns a key that is in memory and may be trusted. */
  recall(rawKey: string): CachedKey | undefined {
    return this.fresh(hashText(rawKey))?.key;
  }

  /** @returns undefined for a secret that opens nothing; a promise only when the database has to be asked. */
  find(rawKey: string): CachedKey | undefined | Promise<CachedKey | undefined> {
    const slot = hashText(rawKey);
    const fresh = this.fresh(slot);
    if (fresh !== undefined) return fresh.key;
    return this.#asking.get(slot) ?? this.ask(Buffer.from(slot, 'base64'), slot, this.#entries.get(slot));
  }

  private fresh(slot: string): Entry | undefined {
    const entry = this.#entries.get(slot);
    if (entry === undefined || !this.notifications.isLive) return undefined;
    return this.clock.nowMs() - entry.readAtMs < LIFE_MS ? entry : undefined;
  }

  private ask(hash: Buffer, slot: string, known: Entry | undefined): Promise<CachedKey | undefined> {
    const answer = this.read(hash, slot, known).finally(() => this.#asking.delete(slot));
    this.#asking.set(slot, answer);
    return answer;
  }

  private async read(hash: Buffer, slot: string, known: Entry | undefined): Promise<CachedKey | undefined> {
    const round = this.#round;
    const readAtMs = this.clock.nowMs();
    let found: FoundKey | undefined;
    try {
      found = await this.lookup.anyTenantByHash(hash, this.clock.now());
    } catch (error) {
      if (known?.key !== undefined && readAtMs - known.readAtMs < LIFE_WITHOUT_DATABASE_MS) return known.key;
      throw error instanceof ServiceUnavailable ? error : new ServiceUnavailable({ cause: error });
    }
    const key = found && (await this.prepare(found));
    if (round === this.#round) this.keep(slot, { key, readAtMs });
    return key;
  }

  private async prepare(found: FoundKey): Promise<CachedKey> {
    const scope = scopeTo.env(found.appId, found.envId);
    const { ownerKind, ownerId, notAfter } = found;
    const subject = await this.subjects.of(scope, {
      orgId: ownerKind === 'organization' ? (ownerId as Id<'organization'>) : null,
      userId: ownerKind === 'user' ? (ownerId as Id<'user'>) : null,
    });
    return {
      found,
      scope,
      scopes: [found.ownerScopes, found.policyScopes].reduce<readonly string[]>(
        (held, most) => (most?.length ? common(held, most) : held),
        found.scopes,
      ),
      windows: windowsOf(found.id, commonLimits(found.limits, found.policyLimits ?? {})),
      restrictions: [found.allow, found.policyAllow ?? {}].filter(isRestricting).map(toRestriction),
      expiresAt: expiryOf(found),
      owner: { kind: ownerKind, id: ownerId },
      grace: notAfter === null ? undefined : { since: found.rotatedAt ?? found.updatedAt, until: notAfter },
      metered: { subject, keyId: found.id },
      tallies: new Map(),
    };
  }

  private keep(slot: string, entry: Entry): void {
    this.#entries.set(slot, entry);
    for (const id of idsOf(entry)) {
      const slots = this.#slots.get(id) ?? new Set<string>();
      slots.add(slot);
      this.#slots.set(id, slots);
    }
  }

  private drop(id: string): void {
    this.#round += 1;
    for (const slot of [...(this.#slots.get(id) ?? [])]) this.#entries.delete(slot);
  }

  private unlink(entry: Entry, slot: string): void {
    for (const id of idsOf(entry)) {
      const slots = this.#slots.get(id);
      slots?.delete(slot);
      if (slots?.size === 0) this.#slots.delete(id);
    }
  }
}

const idsOf = ({ key }: Entry): string[] =>
  key === undefined
    ? []
    : [key.found.id, key.found.ownerId, ...(key.found.policyId === null ? [] : [key.found.policyId])];

function rangeOf(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

const isRestricting = (allow: KeyRestrictions): boolean =>
  Object.values(allow).some((list: readonly string[]) => list.length > 0);

function toRestriction(allow: KeyRestrictions): Restriction {
  return { ...allow, ranges: (allow.ips ?? []).map(rangeOf) };
}

function expiryOf({ createdAt, expiresAt, policyLifetimeS }: FoundKey): Date | null {
  if (policyLifetimeS === null) return expiresAt;
  const latest = new Date(createdAt.getTime() + policyLifetimeS * 1_000);
  return expiresAt === null || expiresAt > latest ? latest : expiresAt;
}
