import { InsufficientScope } from '../../http/access/access.problems.js';
import { namedScopes, satisfies } from '../../http/access/scope-expression.js';
import { anyCovers } from '../../http/access/scopes.js';
import { sameTenant } from '../../kernel/context/scope.js';
import { rateLimited } from '../../kernel/limits/rate-limits.js';
import type { LimitState, ValidatedKey, ValidateOptions } from '../key-manager.js';
import { CreditsExhausted, InvalidApiKey, KeyNotAllowedHere } from '../keys-bridge.problems.js';
import { scopesOf } from './unkey-permissions.js';
import { keptOf, limitStatesOf, strings } from './unkey-wire.js';
import { unavailable } from './unkey.client.js';

const CODES = [
  'VALID',
  'NOT_FOUND',
  'DISABLED',
  'EXPIRED',
  'FORBIDDEN',
  'INSUFFICIENT_PERMISSIONS',
  'RATE_LIMITED',
  'USAGE_EXCEEDED',
  'INSUFFICIENT_CREDITS',
] as const;

/**
 * What Unkey's answer to a verification means here. Where the service knows more it has the last word: whose key it is, and to the millisecond
 * when it ends.
 * @throws InvalidApiKey, InsufficientScope, KeyNotAllowedHere, RateLimited, CreditsExhausted, KeyProviderUnavailable
 */
export function judge(
  answer: Readonly<Record<string, unknown>>,
  options: ValidateOptions,
  nowMs: number,
): ValidatedKey {
  const code = CODES.find((known) => known === answer.code);
  if (code === undefined) throw unavailable('keys.verifyKey', 'its answer is not understood');
  if (code === 'NOT_FOUND' || code === 'DISABLED' || code === 'EXPIRED') throw new InvalidApiKey();
  const kept = keptOf(answer);
  if (kept === undefined || kept.state !== 'active') throw new InvalidApiKey();
  if (options.scope !== undefined && !sameTenant(options.scope, kept.scope)) throw new InvalidApiKey();
  // Unkey's own end of a grace comes up to a minute late, and a node there may not have heard of it.
  const ends = [kept.expiresAt?.getTime(), kept.retired?.until];
  if (ends.some((end) => end !== undefined && end <= nowMs)) throw new InvalidApiKey();
  const scopes = scopesOf(strings(answer.permissions));
  const { requiredScopes } = options;
  const limits = limitStatesOf(answer, nowMs);
  const credits = typeof answer.credits === 'number' ? answer.credits : undefined;
  switch (code) {
    case 'VALID':
      break;
    case 'FORBIDDEN':
      throw new KeyNotAllowedHere();
    case 'INSUFFICIENT_PERMISSIONS':
      throw insufficient(scopes, options);
    case 'RATE_LIMITED':
      throw limitReached(limits.refusing);
    case 'USAGE_EXCEEDED':
    case 'INSUFFICIENT_CREDITS':
      throw new CreditsExhausted({ extras: { remaining: credits ?? 0 } });
  }
  if (answer.valid !== true) throw unavailable('keys.verifyKey', 'its answer contradicts itself');
  if (requiredScopes !== undefined && !satisfies(scopes, requiredScopes)) throw insufficient(scopes, options);
  const { retired } = kept;
  return {
    id: kept.id,
    name: typeof answer.name === 'string' ? answer.name : '',
    owner: kept.owner,
    scope: kept.scope,
    scopes,
    metadata: kept.metadata,
    expiresAt: kept.expiresAt,
    secret: retired === undefined ? 'current' : 'grace',
    ...(retired && { grace: { since: new Date(retired.since), until: new Date(retired.until) } }),
    limits: limits.all,
    ...(credits === undefined ? {} : { creditsRemaining: credits }),
  };
}

function insufficient(scopes: readonly string[], { requiredScopes }: ValidateOptions): Error {
  const required = requiredScopes === undefined ? [] : namedScopes(requiredScopes);
  return new InsufficientScope({ extras: { required, missing: required.filter((one) => !anyCovers(scopes, one)) } });
}

function limitReached(refusing: LimitState | undefined): Error {
  const { name, limit: count, resetMs } = refusing ?? { name: '', limit: 0, resetMs: 0 };
  return rateLimited({ limit: { name, count, windowMs: resetMs }, allowed: false, remaining: 0, resetMs });
}
