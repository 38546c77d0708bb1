import { defineProblem } from '../../kernel/errors/problem.js';

export const AuthenticationRequired = defineProblem({
  code: 'authentication_required',
  kind: 'unauthenticated',
  title: 'Authentication required',
  detail: 'authentication required',
});

export const InsufficientPermissions = defineProblem({
  code: 'insufficient_permissions',
  kind: 'forbidden',
  title: 'The caller may not do this',
  detail: 'insufficient permissions',
});

export const ReauthenticationRequired = defineProblem({
  code: 'reauth_required',
  kind: 'forbidden',
  title: 'Identity must be proved again',
  detail: 'this is a sensitive action: prove your identity with POST /v1/reauthenticate, then try again',
});

export const ImpersonationNotAllowed = defineProblem({
  code: 'impersonation_not_allowed',
  kind: 'forbidden',
  title: 'Not while impersonating',
  detail: 'this action is for the account’s owner alone',
});

export const OrganizationNotFound = defineProblem({
  code: 'organization_not_found',
  kind: 'not_found',
  title: 'No such organization',
  detail: 'organization not found',
});

export const InsufficientOrganizationRole = defineProblem({
  code: 'insufficient_organization_role',
  kind: 'forbidden',
  title: 'The caller’s role in the organization does not reach this far',
  detail: 'insufficient organization role',
});

export const OrganizationAccessLost = defineProblem({
  code: 'organization_access_lost',
  kind: 'forbidden',
  title: 'The session acts for an organization that its owner does not belong to',
  detail:
    'you no longer belong to the organization of this session: leave it with POST /v1/me/switch-org and an empty org_id',
});

export const OriginNotAllowed = defineProblem({
  code: 'origin_not_allowed',
  kind: 'forbidden',
  title: 'The browser origin is not allowed',
  detail: 'add the origin to the environment’s allowed_origins',
});

export const InsufficientScope = defineProblem({
  code: 'insufficient_scope',
  kind: 'forbidden',
  title: 'The key does not have the scopes for this',
  detail: 'see required and missing; give the key the scopes, or use another one',
});

export const KeyNotAccepted = defineProblem({
  code: 'key_not_accepted',
  kind: 'forbidden',
  title: 'This route takes no API keys',
  detail: 'sign in, or see docs/api-keys.md for the routes that keys may call',
});
