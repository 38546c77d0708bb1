import { covers } from '../../http/access/scopes.js';
import type { KeyLimits } from '../../keys-bridge/key-manager.js';
import { InvalidScope } from '../../keys-bridge/keys-bridge.problems.js';
import type { ApiKeyPolicyEntity } from './api-key-policy.entity.js';
import { ExpiryBeyondPolicy } from './policies.problems.js';

/** Both hold: of two limits of one window the smaller; of two windows of one name the policy's. */
export function commonLimits(own: KeyLimits, policy: KeyLimits): KeyLimits {
  const perMinute = smaller(own.perMinute, policy.perMinute);
  const perDay = smaller(own.perDay, policy.perDay);
  const names = policy.custom?.map(({ name }) => name) ?? [];
  const custom = [...(policy.custom ?? []), ...(own.custom ?? []).filter(({ name }) => !names.includes(name))];
  return {
    ...(perMinute === undefined ? {} : { perMinute }),
    ...(perDay === undefined ? {} : { perDay }),
    ...(custom.length === 0 ? {} : { custom }),
  };
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** What the key expires at under a policy. @param expiresAt as it was asked for. @throws ExpiryBeyondPolicy */
export function expiryUnder(
  { maxLifetimeS }: Pick<ApiKeyPolicyEntity, 'maxLifetimeS'>,
  createdAt: Date,
  expiresAt: Date | null,
): Date | null {
  if (maxLifetimeS === null) return expiresAt;
  const latest = new Date(createdAt.getTime() + maxLifetimeS * 1_000);
  if (expiresAt !== null && expiresAt > latest)
    throw new ExpiryBeyondPolicy({ extras: { latest: latest.toISOString() } });
  return expiresAt ?? latest;
}

/** @throws InvalidScope */
export function requireScopesUnder(
  { allowedScopes }: Pick<ApiKeyPolicyEntity, 'allowedScopes'>,
  scopes: readonly string[],
): void {
  if (allowedScopes.length === 0) return;
  const beyond = scopes.find((scope) => !allowedScopes.some((allowed) => covers(allowed, scope)));
  if (beyond !== undefined) throw new InvalidScope({ extras: { scope: beyond } });
}
