import { anyCovers, LONGEST_SCOPE, SCOPE } from './scopes.js';

/** What a call demands: scopes joined by AND, OR and parentheses. AND binds tighter. */
export type ScopeExpression =
  | { readonly kind: 'scope'; readonly scope: string }
  | { readonly kind: 'all' | 'any'; readonly of: readonly ScopeExpression[] };

const LONGEST_TEXT = 1_000;
const MOST_TERMS = 100;

export const allOf = (...scopes: readonly string[]): ScopeExpression => joined('all', scopes);
export const anyOf = (...scopes: readonly string[]): ScopeExpression => joined('any', scopes);

/** Demands nothing: any key will do. */
export const NO_SCOPE: ScopeExpression = { kind: 'all', of: [] };

function joined(kind: 'all' | 'any', scopes: readonly string[]): ScopeExpression {
  return { kind, of: scopes.map((scope) => ({ kind: 'scope', scope: checked(scope) })) };
}

function checked(scope: string): string {
  if (scope.length > LONGEST_SCOPE || !SCOPE.test(scope) || scope.includes('*'))
    throw new Error(`"${scope}" is no scope that can be required`);
  return scope;
}

/** Reads `read:users AND (write:users OR admin)`. @throws Error, saying what is wrong, for anything that is no expression. */
export function parseScopeExpression(text: string): ScopeExpression {
  if (text.length > LONGEST_TEXT) throw new Error(`a scope expression has at most ${LONGEST_TEXT} characters`);
  const tokens = text.match(/\(|\)|[^\s()]+/g) ?? [];
  if (tokens.filter((token) => !/^(\(|\)|AND|OR)$/.test(token)).length > MOST_TERMS) {
    throw new Error(`a scope expression has at most ${MOST_TERMS} scopes`);
  }
  const reader = new Reader(tokens);
  const expression = reader.any();
  reader.end();
  return expression;
}

class Reader {
  #at = 0;

  constructor(private readonly tokens: readonly string[]) {}

  any(): ScopeExpression {
    return this.series('any', 'OR', () => this.series('all', 'AND', () => this.term()));
  }

  end(): void {
    const token = this.tokens[this.#at];
    if (token !== undefined) throw new Error(`"${token}" is not expected there`);
  }

  private series(kind: 'all' | 'any', joint: string, next: () => ScopeExpression): ScopeExpression {
    const first = next();
    const of = [first];
    while (this.tokens[this.#at] === joint) {
      this.#at += 1;
      of.push(next());
    }
    return of.length === 1 ? first : { kind, of };
  }

  private term(): ScopeExpression {
    const token = this.tokens[this.#at];
    this.#at += 1;
    if (token === '(') {
      const inner = this.any();
      if (this.tokens[this.#at] !== ')') throw new Error('a parenthesis is not closed');
      this.#at += 1;
      return inner;
    }
    if (token === undefined || /^(\)|AND|OR)$/.test(token)) throw new Error('a scope is expected');
    return { kind: 'scope', scope: checked(token) };
  }
}

/** Whether grants satisfy an expression. */
export function satisfies(grants: readonly string[], expression: ScopeExpression): boolean {
  switch (expression.kind) {
    case 'scope':
      return anyCovers(grants, expression.scope);
    case 'all':
      return expression.of.every((part) => satisfies(grants, part));
    case 'any':
      return expression.of.some((part) => satisfies(grants, part));
  }
}

/** The scopes an expression names, each once. */
export function namedScopes(expression: ScopeExpression): string[] {
  if (expression.kind === 'scope') return [expression.scope];
  return [...new Set(expression.of.flatMap(namedScopes))];
}
