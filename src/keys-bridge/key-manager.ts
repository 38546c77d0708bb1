import type { EnvScope } from '../kernel/context/scope.js';
import type { Page, PageRequest } from '../kernel/persistence/page.js';
import type { ScopeExpression } from '../http/access/scope-expression.js';

export const KEY_OWNER_KINDS = ['user', 'service_account', 'organization'] as const;
export type KeyOwnerKind = (typeof KEY_OWNER_KINDS)[number];

/** Whose a key is: what it may do ends with what they may do. */
export interface KeyOwner {
  readonly kind: KeyOwnerKind;
  readonly id: string;
}

/** So many calls in a window. */
export interface WindowLimit {
  /** `minute`, `day`, or a name of one's own. */
  readonly name: string;
  readonly limit: number;
  /** Seconds. */
  readonly seconds: number;
}

export interface KeyLimits {
  /** Sliding, over all replicas. */
  readonly perMinute?: number;
  /** A day of UTC. */
  readonly perDay?: number;
  readonly custom?: readonly WindowLimit[];
}

export interface KeyCredits {
  readonly remaining: number;
  /** Sets the balance, and never adds to it. */
  readonly refill?: { readonly interval: 'daily' | 'monthly'; readonly amount: number };
}

/** Where a key works; an empty or absent list: everywhere. */
export interface KeyRestrictions {
  /** Addresses or CIDR ranges. */
  readonly ips?: readonly string[];
  readonly origins?: readonly string[];
  readonly methods?: readonly string[];
  /** Exact paths, or prefixes that end in `/*`. */
  readonly paths?: readonly string[];
}

export interface CreateKeyInput {
  readonly name: string;
  readonly owner: KeyOwner;
  readonly scopes?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly expiresAt?: Date;
  /** A policy of the environment that the key stands under. */
  readonly policyId?: string;
  readonly limits?: KeyLimits;
  readonly credits?: KeyCredits;
  readonly allow?: KeyRestrictions;
}

/** The secret of a key that was issued elsewhere, as far as anybody has it. */
export interface ForeignSecret {
  /** SHA-256 of the whole key as it is presented. */
  readonly hash: Buffer;
  /** What of it may be shown; empty where nobody knows. */
  readonly start: string;
  readonly lastFour: string;
}

/** Absent: unchanged; null: taken away. */
export interface UpdateKeyInput {
  readonly name?: string;
  readonly scopes?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly expiresAt?: Date | null;
  readonly policyId?: string | null;
  readonly limits?: KeyLimits;
  readonly credits?: KeyCredits | null;
  readonly allow?: KeyRestrictions;
}

export interface KeyResult {
  readonly id: string;
  /** Shown once; never stored in clear, logged or shown again. */
  readonly rawKey: string;
  /** What of it may be shown: brand, environment and four characters. */
  readonly start: string;
}

export type KeyState = 'active' | 'suspended' | 'revoked';

/** A key as it may be shown. */
export interface KeyInfo {
  readonly id: string;
  readonly name: string;
  readonly owner: KeyOwner;
  readonly state: KeyState;
  readonly start: string;
  readonly lastFour: string;
  readonly scopes: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly limits: KeyLimits;
  readonly credits: KeyCredits | null;
  readonly allow: KeyRestrictions;
  readonly expiresAt: Date | null;
  readonly policyId: string | null;
  readonly lastUsedAt: Date | null;
  /** Until when the secret before works too. */
  readonly graceEndsAt: Date | null;
  readonly revokedAt: Date | null;
  readonly version: number;
  readonly createdAt: Date;
}

/** What a call demands of a key, and from where it comes. */
export interface ValidateOptions {
  /** The environment the key must belong to; undefined: whichever it does. */
  readonly scope?: EnvScope;
  readonly requiredScopes?: ScopeExpression;
  /** Credits the call costs. Default: 1. */
  readonly cost?: number;
  readonly ip?: string;
  readonly origin?: string;
  readonly method?: string;
  readonly path?: string;
  /** Who presents it, as far as the network tells: what opens nothing is counted for each, and whoever guesses too often is refused unseen. */
  readonly presenter?: string;
  /** Under which its use is counted: a route, a product. */
  readonly tag?: string;
}

/** How a limit stands after a call. */
export interface LimitState {
  readonly name: string;
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}

