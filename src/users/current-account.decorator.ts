import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { UserEntity } from './user.entity.js';

/** The caller's account as it was when their session was checked: no query. Only on routes that require a session. */
export const CurrentAccount = createParamDecorator((_: unknown, context: ExecutionContext): UserEntity => {
  const { principal } = context.switchToHttp().getRequest<FastifyRequest>().authsome;
  if (principal.kind !== 'user') throw new Error('@CurrentAccount() on a route that does not require a session');
  // The sessions module puts the row there; the kernel's principal does not know its type.
  return principal.account as UserEntity;
});
