import type { FastifyRequest } from 'fastify';
import { AuthenticationRequired } from '../access/access.problems.js';
import { readCookie, SESSION_COOKIE } from './session-cookie.js';

/** A bearer credential as it was presented. What it is — session token, JWT, API key — is for the strategies to find out. */
export interface Credential {
  readonly value: string;
  readonly source: 'header' | 'cookie';
}

/** RFC 6750 §2.1: one token of the b64token alphabet. Longer ones than any of ours are not looked at. */
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]{8,4096}=*) *$/i;

/**
 * Finds the credential: the Authorization header, else the session cookie. Never the query or the body (R040).
 * @returns undefined when none is presented.
 * @throws AuthenticationRequired when one is presented in a form that cannot be right (R054, R321).
 */
export function findCredential(request: FastifyRequest): Credential | undefined {
  const header = request.headers.authorization;
  if (header !== undefined) {
    const value = BEARER.exec(header)?.[1];
    if (value === undefined) throw new AuthenticationRequired({ detail: 'send Authorization: Bearer <token>' });
    return { value, source: 'header' };
  }
  if (request.headers.cookie === undefined) return undefined;
  const value = readCookie(request, SESSION_COOKIE);
  return value === undefined ? undefined : { value, source: 'cookie' };
}
