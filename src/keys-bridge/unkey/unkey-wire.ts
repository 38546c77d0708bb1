import { type EnvScope, scopeTo } from '../../kernel/context/scope.js';
import { isId } from '../../kernel/ids/id.js';
import {
  KEY_OWNER_KINDS,
  type KeyCredits,
  type KeyInfo,
  type KeyLimits,
  type KeyOwner,
  type KeyState,
  type LimitState,
  type WindowLimit,
} from '../key-manager.js';
import { scopesOf } from './unkey-permissions.js';
import type { UnkeyKey } from './unkey-keys.js';
import { isObject } from './unkey.client.js';

type Json = Readonly<Record<string, unknown>>;

const MINUTE = { name: 'minute', seconds: 60 };
const DAY = { name: 'day', seconds: 86_400 };

/** Of a secret that another one has the place of: milliseconds since the epoch. */
export interface Retirement {
  readonly since: number;
  readonly until: number;
}

/** What Unkey keeps of ours with each secret, and says again when it is verified. */
export interface Kept {
  readonly id: string;
  readonly scope: EnvScope;
  readonly owner: KeyOwner;
  readonly state: KeyState;
  /** The key's own, which outlives that of a secret in its grace. */
  readonly expiresAt: Date | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly retired: Retirement | undefined;
}

export function toMeta({ id, scope, owner, state, expiresAt, metadata, retired }: Kept): Json {
  return {
    authsome: {
      // Of what stands here, for whoever reads it later.
      version: 1,
      id,
      app_id: scope.appId,
      env_id: scope.envId,
      owner_kind: owner.kind,
      owner_id: owner.id,
      state,
      expires_at: expiresAt?.getTime() ?? null,
      ...(retired && { retired }),
    },
    metadata,
  };
}

/** @returns undefined for a key that is none of ours: a workspace may have others. */
export function keptOf({ meta }: Json): Kept | undefined {
  if (!isObject(meta) || !isObject(meta.authsome)) return undefined;
  const { id, app_id, env_id, owner_kind, owner_id, state, expires_at, retired } = meta.authsome;
  const kind = KEY_OWNER_KINDS.find((known) => known === owner_kind);
  if (!isId('api_key', id) || !isId('app', app_id) || !isId('environment', env_id)) return undefined;
  if (kind === undefined || typeof owner_id !== 'string') return undefined;
  return {
    id,
    scope: scopeTo.env(app_id, env_id),
    owner: { kind, id: owner_id },
    // A state that nobody wrote here opens nothing.
    state: state === 'active' || state === 'suspended' ? state : 'revoked',
    expiresAt: typeof expires_at === 'number' ? new Date(expires_at) : null,
    metadata: isObject(meta.metadata) ? (meta.metadata as Record<string, string>) : {},
    retired: isObject(retired) ? { since: toMs(retired.since), until: toMs(retired.until) } : undefined,
  };
}

function toMs(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** Who a key belongs to in the lists of Unkey's dashboard. */
export function externalIdOf({ kind, id }: KeyOwner): string {
  return `${kind}.${id}`;
}

export function toRatelimits({ perMinute, perDay, custom = [] }: KeyLimits): Json[] {
  const windows: WindowLimit[] = [
    ...(perMinute === undefined ? [] : [{ ...MINUTE, limit: perMinute }]),
    ...(perDay === undefined ? [] : [{ ...DAY, limit: perDay }]),
    ...custom,
  ];
  return windows.map(({ name, limit, seconds }) => ({ name, limit, duration: seconds * 1_000, autoApply: true }));
}

function limitsOf(ratelimits: readonly Json[]): KeyLimits {
  const windows = ratelimits.map(({ name, limit, duration }) => ({
    name: String(name),
    limit: Number(limit),
    seconds: Number(duration) / 1_000,
  }));
  const perMinute = windows.find(({ name }) => name === MINUTE.name)?.limit;
  const perDay = windows.find(({ name }) => name === DAY.name)?.limit;
  const custom = windows.filter(({ name }) => name !== MINUTE.name && name !== DAY.name);
  return {
    ...(perMinute === undefined ? {} : { perMinute }),
    ...(perDay === undefined ? {} : { perDay }),
    ...(custom.length === 0 ? {} : { custom }),
  };
}

/** How the limits stand after a verification, and which of them refused it. */
export function limitStatesOf(answer: Json, nowMs: number): { all: LimitState[]; refusing: LimitState | undefined } {
  const states = objects(answer.ratelimits).map((limit) => ({
    exceeded: limit.exceeded === true,
    state: {
      name: String(limit.name),
      limit: Number(limit.limit),
      remaining: Number(limit.remaining),
      resetMs: Math.max(0, Number(limit.reset) - nowMs),
    },
  }));
  return { all: states.map(({ state }) => state), refusing: states.find(({ exceeded }) => exceeded)?.state };
}

export function toCredits({ remaining, refill }: KeyCredits): Json {
  return { remaining, ...(refill && { refill: toRefill(refill) }) };
}

/** Unkey asks on which day of the month; the months here begin with the first. */
export function toRefill({ interval, amount }: NonNullable<KeyCredits['refill']>): Json {
  return { interval, amount, ...(interval === 'monthly' && { refillDay: 1 }) };
}

/** @returns null for a key that is not metered. */
export function creditsOf({ credits }: Json): KeyCredits | null {
  if (!isObject(credits) || typeof credits.remaining !== 'number') return null;
  const { remaining, refill } = credits;
  if (!isObject(refill)) return { remaining };
  return {
    remaining,
    refill: { interval: refill.interval === 'monthly' ? 'monthly' : 'daily', amount: Number(refill.amount) },
  };
}

/** @param key as Unkey has it. @param credits what both of its secrets hold. */
export function toKeyInfo(row: UnkeyKey, key: Json, credits: KeyCredits | null, nowMs: number): KeyInfo {
  const { id, state, start, lastFour, graceEndsAt, revokedAt, version, createdAt, ownerKind, ownerId } = row;
  const kept = keptOf(key);
  const lastUsed = Number(key.lastUsed ?? 0);
  return {
    id,
    name: String(key.name ?? ''),
    owner: { kind: ownerKind, id: ownerId },
    // Somebody may have switched it off in Unkey's dashboard.
    state: state === 'active' && key.enabled !== true ? 'suspended' : state,
    start,
    lastFour,
    scopes: scopesOf(strings(key.permissions)),
    metadata: kept?.metadata ?? {},
    limits: limitsOf(objects(key.ratelimits)),
    credits,
    allow: {},
    expiresAt: kept?.expiresAt ?? null,
    policyId: null,
    lastUsedAt: lastUsed > 0 ? new Date(lastUsed) : null,
    graceEndsAt: graceEndsAt !== null && graceEndsAt.getTime() > nowMs ? graceEndsAt : null,
    revokedAt,
    version,
    createdAt,
  };
}

export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
