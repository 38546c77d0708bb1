import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../config/config.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { Principal, UserPrincipal } from '../../kernel/context/principal.js';
import { sameTenant } from '../../kernel/context/scope.js';
import { InternalError, ServiceUnavailable } from '../../kernel/errors/common-problems.js';
import { DomainError } from '../../kernel/errors/problem.js';
import { isId, parseId } from '../../kernel/ids/id.js';
import { rateLimited, RateLimits } from '../../kernel/limits/rate-limits.js';
import { AuthenticationStrategies } from '../authentication/authentication-strategies.js';
import { findCredential } from '../authentication/credential.js';
import { Idempotency } from '../idempotency/idempotency.js';
import { rateLimitHeaders } from '../rate-limit/rate-limit-headers.js';
import { Readiness } from '../readiness.js';
import { wantsCookies } from '../request-state.js';
import { addressBucket } from '../security/client-address.js';
import { changesState, refuseCrossSite } from '../security/cross-site.js';
import { type ResolvedTenant, TenantDirectory } from '../tenancy/tenant-directory.js';
import { namedTenant, TenantResolver } from '../tenancy/tenant-resolver.js';
import { AppContextRequired, ForeignTenant } from '../tenancy/tenancy.problems.js';
import type { AccessRule } from './access.js';
import { AuthenticationRequired, InsufficientPermissions, ReauthenticationRequired } from './access.problems.js';
import { type RoutePolicy, RoutePolicies } from './route-policies.js';

type RuleOf<Kind extends AccessRule['kind']> = Extract<AccessRule, { kind: Kind }>;

/**
 * The one door: rate limit, then who (authentication), then may (access rule), then the idempotency key. Bound to handlers, not to
 * paths, so no spelling of a path walks around it (R331); a handler without a policy is refused.
 */
@Injectable()
export class EdgeGuard implements CanActivate {
  readonly #ownOrigin: string;

