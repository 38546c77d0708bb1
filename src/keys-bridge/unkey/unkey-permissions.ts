import type { EnvScope } from '../../kernel/context/scope.js';
import { satisfies, type ScopeExpression } from '../../http/access/scope-expression.js';
import { InvalidScope } from '../keys-bridge.problems.js';

/** A scope begins with a letter, a digit or an asterisk: what begins like these is none. */
const ENVIRONMENT = '_env:';
const DISGUISED = '_scope:';
/** Unkey takes no name of less than three characters, and reads `and` as a word of its questions, however it is written. */
const NOT_AS_IT_IS = /^(.{1,2}|and)$/;
const LONGEST = 100;
const LONGEST_QUERY = 1_000;
const MOST_TERMS = 100;

/** No key has it: asking for it shows a key, and takes nothing from its limits. */
export const NOBODYS_PERMISSION = '_nobodys';

/**
 * What a key holds at Unkey: its scopes, and the environment it belongs to, so that one question asks for both.
 * @throws InvalidScope for one that is too long
 */
export function permissionsOf(envId: EnvScope['envId'], scopes: readonly string[]): string[] {
  const long = scopes.find((scope) => scope.length > LONGEST);
  if (long !== undefined) throw new InvalidScope({ extras: { scope: long } });
  return [ENVIRONMENT + envId, ...scopes.map(permissionOf)];
}

export function scopesOf(permissions: readonly string[]): string[] {
  return permissions
    .filter((permission) => !permission.startsWith(ENVIRONMENT))
    .map((permission) => (permission.startsWith(DISGUISED) ? permission.slice(DISGUISED.length) : permission));
}

function permissionOf(scope: string): string {
  return NOT_AS_IT_IS.test(scope) ? DISGUISED + scope : scope;
}

/**
 * The demand as Unkey asks it: '' for none, undefined for one that is too long to be asked.
 *
 * Unkey compares names exactly, also where an asterisk is in them, and spends limits and credits right after. A check of ours behind its answer
 * would come too late: who lacks a scope would have paid for the refusal. So every scope is asked for as the OR of all grants that cover it
 * (`read:users` ⇐ `*`, `read`, `read:*`, `read:users`), and one call looks up, checks, limits and meters.
 */
export function permissionQuery(
  scope: EnvScope | undefined,
  required: ScopeExpression | undefined,
): string | undefined {
  const parts = [
    ...(scope === undefined ? [] : [ENVIRONMENT + scope.envId]),
    ...(required === undefined ? [] : [asked(required)]),
  ].filter((part) => part !== '');
  const query = parts.join(' AND ');
  const terms = query.match(/[^\s()]+/g)?.filter((word) => word !== 'AND' && word !== 'OR') ?? [];
  return query.length > LONGEST_QUERY || terms.length > MOST_TERMS ? undefined : query;
}

function asked(expression: ScopeExpression): string {
  if (expression.kind === 'scope') return `(${coveringGrants(expression.scope).map(permissionOf).join(' OR ')})`;
  const joint = expression.kind === 'all' ? ' AND ' : ' OR ';
  // All of nothing is no demand; any of nothing is one that nobody meets.
  if (expression.of.length === 0) return satisfies([], expression) ? '' : NOBODYS_PERMISSION;
  const parts = expression.of.map(asked);
  if (parts.includes('') && expression.kind === 'any') return '';
  const left = parts.filter((part) => part !== '');
  return left.length === 0 ? '' : `(${left.join(joint)})`;
}

/** Every grant that covers a scope, as {@link satisfies} has it. */
export function coveringGrants(scope: string): string[] {
  const words = scope.split(':');
  const above = words.slice(1).map((_, index) => words.slice(0, index + 1).join(':'));
  return ['*', ...above.flatMap((base) => [base, `${base}:*`]), scope];
}
