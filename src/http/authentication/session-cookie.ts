import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthenticationRequired } from '../access/access.problems.js';

/**
 * `__Host-` makes the browser refuse the cookie unless it is Secure, has Path=/ and no Domain, so that neither a sibling subdomain nor
 * plain http can set it (R316).
 */
export const SESSION_COOKIE = '__Host-authsome_session';
export const REFRESH_COOKIE = '__Host-authsome_refresh';
export const DEVICE_COOKIE = '__Host-authsome_device';

const LONGEST_VALUE = 4_096;

/**
 * @returns the cookie's value, or undefined when there is none.
 * @throws AuthenticationRequired when the cookie is there twice or oversized: somebody tossed it (R321).
 */
export function readCookie(request: FastifyRequest, name: string): string | undefined {
  const values = (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [value] = values;
  if (values.length > 1 || (value !== undefined && value.length > LONGEST_VALUE)) {
    throw new AuthenticationRequired({ detail: `the cookie ${name} is ambiguous` });
  }
  return value === '' ? undefined : value;
}

export type SameSite = 'lax' | 'strict' | 'none';

export function setCookie(reply: FastifyReply, name: string, value: string, expires: Date, sameSite: SameSite): void {
  append(
    reply,
    `${name}=${value}; Path=/; Expires=${expires.toUTCString()}; Secure; HttpOnly; ${sameSiteAttribute(sameSite)}`,
  );
}

export function clearCookie(reply: FastifyReply, name: string, sameSite: SameSite): void {
  append(reply, `${name}=; Path=/; Max-Age=0; Secure; HttpOnly; ${sameSiteAttribute(sameSite)}`);
}

function sameSiteAttribute(sameSite: SameSite): string {
  return `SameSite=${sameSite[0]?.toUpperCase()}${sameSite.slice(1)}`;
}

function append(reply: FastifyReply, cookie: string): void {
  // Fastify collects repeated Set-Cookie headers instead of replacing them.
  reply.header('set-cookie', cookie);
}
