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

export const ImpersonationForbidden = defineProblem({
  code: 'impersonation_forbidden',
  kind: 'forbidden',
  title: 'Not while impersonating',
  detail: 'this action is for the account’s owner alone',
});

export const OriginNotAllowed = defineProblem({
  code: 'origin_not_allowed',
  kind: 'forbidden',
  title: 'The browser origin is not allowed',
  detail: 'add the origin to the environment’s allowed_origins',
});
