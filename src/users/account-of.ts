import type { FastifyRequest } from 'fastify';
import type { UserEntity } from './user.entity.js';

/** The caller's account as it was when their session was checked: no query. Only on routes that require a session. */
export function accountOf({ authsome: { principal } }: FastifyRequest): UserEntity {
  if (principal.kind !== 'user') throw new Error('accountOf() on a route that does not require a session');
  // The sessions module puts the row there; the kernel's principal does not know its type.
  return principal.account as UserEntity;
}
