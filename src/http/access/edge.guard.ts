import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../config/config.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { KeyPrincipal, Principal, UserPrincipal } from '../../kernel/context/principal.js';
import { sameTenant } from '../../kernel/context/scope.js';
import { InternalError, ServiceUnavailable } from '../../kernel/errors/common-problems.js';
import { DomainError } from '../../kernel/errors/problem.js';
import { type Id, parseId } from '../../kernel/ids/id.js';
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
import { AppContextRequired } from '../tenancy/tenancy.problems.js';
import type { AccessRule } from './access.js';
import {
  AuthenticationRequired,
  ImpersonationNotAllowed,
  InsufficientOrganizationRole,
  InsufficientPermissions,
  OrganizationAccessLost,
  OrganizationNotFound,
  ReauthenticationRequired,
} from './access.problems.js';
import {
  isPlainRead,
  keyAlone,
  namedOrganization,
  operatorTarget,
  refuseForeignTenant,
  refuseImpersonator,
  type RuleOf,
  sayHowKeyStands,
} from './edge-rules.js';
import { type MemberRole, Memberships, type OrganizationStanding, reachesRole } from './memberships.js';
import { PermissionChecks } from './permission-checks.js';
import { type RoutePolicy, RoutePolicies } from './route-policies.js';

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
    private readonly memberships: Memberships,
    private readonly permissions: PermissionChecks,
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
    request.authsome.requiredScopes = policy.scopes;
    if (access.kind === 'session' && isPlainRead(request, policy)) return this.admitReader(request, access);
    if (access.kind === 'key' && isPlainRead(request, policy)) return this.admitKeyAlone(request, http.getResponse());
    return this.admitFully(request, http.getResponse<FastifyReply>(), policy);
  }

  /** The common request — a read with a session — costs no query and no promise when session and tenant are in memory. */
  private admitReader(request: FastifyRequest, rule: RuleOf<'session'>): boolean | Promise<boolean> {
    const principal = this.recognise(request);
    if (principal instanceof Promise) return principal.then((late) => this.admitReaderAs(late, request, rule));
    return this.admitReaderAs(principal, request, rule);
  }

  /** As {@link admitReader}: a key in memory that reads about itself costs no query and no promise. */
  private admitKeyAlone(request: FastifyRequest, reply: FastifyReply): boolean | Promise<boolean> {
    const admit = (principal: UserPrincipal | KeyPrincipal): boolean | Promise<boolean> => {
      const { scope } = keyAlone(principal);
      sayHowKeyStands(request, reply);
      request.authsome.tenant = this.directory.recall(scope);
      if (request.authsome.tenant !== undefined) return true;
      return this.tenantOf(principal).then((found) => {
        request.authsome.tenant = found;
        return true;
      });
    };
    const principal = this.recogniseAny(request);
    return principal instanceof Promise ? principal.then(admit) : admit(principal);
  }

  private admitReaderAs(
    principal: UserPrincipal,
    { authsome }: FastifyRequest,
    rule: RuleOf<'session'>,
  ): boolean | Promise<boolean> {
    refuseImpersonator(principal, rule);
    if (rule.fresh) this.requireFresh(principal);
    const standing = this.requireOrganization(principal, rule);
    authsome.tenant = this.directory.recall(principal.scope);
    if (authsome.tenant !== undefined) return standing === undefined ? true : standing.then(() => true);
    return Promise.all([this.tenantOf(principal), standing]).then(([found]) => {
      authsome.tenant = found;
      return true;
    });
  }

  /** A session that acts for an organization works while its owner belongs to it, whatever it is used for (R196). */
  private requireOrganization(principal: UserPrincipal, rule: AccessRule): Promise<void> | undefined {
    const { scope, orgId, userId } = principal;
    if (orgId === null || (rule.kind === 'session' && rule.formerMembers)) return undefined;
    const role = this.memberships.roleOf(scope, orgId, userId);
    const judge = (found: MemberRole | undefined): void => {
      if (found === undefined) throw new OrganizationAccessLost();
    };
    return role instanceof Promise ? role.then(judge) : (judge(role), undefined);
  }

  private async admitFully(request: FastifyRequest, reply: FastifyReply, policy: RoutePolicy): Promise<boolean> {
    if (policy.rateLimit !== undefined) await this.limit(request, reply, policy.rateLimit);
    await this.admit(request, policy);
    sayHowKeyStands(request, reply);
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
      case 'organization':
        return this.admitMember(request, access);
      case 'permission':
        return this.admitHolder(request, access);
      case 'key':
        return this.admitKey(request, keyAlone(await this.recogniseAny(request)), access);
      case 'operator':
        return this.admitOperator(request, access);
    }
  }

  private async admitAnyone(request: FastifyRequest, rule: RuleOf<'public'>): Promise<void> {
    const { authsome } = request;
    if (rule.session) authsome.principal = await this.optionalPrincipal(request);
    // What an open route does for a session it does for the person, not for somebody in their place.
    if (authsome.principal.kind === 'user' && authsome.principal.impersonatedBy !== null)
      throw new ImpersonationNotAllowed();
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
    if (!rule.operators) await refuseForeignTenant(request, principal, this.directory);
    this.protectCookies(request, tenant);
    refuseImpersonator(principal, rule);
    if (rule.fresh) this.requireFresh(principal);
    await this.requireOrganization(principal, rule);
    if (rule.operators) await this.actOnTenant(request, principal);
    else request.authsome.tenant = tenant;
  }

  /** The environment of an app that an operator names, or the caller's own. @returns whether it is an operator's. */
  private async actOnTenant(request: FastifyRequest, principal: UserPrincipal): Promise<boolean> {
    const { authsome } = request;
    authsome.asOperator = principal.operator !== undefined && namedTenant(request).appId !== undefined;
    if (principal.operator !== undefined && authsome.asOperator) {
      authsome.tenant = await operatorTarget(request, 'environment', principal.operator, this.directory);
    } else {
      authsome.tenant = await this.tenantOf(principal);
      await refuseForeignTenant(request, principal, this.directory);
    }
    return authsome.asOperator;
  }

  private async admitHolder(request: FastifyRequest, rule: RuleOf<'permission'>): Promise<void> {
    const principal = await this.recogniseAny(request);
    if (principal.kind === 'key') return this.admitKey(request, principal, rule);
    this.protectCookies(request, await this.tenantOf(principal));
    refuseImpersonator(principal, rule);
    await this.requireOrganization(principal, rule);
    if (await this.actOnTenant(request, principal)) return;
    const { scope, userId } = principal;
    const orgId = rule.organization ? (namedOrganization(request) ?? principal.orgId ?? undefined) : undefined;
    const allowed = await this.permissions.allows(scope, userId, rule.action, rule.resource, orgId);
    if (!allowed) throw new InsufficientPermissions();
  }

  private async admitMember(request: FastifyRequest, rule: RuleOf<'organization'>): Promise<void> {
    const principal = await this.recognise(request);
    this.protectCookies(request, await this.tenantOf(principal));
    refuseImpersonator(principal, rule);
    await this.requireOrganization(principal, rule);
    const orgId = parseId('organization', (request.params as { orgId?: string }).orgId);
    const asOperator = await this.actOnTenant(request, principal);
    const standing = asOperator ? 'administrator' : await this.standingIn(orgId, principal, rule.role);
    const { scope } = request.authsome.tenant as ResolvedTenant;
    const unknown = standing === 'administrator' && !(await this.memberships.exists(scope, orgId));
    if (standing === undefined || unknown) throw new OrganizationNotFound();
    if (!reachesRole(standing, rule.role)) throw new InsufficientOrganizationRole();
    request.authsome.organization = { id: orgId, standing };
    if (rule.fresh) this.requireFresh(principal);
  }

  /** As a member, or, where that does not reach, as somebody who manages every organization of the environment. */
  private async standingIn(
    orgId: Id<'organization'>,
    { scope, userId }: UserPrincipal,
    needed: MemberRole,
  ): Promise<OrganizationStanding | undefined> {
    const role = await this.memberships.roleOf(scope, orgId, userId);
    if (role !== undefined && reachesRole(role, needed)) return role;
    return (await this.permissions.allows(scope, userId, 'manage', 'organization')) ? 'administrator' : role;
  }

  /**
   * A key acts in its own environment. One of a person does what they may do there, one of a service account what operators may; its scopes were
   * looked at when it was recognised.
   */
  private async admitKey(
    request: FastifyRequest,
    principal: KeyPrincipal,
    rule: RuleOf<'key' | 'permission' | 'operator'>,
  ): Promise<void> {
    const { scope, ownerKind, ownerId } = principal;
    await refuseForeignTenant(request, principal, this.directory);
    request.authsome.tenant = await this.tenantOf(principal);
    if (rule.kind === 'key') return;
    if (ownerKind === 'service_account') {
      request.authsome.asOperator = true;
      return;
    }
    const allowed =
      ownerKind === 'user' &&
      rule.kind === 'permission' &&
      (await this.permissions.allows(scope, ownerId as Id<'user'>, rule.action, rule.resource));
    if (!allowed) throw new InsufficientPermissions();
  }

  private async admitOperator(request: FastifyRequest, rule: RuleOf<'operator'>): Promise<void> {
    const principal = await this.recogniseAny(request);
    if (principal.kind === 'key') return this.admitKey(request, principal, rule);
    this.protectCookies(request, await this.tenantOf(principal));
    refuseImpersonator(principal, rule);
    await this.requireOrganization(principal, rule);
    const { operator } = principal;
    if (operator === undefined || (rule.reach === 'every_app' && operator !== 'every_app')) {
      throw new InsufficientPermissions();
    }
    if (rule.fresh) this.requireFresh(principal);
    if (rule.target === 'none') return;
    request.authsome.tenant = await operatorTarget(request, rule.target, operator, this.directory);
  }

  /** @throws AuthenticationRequired (also as a rejection) for everyone but a signed-in user. */
  private recognise(request: FastifyRequest): UserPrincipal | Promise<UserPrincipal> {
    const accept = (principal: UserPrincipal | KeyPrincipal): UserPrincipal => {
      if (principal.kind !== 'user') throw new AuthenticationRequired();
      return principal;
    };
    const principal = this.recogniseAny(request);
    return principal instanceof Promise ? principal.then(accept) : accept(principal);
  }

  /** As {@link recognise}, where a machine may call too. */
  private recogniseAny(request: FastifyRequest): UserPrincipal | KeyPrincipal | Promise<UserPrincipal | KeyPrincipal> {
    const { authsome } = request;
    authsome.credential = findCredential(request);
    const accept = (principal: Principal | undefined): UserPrincipal | KeyPrincipal => {
      if (principal === undefined || principal.kind === 'anonymous') throw new AuthenticationRequired();
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

  private async tenantOf(principal: UserPrincipal | KeyPrincipal): Promise<ResolvedTenant> {
    const tenant = await this.directory.byScope(principal.scope);
    if (tenant === undefined) throw new AuthenticationRequired();
    return tenant;
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
