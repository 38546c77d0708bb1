import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';

export interface CreateKeyInput {
  readonly name: string;
  readonly owner: Id<'user'>;
  readonly scopes?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface KeyResult {
  readonly id: string;
  /** Shown once; never stored in clear. */
  readonly rawKey: string;
}

export interface ValidatedKey {
  readonly id: string;
  readonly name: string;
  readonly owner: Id<'user'>;
  readonly scope: EnvScope;
  readonly scopes: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The API-key engine behind the service. Implementations: `noop`, and whatever a deployment binds. */
export interface KeyManager {
  /** Names the implementation, for the start-up log and the health endpoint. */
  readonly name: string;
  /** @throws KeyManagerNotAvailable */
  createKey(scope: EnvScope, input: CreateKeyInput): Promise<KeyResult>;
  /** @returns undefined for a key that opens nothing. @throws KeyManagerNotAvailable */
  validateKey(rawKey: string): Promise<ValidatedKey | undefined>;
  /** @throws KeyManagerNotAvailable */
  revokeKey(scope: EnvScope, keyId: string): Promise<void>;
}

export const KEY_MANAGER = Symbol('KeyManager');
