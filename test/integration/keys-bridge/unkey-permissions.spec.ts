import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseScopeExpression, satisfies, type ScopeExpression } from '../../../src/http/access/scope-expression.js';
import { covers } from '../../../src/http/access/scopes.js';
import type { EnvScope } from '../../../src/kernel/context/scope.js';
import {
  coveringGrants,
  permissionQuery,
  permissionsOf,
  scopesOf,
} from '../../../src/keys-bridge/unkey/unkey-permissions.js';
import { meets } from '../../support/fake-unkey-query.js';

const ENV = 'aenv_01jd3v3x6pe0p9m2s5f7q8w9ab' as EnvScope['envId'];
const OTHER = 'aenv_01jd3v3x6pe0p9m2s5f7q8w9ac' as EnvScope['envId'];
const inEnv = (envId: EnvScope['envId']): EnvScope => ({ envId }) as EnvScope;

const word = fc.constantFrom('a', 'or', 'and', 'read', 'users');
const required = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(':'));
const granted = fc.oneof(
  fc.constant('*'),
  required,
  required.map((scope) => `${scope}:*`),
);
const { expression } = fc.letrec<{ expression: ScopeExpression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    required.map((scope): ScopeExpression => ({ kind: 'scope', scope })),
    fc
      .tuple(fc.constantFrom('all' as const, 'any' as const), fc.array(tie('expression'), { maxLength: 3 }))
      .map(([kind, of]): ScopeExpression => ({ kind, of })),
  ),
}));

describe('scopes at Unkey, which compares names exactly', () => {
  it('K20: the question is met by the keys that satisfy the demand, and by no others', () => {
    fc.assert(
      fc.property(fc.uniqueArray(granted, { maxLength: 4 }), expression, (scopes, demand) => {
        const query = permissionQuery(undefined, demand);
        fc.pre(query !== undefined);
        const met = query === '' || meets(query, permissionsOf(ENV, scopes));
        expect(met).toBe(satisfies(scopes, demand));
      }),
      { numRuns: 1_000 },
    );
  });

  it('K19: every grant that covers a scope is asked for, and none that does not', () => {
    fc.assert(
      fc.property(required, granted, (scope, grant) => {
        expect(coveringGrants(scope).includes(grant)).toBe(covers(grant, scope));
      }),
    );
  });

  it('a key of another environment does not meet it, whatever it may do', () => {
    for (const demand of [undefined, parseScopeExpression('read OR write')]) {
      const query = permissionQuery(inEnv(ENV), demand) ?? '';
      expect(meets(query, permissionsOf(ENV, ['*']))).toBe(true);
      expect(meets(query, permissionsOf(OTHER, ['*']))).toBe(false);
    }
  });

  it('scopes come back as they were given, and fit the names that Unkey takes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(granted), (scopes) => {
        const permissions = permissionsOf(ENV, scopes);
        for (const name of permissions) expect(name).toMatch(/^[a-zA-Z0-9_:\-.*]{3,100}$/);
        expect(new Set(permissions).size).toBe(permissions.length);
        expect(scopesOf(permissions)).toEqual(scopes);
      }),
    );
  });

  it('one that is too long for Unkey is refused', () => {
    expect(() => permissionsOf(ENV, ['a'.repeat(101)])).toThrow(expect.objectContaining({ code: 'invalid_scope' }));
  });

  it('a demand that is too long for one question is told apart', () => {
    const long = Array.from({ length: 40 }, (_, n) => `things:of:kind-${n}`).join(' AND ');
    expect(permissionQuery(undefined, parseScopeExpression(long))).toBeUndefined();
  });
});
