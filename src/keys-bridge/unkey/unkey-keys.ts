import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import type { KeyFilter, KeyOwnerKind, KeyState } from '../key-manager.js';

/** What the service keeps of a key that Unkey has: its own id for it, because every rotation gives it another one there. */
export interface UnkeyKey {
  readonly id: Id<'api_key'>;
  /** What Unkey calls the secret in force. */
  readonly unkeyKeyId: string;
  /** What it calls the one before, until a rotation or a revocation has done away with it. */
  readonly previousUnkeyKeyId: string | null;
  readonly graceEndsAt: Date | null;
  /** Until when whoever rotates it has it to themselves: should they never end, so long. */
  readonly rotatingUntil: Date | null;
  readonly ownerKind: KeyOwnerKind;
  readonly ownerId: string;
  readonly state: KeyState;
  readonly start: string;
  readonly lastFour: string;
  readonly version: number;
  readonly revokedAt: Date | null;
  readonly revokeReason: string | null;
  readonly createdAt: Date;
}

export type NewUnkeyKey = Pick<UnkeyKey, 'id' | 'unkeyKeyId' | 'ownerKind' | 'ownerId' | 'start' | 'lastFour'>;
export type UnkeyKeyChanges = Partial<Omit<UnkeyKey, 'id' | 'ownerKind' | 'ownerId' | 'version' | 'createdAt'>>;

/** Which keys an environment has at Unkey. */
export interface UnkeyKeys {
  add(scope: EnvScope, key: NewUnkeyKey): Promise<void>;
  find(scope: EnvScope, id: string): Promise<UnkeyKey | undefined>;
  /** Makes it the next version. @returns undefined when it is not the one that was read any more: somebody else was first. */
  change(scope: EnvScope, key: UnkeyKey, changes: UnkeyKeyChanges): Promise<UnkeyKey | undefined>;
  /** Newest first, older than `before` (empty: from the newest). */
  page(scope: EnvScope, filter: KeyFilter, before: string, limit: number): Promise<UnkeyKey[]>;
}
