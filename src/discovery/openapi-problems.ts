import {
  AppContextRequired,
  ForeignTenant,
  TenantDisagreement,
  UnknownTenant,
} from '../http/tenancy/tenancy.problems.js';
import {
  AuthenticationRequired,
  ImpersonationNotAllowed,
  InsufficientOrganizationRole,
  InsufficientPermissions,
  InsufficientScope,
  KeyNotAccepted,
  OrganizationAccessLost,
  OrganizationNotFound,
  OriginNotAllowed,
  ReauthenticationRequired,
} from '../http/access/access.problems.js';
import type { Route } from '../http/access/route-policies.js';
import {
  IdempotencyInProgress,
  IdempotencyKeyMalformed,
  IdempotencyKeyReused,
} from '../http/idempotency/idempotency.problems.js';
import { API_PROBLEMS } from '../http/problems/api-problems.decorator.js';
import { PROBLEM_STATUS } from '../http/problems/problem-document.js';
import {
  BodyTooLarge,
  HeadersTooLarge,
  InternalError,
  MalformedBody,
  MalformedId,
  MalformedUrl,
  Overloaded,
  ServiceUnavailable,
  UnsupportedMedia,
  ValidationFailed,
} from '../kernel/errors/common-problems.js';
import {
  CreditsExhausted,
  InvalidApiKey,
  KeyManagerNotAvailable,
  KeyProviderUnavailable,
  KeyNotAllowedHere,
} from '../keys-bridge/keys-bridge.problems.js';
import type { ProblemClass } from '../kernel/errors/problem.js';
import { MalformedCursor } from '../kernel/persistence/page.js';
import { RateLimited } from '../kernel/limits/rate-limits.js';

/** What an operation takes, as its document says. */
export interface OperationShape {
  readonly hasBody: boolean;
  readonly hasParameters: boolean;
  readonly isList: boolean;
}

/** Every problem a route may answer with: its own, and those that follow from its access rule and its inputs. */
export function problemsOf(route: Route, shape: OperationShape): ReadonlyMap<number, readonly string[]> {
  const own = (Reflect.getMetadata(API_PROBLEMS, route.handlerFunction) as ProblemClass[] | undefined) ?? [];
  const problems = [
    ...own,
    ...fromAccess(route),
    ...fromKeys(route),
    ...fromInputs(route, shape),
    ...fromAnyRequest(route),
  ];
  const byStatus = new Map<number, Set<string>>();
  for (const { definition } of problems) {
    const status = PROBLEM_STATUS[definition.kind];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(definition.code));
  }
  return new Map([...byStatus].sort(([a], [b]) => a - b).map(([status, codes]) => [status, [...codes].sort()]));
}

function fromAccess({ policy, method }: Route): ProblemClass[] {
  const { access, rateLimit } = policy;
  const crossSite = method === 'GET' ? [] : [OriginNotAllowed];
  const limited = rateLimit === undefined ? [] : [RateLimited];
  switch (access.kind) {
    case 'public': {
      const tenant = access.tenant === 'none' ? [] : [UnknownTenant, TenantDisagreement, MalformedId];
      const required = access.tenant === 'required' ? [AppContextRequired] : [];
      const session = access.session ? [AuthenticationRequired, ImpersonationNotAllowed] : [];
      return [...tenant, ...required, ...session, ...(access.tenant === 'none' ? [] : crossSite), ...limited];
    }
    case 'session':
      return [
        AuthenticationRequired,
        ForeignTenant,
        ...(access.operators ? [MalformedId] : []),
        ...(access.fresh ? [ReauthenticationRequired] : []),
        ...(access.impersonators ? [] : [ImpersonationNotAllowed]),
        ...(access.formerMembers ? [] : [OrganizationAccessLost]),
        ...crossSite,
        ...limited,
      ];
    case 'organization':
      return [
        AuthenticationRequired,
        ForeignTenant,
        MalformedId,
        OrganizationNotFound,
        OrganizationAccessLost,
        ImpersonationNotAllowed,
        ...(access.role === 'member' ? [] : [InsufficientOrganizationRole]),
        ...(access.fresh ? [ReauthenticationRequired] : []),
        ...crossSite,
        ...limited,
      ];
    case 'permission':
      return [
        AuthenticationRequired,
        InsufficientPermissions,
        ForeignTenant,
        MalformedId,
        ImpersonationNotAllowed,
        OrganizationAccessLost,
        ...crossSite,
        ...limited,
      ];
    case 'key':
      return [AuthenticationRequired, ForeignTenant, MalformedId, ...crossSite, ...limited];
    case 'operator':
      return [
        AuthenticationRequired,
        InsufficientPermissions,
        ImpersonationNotAllowed,
        OrganizationAccessLost,
        ...(access.fresh ? [ReauthenticationRequired] : []),
        ...(access.target === 'none' ? [] : [AppContextRequired, ForeignTenant, MalformedId]),
        ...crossSite,
        ...limited,
      ];
  }
}

/** What an API key is answered: where none is accepted, that. */
function fromKeys({ policy: { access, scopes } }: Route): ProblemClass[] {
  if (scopes !== undefined) {
    return [
      InvalidApiKey,
      InsufficientScope,
      KeyNotAllowedHere,
      CreditsExhausted,
      RateLimited,
      KeyManagerNotAvailable,
      KeyProviderUnavailable,
    ];
  }
  return access.kind === 'public' && !access.session ? [] : [KeyNotAccepted];
}

function fromInputs({ method }: Route, { hasBody, hasParameters, isList }: OperationShape): ProblemClass[] {
  return [
    ...(hasBody ? [ValidationFailed] : []),
    // A body that an operation does not ask for is read all the same.
    ...(method === 'GET' ? [] : [MalformedBody, BodyTooLarge]),
    ...(hasParameters ? [ValidationFailed, MalformedId, MalformedUrl] : []),
    ...(isList ? [MalformedCursor] : []),
    ...(method === 'POST' ? [IdempotencyKeyMalformed, IdempotencyInProgress, IdempotencyKeyReused] : []),
  ];
}

function fromAnyRequest({ policy }: Route): ProblemClass[] {
  return [HeadersTooLarge, UnsupportedMedia, InternalError, ...(policy.always ? [] : [ServiceUnavailable, Overloaded])];
}
