import { defineProblem } from '../kernel/errors/problem.js';

export const SessionNotFound = defineProblem({
  code: 'session_not_found',
  kind: 'not_found',
  title: 'No such session',
  detail: 'session not found',
});

/** One answer for unknown, used, expired, revoked and foreign secrets: it tells an attacker nothing (ASVS 6.3.8). */
export const InvalidCredentials = defineProblem({
  code: 'invalid_credentials',
  kind: 'unauthenticated',
  title: 'The credentials are not valid',
  detail: 'invalid credentials',
});

export const RefreshTokenRequired = defineProblem({
  code: 'refresh_token_required',
  kind: 'invalid',
  title: 'The refresh token is missing',
  detail: 'refresh_token is required, in the body or as a cookie',
});
