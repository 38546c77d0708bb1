import type { FastifyRequest } from 'fastify';
import { OriginNotAllowed } from '../access/access.problems.js';
import type { OriginList } from './origins.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export function changesState(request: FastifyRequest): boolean {
  return !SAFE_METHODS.has(request.method);
}

/**
 * Refuses a state change that a browser makes for another site (R318, R319). Browsers attach cookies by themselves, so the origin
 * must be one the environment allows. A browser that sends neither Origin nor Sec-Fetch-Site is old, and then only a JSON body
 * counts, which no form can send.
 * @param ownOrigin the service's own public origin, always allowed.
 * @throws OriginNotAllowed
 */
export function refuseCrossSite(request: FastifyRequest, allowed: OriginList | undefined, ownOrigin: string): void {
  const { origin, 'sec-fetch-site': site, 'content-type': contentType } = request.headers;
  if (origin !== undefined) {
    if (origin === ownOrigin || allowed?.allows(origin)) return;
    throw new OriginNotAllowed();
  }
  if (site !== undefined ? site === 'same-origin' || site === 'none' : contentType?.startsWith('application/json'))
    return;
  throw new OriginNotAllowed({ detail: 'a state change with a session cookie needs an allowed Origin' });
}
