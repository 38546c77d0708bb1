import type { Actor, UserActor } from '../audit/audit-trail.js';
import type { Id } from '../ids/id.js';
import type { EnvScope } from './scope.js';

/** What an operator of the platform app may reach. */
export type OperatorReach = 'every_app' | ReadonlySet<Id<'app'>>;

/** A person who proved who they are; the session is theirs, or an impersonator's. */
export interface UserPrincipal {
  readonly kind: 'user';
  readonly scope: EnvScope;
  readonly userId: Id<'user'>;
  readonly sessionId: Id<'session'>;
  readonly deviceId: Id<'device'> | null;
  /** The organization the session acts for. Whether the user still belongs to it is asked at every use. */
  readonly orgId: Id<'organization'> | null;
  readonly impersonatedBy: Id<'user'> | null;
  /** When identity was last proved with a credential, in milliseconds since the epoch. */
  readonly authenticatedAtMs: number;
  /** Undefined for everyone who is not an operator. */
  readonly operator: OperatorReach | undefined;
  /** The account's row as the session was checked: what `/v1/me` shows. The users module knows its type. */
  readonly account: object;
}

/** A machine with an API key. It acts within the environment of the key, for the key's owner, as far as its scopes reach. */
export interface KeyPrincipal {
  readonly kind: 'key';
  readonly scope: EnvScope;
  readonly keyId: string;
  readonly ownerKind: 'user' | 'service_account' | 'organization';
  readonly ownerId: string;
  /** Of a secret whose place another one has taken: since when, and until when it works. */
  readonly grace: { readonly since: Date; readonly until: Date } | undefined;
  /** The key as it was validated: what it may ask about itself. The bridge knows its type. */
  readonly key: object;
  /** The limit that is closest, as it stands after this call. */
  readonly limit: { readonly limit: number; readonly remaining: number; readonly resetMs: number } | undefined;
}

/** Nobody has proved anything. */
export interface AnonymousPrincipal {
  readonly kind: 'anonymous';
}

export type Principal = UserPrincipal | KeyPrincipal | AnonymousPrincipal;

export const ANONYMOUS_PRINCIPAL: AnonymousPrincipal = { kind: 'anonymous' };

/** Who acts, for the audit trail. */
export function actorOf(principal: UserPrincipal): UserActor {
  const { userId, sessionId, impersonatedBy } = principal;
  return { kind: 'user', id: userId, sessionId, ...(impersonatedBy !== null && { impersonatedBy }) };
}

/** As {@link actorOf}, where a machine may act too. */
export function callingActor(principal: UserPrincipal | KeyPrincipal): Actor {
  if (principal.kind === 'user') return actorOf(principal);
  const { keyId, ownerId } = principal;
  return { kind: 'key', id: keyId, ownerId };
}
