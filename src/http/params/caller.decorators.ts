import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { UserPrincipal } from '../../kernel/context/principal.js';
import { type AppScope, type EnvScope, scopeTo } from '../../kernel/context/scope.js';

function requestOf(context: ExecutionContext): FastifyRequest {
  return context.switchToHttp().getRequest<FastifyRequest>();
}

/** The signed-in caller. Only on routes whose access rule demands one. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): UserPrincipal => {
  const { principal } = requestOf(context).authsome;
  if (principal.kind !== 'user') throw new Error('@Caller() on a route that does not require a session');
  return principal;
});

/** The signed-in caller, or undefined: on public routes that recognise a session. */
export const OptionalCaller = createParamDecorator(
  (_: unknown, context: ExecutionContext): UserPrincipal | undefined => {
    const { principal } = requestOf(context).authsome;
    return principal.kind === 'user' ? principal : undefined;
  },
);

/** The environment the request is for: the caller's own, the named one on public routes, the target on operator routes. */
export const Tenant = createParamDecorator((_: unknown, context: ExecutionContext): EnvScope => {
  const { tenant } = requestOf(context).authsome;
  if (tenant === undefined) throw new Error('@Tenant() on a route whose access rule names no tenant');
  return tenant.scope;
});

/** The environment the request names, or undefined: on public routes where naming one is optional. */
export const OptionalTenant = createParamDecorator(
  (_: unknown, context: ExecutionContext): EnvScope | undefined => requestOf(context).authsome.tenant?.scope,
);

/** The app an operator acts on. */
export const TargetApp = createParamDecorator((_: unknown, context: ExecutionContext): AppScope => {
  const { tenant } = requestOf(context).authsome;
  if (tenant === undefined) throw new Error('@TargetApp() on a route whose access rule names no app');
  return scopeTo.app(tenant.scope.appId);
});