export interface ValidatedKey {
  readonly id: string;
  readonly name: string;
  readonly owner: KeyOwner;
  readonly scope: EnvScope;
  readonly scopes: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly expiresAt: Date | null;
  /** `grace`: the secret before the last rotation. */
  readonly secret: 'current' | 'grace';
  /** Of a secret in its grace: since when another one has its place, and until when it works. */
  readonly grace?: { readonly since: Date; readonly until: Date };
  readonly limits: readonly LimitState[];
  readonly creditsRemaining?: number;
}

export const ROTATION_REASONS = ['scheduled', 'manual', 'compromise'] as const;
export type RotationReason = (typeof ROTATION_REASONS)[number];

export interface RotateOptions {
  /** How long the secret before works too, in milliseconds. `compromise` makes it none. Default: as its policy says, or a day. */
  readonly graceMs?: number;
  readonly reason: RotationReason;
}

export interface RotatedKey extends KeyResult {
  readonly graceEndsAt: Date | null;
}

export interface KeyFilter {
  readonly owner?: KeyOwner;
  readonly state?: KeyState;
}

/** What an implementation can do beyond creating, validating and revoking. */
export interface KeyCapabilities {
  readonly limits: boolean;
  readonly credits: boolean;
  readonly restrictions: boolean;
  /** A secret that was rotated out lives through its grace. */
  readonly graceRotation: boolean;
  /** `read` covers `read:users`. */
  readonly hierarchicalScopes: boolean;
  readonly usage: boolean;
  /** Keys may stand under policies of the environment. */
  readonly policies: boolean;
}

/** The API-key engine behind the service. Implementations: `noop`, `embedded`, `unkey`, and whatever a deployment binds. */
export interface KeyManager {
  /** Names the implementation, for the start-up log and the health endpoint. */
  readonly name: string;
  capabilities(): KeyCapabilities;
  /** @throws KeyManagerNotAvailable or KeyProviderUnavailable, as all of the following; InvalidScope, KeyProviderRefused */
  createKey(scope: EnvScope, input: CreateKeyInput): Promise<KeyResult>;
  /**
   * Takes over a key that was issued elsewhere, and that goes on working as it is. Absent: keys cannot be taken over.
   * @returns its id. @throws KeyAlreadyKnown
   */
  importKey?(scope: EnvScope, input: CreateKeyInput, secret: ForeignSecret): Promise<string>;
  /**
   * One call that looks a key up, checks where it is used and what for, takes from its limits and counts it.
   * @returns a promise only where somebody has to be asked: what is in memory is answered at once, for a fraction of a promise's cost.
   * @throws InvalidApiKey, InsufficientScope, KeyNotAllowedHere, RateLimited, CreditsExhausted; also as a rejection
   */
  validateKey(rawKey: string, options?: ValidateOptions): ValidatedKey | Promise<ValidatedKey>;
  /** @throws KeyNotFound */
  revokeKey(scope: EnvScope, keyId: string, reason?: string): Promise<void>;
  /** @throws KeyNotFound, KeyStateConflict */
  rotateKey(scope: EnvScope, keyId: string, options: RotateOptions): Promise<RotatedKey>;
  /** @throws KeyNotFound, KeyStateConflict */
  suspendKey(scope: EnvScope, keyId: string): Promise<void>;
  /** @throws KeyNotFound, KeyStateConflict */
  reactivateKey(scope: EnvScope, keyId: string): Promise<void>;
  /** @param version the one that must be changed; undefined: whichever. @throws KeyNotFound, KeyStateConflict, KeyProviderRefused, PreconditionFailed */
  updateKey(scope: EnvScope, keyId: string, input: UpdateKeyInput, version?: number): Promise<KeyInfo>;
  /** @throws KeyNotFound */
  getKey(scope: EnvScope, keyId: string): Promise<KeyInfo>;
  /** Newest first. */
  listKeys(scope: EnvScope, filter: KeyFilter, page: PageRequest): Promise<Page<KeyInfo>>;
}

/** The bridge: for modules that make keys of their own. */
export const KEY_MANAGER = Symbol('KeyManager');

/** What stands behind the service's own routes and accepts keys at its edge: the bridge, or plain keys where there is none (`builtin`). */
export const SERVICE_KEYS = Symbol('ServiceKeys');
