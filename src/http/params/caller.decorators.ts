import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { ActedOrganization } from '../request-state.js';
import type { Actor } from '../../kernel/audit/audit-trail.js';
import { callingActor, type KeyPrincipal, type UserPrincipal } from '../../kernel/context/principal.js';
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

/** Who acts, for the audit trail: on routes that API keys may call too. */
export const Acting = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const { principal } = requestOf(context).authsome;
  if (principal.kind === 'anonymous') throw new Error('@Acting() on a route that anybody may call');
  return callingActor(principal);
});

/** The API key that calls. Only on routes whose access rule is `RequireKey`. */
export const CallingKey = createParamDecorator((_: unknown, context: ExecutionContext): KeyPrincipal => {
  const { principal } = requestOf(context).authsome;
  if (principal.kind !== 'key') throw new Error('@CallingKey() on a route that does not require a key');
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

/** The organization of the path, and as what the caller acts on it. Only on routes whose access rule is `RequireOrgRole`. */
export const Organization = createParamDecorator((_: unknown, context: ExecutionContext): ActedOrganization => {
  const { organization } = requestOf(context).authsome;
  if (organization === undefined) throw new Error('@Organization() on a route that demands no role in one');
  return organization;
});

/** Whether the caller acts as an operator of the app, and not as a person of the environment. */
export const AsOperator = createParamDecorator(
  (_: unknown, context: ExecutionContext): boolean => requestOf(context).authsome.asOperator,
);

/** The app an operator acts on. */
export const TargetApp = createParamDecorator((_: unknown, context: ExecutionContext): AppScope => {
  const { tenant } = requestOf(context).authsome;
  if (tenant === undefined) throw new Error('@TargetApp() on a route whose access rule names no app');
  return scopeTo.app(tenant.scope.appId);
});
