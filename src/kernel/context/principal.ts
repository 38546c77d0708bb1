import type { UserActor } from '../audit/audit-trail.js';
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

/** Nobody has proved anything. */
export interface AnonymousPrincipal {
  readonly kind: 'anonymous';
}

export type Principal = UserPrincipal | AnonymousPrincipal;

export const ANONYMOUS_PRINCIPAL: AnonymousPrincipal = { kind: 'anonymous' };

export function actorOf(principal: UserPrincipal): UserActor {
  const { userId, sessionId, impersonatedBy } = principal;
  return { kind: 'user', id: userId, sessionId, ...(impersonatedBy !== null && { impersonatedBy }) };
}
