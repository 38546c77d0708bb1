import ipaddr from 'ipaddr.js';
import { type EnvScope, sameTenant } from '../kernel/context/scope.js';
import type { ValidateOptions } from '../keys-bridge/key-manager.js';
import { KeyNotAllowedHere } from '../keys-bridge/keys-bridge.problems.js';
import { InsufficientScope } from '../http/access/access.problems.js';
import { namedScopes, satisfies, type ScopeExpression } from '../http/access/scope-expression.js';
import { anyCovers } from '../http/access/scopes.js';
import type { CachedKey } from './key-cache.js';

export type KeyRefusal = 'wrong_environment' | 'revoked' | 'suspended' | 'expired' | 'grace_ended' | 'owner_gone';

/** Why a key opens nothing at an instant; undefined: it does. Callers are told none of it. */
export function whyRefused(
  { found, scope }: CachedKey,
  wanted: EnvScope | undefined,
  nowMs: number,
): KeyRefusal | undefined {
  if (wanted !== undefined && !sameTenant(wanted, scope)) return 'wrong_environment';
  if (found.state !== 'active') return found.state;
  if (found.expiresAt !== null && found.expiresAt.getTime() <= nowMs) return 'expired';
  if (found.secret === 'grace' && (found.notAfter === null || found.notAfter.getTime() <= nowMs)) return 'grace_ended';
  return found.ownerStands ? undefined : 'owner_gone';
}

/** @throws KeyNotAllowedHere */
export function requireAllowed({ found, ranges }: CachedKey, { ip, origin, method, path }: ValidateOptions): void {
  const { origins = [], methods = [], paths = [] } = found.allow;
  if (ranges.length > 0 && !isWithin(ip, ranges)) throw new KeyNotAllowedHere({ extras: { restriction: 'ip' } });
  if (origins.length > 0 && !origins.includes(origin ?? ''))
    throw new KeyNotAllowedHere({ extras: { restriction: 'origin' } });
  if (methods.length > 0 && !methods.includes(method ?? ''))
    throw new KeyNotAllowedHere({ extras: { restriction: 'method' } });
  if (paths.length > 0 && !paths.some((pattern) => matches(pattern, path ?? ''))) {
    throw new KeyNotAllowedHere({ extras: { restriction: 'path' } });
  }
}

/** @throws InsufficientScope, naming what is required and what is missing */
export function requireScopes(grants: readonly string[], required: ScopeExpression): void {
  if (satisfies(grants, required)) return;
  const named = namedScopes(required);
  const missing = named.filter((scope) => !anyCovers(grants, scope));
  throw new InsufficientScope({ extras: { required: named, missing } });
}

function isWithin(ip: string | undefined, ranges: CachedKey['ranges']): boolean {
  if (ip === undefined || !ipaddr.isValid(ip)) return false;
  const address = ipaddr.process(ip);
  return ranges.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
}

/** `/v1/users` is itself, `/v1/*` everything below. */
function matches(pattern: string, path: string): boolean {
  return pattern.endsWith('/*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}
