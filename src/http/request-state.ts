import type { FastifyRequest } from 'fastify';
import { ANONYMOUS_PRINCIPAL, type Principal } from '../kernel/context/principal.js';
import type { Id } from '../kernel/ids/id.js';
import type { RequestContext, RequestUnit } from '../kernel/context/request-context.js';
import type { RateLimitState } from '../kernel/limits/rate-limits.js';
import type { ScopeExpression } from './access/scope-expression.js';
import type { OrganizationStanding } from './access/memberships.js';
import type { Credential } from './authentication/credential.js';
import type { IdempotentRequest } from './idempotency/idempotency.js';
import type { ResolvedTenant } from './tenancy/tenant-directory.js';

/** An organization that a request acts on. */
export interface ActedOrganization {
  readonly id: Id<'organization'>;
  readonly standing: OrganizationStanding;
}

/** What the edge learns about a request on its way to the controller. */
export class RequestState implements RequestContext {
  readonly startedAt = performance.now();
  principal: Principal = ANONYMOUS_PRINCIPAL;
  /** What was presented, whoever it belongs to. */
  credential: Credential | undefined;
  /** The environment the request is for: the credential's, or the named one on public routes. */
  tenant: ResolvedTenant | undefined;
  /** Whether the caller acts on an app they operate, and not as a person of their own environment. */
  asOperator = false;
  /** The organization of the path, and as what the caller acts on it: on routes that demand a role in one. */
  organization: ActedOrganization | undefined;
  /** What the route demands of an API key; undefined: it takes none. */
  requiredScopes: ScopeExpression | undefined;
  rateLimit: RateLimitState | undefined;
  idempotent: IdempotentRequest | undefined;
  unit?: RequestUnit;

  constructor(
    readonly requestId: string,
    readonly ipAddress: string | undefined,
    readonly userAgent: string | undefined,
  ) {}
}

declare module 'fastify' {
  interface FastifyRequest {
    authsome: RequestState;
  }
}

/** Whether the client asks for cookies instead of tokens in the body: browsers, whose scripts must not see a token (R316). */
export const TRANSPORT_HEADER = 'x-authsome-transport';

export function wantsCookies(request: FastifyRequest): boolean {
  return request.headers[TRANSPORT_HEADER] === 'cookie';
}

/**
 * Whether the secrets of an answer go into cookies: when the client asks for it, and when it came with a session cookie. A script that can
 * make such a call but not read the cookie must not get them by leaving the header out (R316).
 */
export function answersInCookies(request: FastifyRequest): boolean {
  return wantsCookies(request) || request.authsome.credential?.source === 'cookie';
}
