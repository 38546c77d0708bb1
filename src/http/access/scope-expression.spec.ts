import { describe, expect, it } from '@jest/globals';
import {
  allOf,
  anyOf,
  namedScopes,
  parseScopeExpression,
  satisfies,
  type ScopeExpression,
} from './scope-expression.js';

const SCOPES = ['a', 'b', 'c', 'd'];

/** Every set of the four scopes. */
const SETS = Array.from({ length: 16 }, (_, bits) => SCOPES.filter((_scope, n) => (bits >> n) & 1));

/** A random expression, as text and as a function that a reader can check. */
function randomly(random: () => number, depth: number): { text: string; holds: (held: readonly string[]) => boolean } {
  if (depth === 0 || random() < 0.3) {
    const scope = SCOPES[Math.floor(random() * SCOPES.length)] as string;
    return { text: scope, holds: (held) => held.includes(scope) };
  }
  const [left, right] = [randomly(random, depth - 1), randomly(random, depth - 1)];
  return random() < 0.5
    ? { text: `(${left.text}) AND (${right.text})`, holds: (held) => left.holds(held) && right.holds(held) }
    : { text: `(${left.text}) OR (${right.text})`, holds: (held) => left.holds(held) || right.holds(held) };
}

describe('scope expressions', () => {
  it('K20: follow the truth table, whatever is nested in what', () => {
    let seed = 42;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    for (let n = 0; n < 500; n += 1) {
      const { text, holds } = randomly(random, 4);
      const expression = parseScopeExpression(text);
      for (const held of SETS) expect([text, held, satisfies(held, expression)]).toEqual([text, held, holds(held)]);
    }
  });

  it('AND binds tighter than OR', () => {
    const expression = parseScopeExpression('a OR b AND c');
    expect(satisfies(['a'], expression)).toBe(true);
    expect(satisfies(['b'], expression)).toBe(false);
    expect(satisfies(['b', 'c'], expression)).toBe(true);
  });

  it.each([
    '',
    'a AND',
    'AND a',
    '(a',
    'a)',
    'a b',
    'a:* AND b',
    'Read',
    '()',
    'a'.repeat(1_001),
    'a AND '.repeat(100) + 'a',
  ])('K20: refuses %j', (text) => {
    expect(() => parseScopeExpression(text)).toThrow();
  });

  it('all and any of several scopes, each named once', () => {
    const all: ScopeExpression = allOf('a', 'b');
    expect([satisfies(['a'], all), satisfies(['a', 'b'], all)]).toEqual([false, true]);
    expect(satisfies(['b'], anyOf('a', 'b'))).toBe(true);
    expect(namedScopes(parseScopeExpression('a AND (b OR a)'))).toEqual(['a', 'b']);
    expect(() => allOf('read:*')).toThrow();
  });
});
