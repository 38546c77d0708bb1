import ipaddr from 'ipaddr.js';
import { InsufficientScope } from '../http/access/access.problems.js';
import { namedScopes, satisfies, type ScopeExpression } from '../http/access/scope-expression.js';
import { anyCovers } from '../http/access/scopes.js';
import { sameTenant } from '../kernel/context/scope.js';
import type { DomainError } from '../kernel/errors/problem.js';
import type { ValidateOptions } from '../keys-bridge/key-manager.js';
import { InvalidApiKey, KeyNotAllowedHere } from '../keys-bridge/keys-bridge.problems.js';
import type { CachedKey, Restriction } from './key-cache.js';

/** Why a key opens nothing at all. Callers are told none of it: the audit trail, the metrics and the key's usage are. */
const STATE_REFUSALS = ['wrong_environment', 'revoked', 'suspended', 'expired', 'grace_ended', 'owner_gone'] as const;
type StateRefusal = (typeof STATE_REFUSALS)[number];
type RestrictionRefusal = 'ip_not_allowed' | 'origin_not_allowed' | 'method_not_allowed' | 'path_not_allowed';

/** Why a key that is known was refused. */
export type KeyRefusal =
  | StateRefusal
  | RestrictionRefusal
  | 'insufficient_scope'
  | 'rate_limited'
  | 'limits_unavailable'
  | 'credits_exhausted';
/** Why a text is no key that is known. */
export type UnknownKeyRefusal = 'malformed' | 'bad_checksum' | 'not_found' | 'too_many_failures';
export type KeyOutcome = 'accepted' | KeyRefusal;

/** Everything that takes nothing from any limit: state, place, scopes. @returns undefined when nothing speaks against the key. */
export function refusalOf(key: CachedKey, options: ValidateOptions, nowMs: number): KeyRefusal | undefined {
  const { requiredScopes } = options;
  const refusal = stateRefusal(key, options, nowMs) ?? restrictionRefusal(key, options);
  if (refusal !== undefined || requiredScopes === undefined || satisfies(key.scopes, requiredScopes)) return refusal;
  return 'insufficient_scope';
}

/** What the caller is told of it: one answer for all states of a key, and where it matters what is missing. */
export function problemOf(
  refusal: KeyRefusal,
  { scopes }: CachedKey,
  { requiredScopes }: ValidateOptions,
): DomainError {
  if ((STATE_REFUSALS as readonly string[]).includes(refusal)) return new InvalidApiKey();
  if (refusal === 'insufficient_scope') return insufficientScope(scopes, requiredScopes as ScopeExpression);
  return new KeyNotAllowedHere({ extras: { restriction: refusal.slice(0, refusal.indexOf('_')) } });
}

function stateRefusal(
  { found, scope, expiresAt }: CachedKey,
  { scope: wanted }: ValidateOptions,
  nowMs: number,
): StateRefusal | undefined {
  if (wanted !== undefined && !sameTenant(wanted, scope)) return 'wrong_environment';
  if (found.state !== 'active') return found.state;
  if (expiresAt !== null && expiresAt.getTime() <= nowMs) return 'expired';
  if (found.secret === 'grace' && (found.notAfter === null || found.notAfter.getTime() <= nowMs)) return 'grace_ended';
  return found.ownerStands ? undefined : 'owner_gone';
}

function restrictionRefusal({ restrictions }: CachedKey, options: ValidateOptions): RestrictionRefusal | undefined {
  for (const restriction of restrictions) {
    const refusal = refusalWithin(restriction, options);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function refusalWithin(
  { ranges, origins, methods, paths }: Restriction,
  { ip, origin, method, path }: ValidateOptions,
): RestrictionRefusal | undefined {
  if (ranges.length > 0 && !isWithin(ip, ranges)) return 'ip_not_allowed';
  if (origins?.length && !origins.includes(origin ?? '')) return 'origin_not_allowed';
  if (methods?.length && !methods.includes(method ?? '')) return 'method_not_allowed';
  if (paths?.length && !paths.some((pattern) => matches(pattern, path ?? ''))) return 'path_not_allowed';
  return undefined;
}

function insufficientScope(grants: readonly string[], required: ScopeExpression): DomainError {
  const named = namedScopes(required);
  const missing = named.filter((scope) => !anyCovers(grants, scope));
  return new InsufficientScope({ extras: { required: named, missing } });
}

function isWithin(ip: string | undefined, ranges: Restriction['ranges']): boolean {
  if (ip === undefined || !ipaddr.isValid(ip)) return false;
  const address = ipaddr.process(ip);
  return ranges.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
}

/** `/v1/users` is itself, `/v1/*` everything below. */
function matches(pattern: string, path: string): boolean {
  return pattern.endsWith('/*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}