  constructor(
    private readonly policies: RoutePolicies,
    private readonly readiness: Readiness,
    private readonly limits: RateLimits,
    private readonly strategies: AuthenticationStrategies,
    private readonly resolver: TenantResolver,
    private readonly directory: TenantDirectory,
    private readonly idempotency: Idempotency,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {
    this.#ownOrigin = config.http.publicUrl?.origin ?? '';
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const policy = this.policies.of(context.getHandler());
    if (policy === undefined) {
      throw new InternalError({ cause: new Error('a handler without an access policy was called') });
    }
    if (!this.readiness.isServing && !policy.always) throw new ServiceUnavailable({ extras: { retry_after: 1 } });
    const { access } = policy;
    if (access.kind === 'session' && isPlainRead(request, policy)) return this.admitReader(request, access);
    return this.admitFully(request, http.getResponse<FastifyReply>(), policy);
  }

  /** The common request — a read with a session — costs no query and no promise when session and tenant are in memory. */
  private admitReader(request: FastifyRequest, rule: RuleOf<'session'>): boolean | Promise<boolean> {
    const principal = this.recognise(request);
    if (principal instanceof Promise) return principal.then((late) => this.admitReaderAs(late, request, rule));
    return this.admitReaderAs(principal, request, rule);
  }

  private admitReaderAs(
    principal: UserPrincipal,
    { authsome }: FastifyRequest,
    rule: RuleOf<'session'>,
  ): boolean | Promise<boolean> {
    if (rule.fresh) this.requireFresh(principal);
    authsome.tenant = this.directory.recall(principal.scope);
    if (authsome.tenant !== undefined) return true;
    return this.tenantOf(principal).then((found) => {
      authsome.tenant = found;
      return true;
    });
  }

  private async admitFully(request: FastifyRequest, reply: FastifyReply, policy: RoutePolicy): Promise<boolean> {
    if (policy.rateLimit !== undefined) await this.limit(request, reply, policy.rateLimit);
    await this.admit(request, policy);
    if (request.method === 'POST' && request.headers['idempotency-key'] !== undefined) await this.collect(request);
    return true;
  }

  private async limit(
    request: FastifyRequest,
    reply: FastifyReply,
    limit: NonNullable<RoutePolicy['rateLimit']>,
  ): Promise<void> {
    const state = await this.limits.take(limit, addressBucket(request.authsome.ipAddress ?? 'unknown'));
    reply.headers(rateLimitHeaders(state));
    if (!state.allowed) throw rateLimited(state);
  }

  private async admit(request: FastifyRequest, { access }: RoutePolicy): Promise<void> {
    switch (access.kind) {
      case 'public':
        return this.admitAnyone(request, access);
      case 'session':
        return this.admitUser(request, access);
      case 'operator':
        return this.admitOperator(request, access);
    }
  }

  private async admitAnyone(request: FastifyRequest, rule: RuleOf<'public'>): Promise<void> {
    const { authsome } = request;
    if (rule.session) authsome.principal = await this.optionalPrincipal(request);
    if (rule.tenant === 'none') return;
    const named = await this.resolver.find(request);
    if (authsome.principal.kind === 'user') {
      if (named !== undefined && !sameTenant(named.scope, authsome.principal.scope)) throw new AuthenticationRequired();
      authsome.tenant = await this.tenantOf(authsome.principal);
    } else {
      if (named === undefined && rule.tenant === 'required') throw new AppContextRequired();
      authsome.tenant = named;
    }
    const { origin, cookie } = request.headers;
    const cookies = wantsCookies(request) || cookie !== undefined;
    const foreignPage = origin !== undefined && authsome.tenant !== undefined;
    if (changesState(request) && (cookies || foreignPage)) {
      refuseCrossSite(request, authsome.tenant?.origins, this.#ownOrigin);
    }
  }

  private async admitUser(request: FastifyRequest, rule: RuleOf<'session'>): Promise<void> {
    const principal = await this.recognise(request);
    const tenant = await this.tenantOf(principal);
    await this.refuseForeignTenant(request, principal);
    this.protectCookies(request, tenant);
    if (rule.fresh) this.requireFresh(principal);
    request.authsome.tenant = tenant;
  }

  private async admitOperator(request: FastifyRequest, rule: RuleOf<'operator'>): Promise<void> {
    const principal = await this.recognise(request);
    this.protectCookies(request, await this.tenantOf(principal));
    const { operator } = principal;
    if (operator === undefined || (rule.reach === 'every_app' && operator !== 'every_app')) {
      throw new InsufficientPermissions();
    }
    if (rule.target !== 'none') request.authsome.tenant = await this.operatorTarget(request, rule, operator);
  }

  /** An app an operator does not reach is answered like one that does not exist — except that a path naming it says 403 (D8). */
  private async operatorTarget(
    request: FastifyRequest,
    rule: RuleOf<'operator'>,
    operator: NonNullable<UserPrincipal['operator']>,
  ): Promise<ResolvedTenant> {
    const named = namedTenant(request);
    const fromPath = (request.params as Record<string, string | undefined> | undefined)?.appId;
    const raw = fromPath ?? named.appId;
    if (raw === undefined) throw new AppContextRequired({ detail: 'name the app: app_id is required' });
    const appId = parseId('app', raw);
    if (fromPath !== undefined && named.appId !== undefined && named.appId !== fromPath) throw new ForeignTenant();
    const reached = operator === 'every_app' || operator.has(appId);
    if (!reached) throw new ForeignTenant();
    const tenant = await this.directory.byApp(appId, rule.target === 'environment' ? named.environment : undefined);
    if (tenant === undefined) throw new ForeignTenant();
    return tenant;
  }

  /** @throws AuthenticationRequired (also as a rejection) for everyone but a signed-in user. */
  private recognise(request: FastifyRequest): UserPrincipal | Promise<UserPrincipal> {
    const { authsome } = request;
    authsome.credential = findCredential(request);
    const accept = (principal: Principal | undefined): UserPrincipal => {
      if (principal?.kind !== 'user') throw new AuthenticationRequired();
      authsome.principal = principal;
      return principal;
    };
    const principal = this.strategies.authenticate(request);
    return principal instanceof Promise ? principal.then(accept) : accept(principal);
  }

  private async optionalPrincipal(request: FastifyRequest): Promise<Principal> {
    try {
      return await this.recognise(request);
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'unauthenticated') return { kind: 'anonymous' };
      throw error;
    }
  }

  private async tenantOf(principal: UserPrincipal): Promise<ResolvedTenant> {
    const tenant = await this.directory.byScope(principal.scope);
    if (tenant === undefined) throw new AuthenticationRequired();
    return tenant;
  }

  /** A credential brings its tenant. A publishable key of another one beside it is refused (R034); naming another one is forbidden (T5). */
  private async refuseForeignTenant(request: FastifyRequest, principal: UserPrincipal): Promise<void> {
    const { publishableKey, appId, environment } = namedTenant(request);
    if (publishableKey !== undefined) {
      const named = await this.directory.byPublishableKey(publishableKey);
      if (named === undefined || !sameTenant(named.scope, principal.scope)) throw new AuthenticationRequired();
    }
    if (appId !== undefined && appId !== principal.scope.appId) throw new ForeignTenant();
    if (environment !== undefined && environment !== principal.scope.envId) {
      const named = isId('environment', environment)
        ? undefined
        : await this.directory.byApp(principal.scope.appId, environment);
      if (named?.scope.envId !== principal.scope.envId) throw new ForeignTenant();
    }
  }

  private protectCookies(request: FastifyRequest, tenant: ResolvedTenant): void {
    if (request.authsome.credential?.source !== 'cookie' || !changesState(request)) return;
    refuseCrossSite(request, tenant.origins, this.#ownOrigin);
  }

  private requireFresh(principal: UserPrincipal): void {
    const ageMs = this.clock.nowMs() - principal.authenticatedAtMs;
    if (ageMs > this.config.sessions.reauthenticationWindowMs) throw new ReauthenticationRequired();
  }

  private async collect(request: FastifyRequest): Promise<void> {
    const { authsome } = request;
    authsome.idempotent = await this.idempotency.begin(request);
    if (authsome.idempotent !== undefined) authsome.unit = authsome.idempotent.unit;
  }
}

/** A read by a session that names no tenant of its own: nothing to limit, to protect from other sites, or to compare. */
function isPlainRead(request: FastifyRequest, { rateLimit }: RoutePolicy): boolean {
  if (rateLimit !== undefined || changesState(request)) return false;
  const { publishableKey, appId, environment } = namedTenant(request);
  return publishableKey === undefined && appId === undefined && environment === undefined;
}
