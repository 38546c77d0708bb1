import type { FastifyReply, FastifyRequest } from 'fastify';
import type { KeyPrincipal, OperatorReach, UserPrincipal } from '../../kernel/context/principal.js';
import { sameTenant } from '../../kernel/context/scope.js';
import { type Id, isId, parseId } from '../../kernel/ids/id.js';
import { changesState } from '../security/cross-site.js';
import { AppContextRequired, ForeignTenant } from '../tenancy/tenancy.problems.js';
import type { ResolvedTenant, TenantDirectory } from '../tenancy/tenant-directory.js';
import { namedTenant } from '../tenancy/tenant-resolver.js';
import type { AccessRule } from './access.js';
import { AuthenticationRequired, ImpersonationNotAllowed } from './access.problems.js';
import type { RoutePolicy } from './route-policies.js';

export type RuleOf<Kind extends AccessRule['kind']> = Extract<AccessRule, { kind: Kind }>;

/** Nobody administers as somebody else, nor impersonates on; of a person's routes only those are open that say so (R289). */
export function refuseImpersonator(
  { impersonatedBy }: UserPrincipal,
  rule: RuleOf<'session' | 'organization' | 'permission' | 'operator'>,
): void {
  if (impersonatedBy === null || (rule.kind === 'session' && rule.impersonators)) return;
  throw new ImpersonationNotAllowed();
}

/** @throws AuthenticationRequired for a person: what a key may ask about itself is no concern of anybody else. */
export function keyAlone(principal: UserPrincipal | KeyPrincipal): KeyPrincipal {
  if (principal.kind !== 'key') throw new AuthenticationRequired();
  return principal;
}

/** The organization that a request says it is about; undefined also when what it says is no id: that is refused later. */
export function namedOrganization({ body, query }: FastifyRequest): Id<'organization'> | undefined {
  const named = [query, body].map((part) => (part as { org_id?: unknown } | null | undefined)?.org_id);
  return named.find((value): value is Id<'organization'> => isId('organization', value));
}

/** A read by a session that names no tenant of its own: nothing to limit, to protect from other sites, or to compare. */
export function isPlainRead(request: FastifyRequest, { rateLimit }: RoutePolicy): boolean {
  if (rateLimit !== undefined || changesState(request)) return false;
  const { publishableKey, appId, environment } = namedTenant(request);
  return publishableKey === undefined && appId === undefined && environment === undefined;
}

/** A credential brings its tenant. A publishable key of another one beside it is refused (R034); naming another one is forbidden (T5). */
export async function refuseForeignTenant(
  request: FastifyRequest,
  principal: UserPrincipal | KeyPrincipal,
  directory: TenantDirectory,
): Promise<void> {
  const { publishableKey, appId, environment } = namedTenant(request);
  if (publishableKey !== undefined) {
    const named = await directory.byPublishableKey(publishableKey);
    if (named === undefined || !sameTenant(named.scope, principal.scope)) throw new AuthenticationRequired();
  }
  if (appId !== undefined && appId !== principal.scope.appId) throw new ForeignTenant();
  if (environment !== undefined && environment !== principal.scope.envId) {
    const named = isId('environment', environment)
      ? undefined
      : await directory.byApp(principal.scope.appId, environment);
    if (named?.scope.envId !== principal.scope.envId) throw new ForeignTenant();
  }
}

/** Tells a machine how much it may still call, and that its secret is going to stop working (RFC 8594, RFC 9745). */
export function sayHowKeyStands({ authsome: { principal } }: FastifyRequest, reply: FastifyReply): void {
  if (principal.kind !== 'key') return;
  const { limit, grace } = principal;
  if (limit !== undefined) {
    const resetS = Math.ceil(limit.resetMs / 1_000);
    reply
      .header('ratelimit-limit', limit.limit)
      .header('ratelimit-remaining', limit.remaining)
      .header('ratelimit-reset', resetS);
  }
  if (grace !== undefined) {
    reply
      .header('deprecation', `@${Math.floor(grace.since.getTime() / 1_000)}`)
      .header('sunset', grace.until.toUTCString());
  }
}

/** An app an operator does not reach is answered like one that does not exist — except that a path naming it says 403 (D8). */
export async function operatorTarget(
  request: FastifyRequest,
  target: 'app' | 'environment',
  operator: OperatorReach,
  directory: TenantDirectory,
): Promise<ResolvedTenant> {
  const named = namedTenant(request);
  const fromPath = (request.params as Record<string, string | undefined> | undefined)?.appId;
  const raw = fromPath ?? named.appId;
  if (raw === undefined) throw new AppContextRequired({ detail: 'name the app: app_id is required' });
  const appId = parseId('app', raw);
  if (fromPath !== undefined && named.appId !== undefined && named.appId !== fromPath) throw new ForeignTenant();
  const reached = operator === 'every_app' || operator.has(appId);
  if (!reached) throw new ForeignTenant();
  const environment = target === 'environment' ? named.environment : undefined;
  const tenant = await directory.forOperator(appId, environment);
  if (tenant === undefined) throw new ForeignTenant();
  return tenant;
}
