const LONGEST = 1_000;
const MOST_TERMS = 100;
const NAME = /^[a-zA-Z0-9_:\-.*/]+$/;

/**
 * Whether permissions meet a query as Unkey reads it: AND, OR (however they are written) and parentheses, AND binds tighter, names match exactly,
 * an asterisk is a letter. @returns undefined for what is no query.
 */
export function meets(query: string, permissions: readonly string[]): boolean | undefined {
  const tokens = query.match(/\(|\)|[^\s()]+/g) ?? [];
  const names = tokens.filter((token) => !/^(\(|\)|and|or)$/i.test(token));
  if (query === '' || query.length > LONGEST || names.length > MOST_TERMS || !names.every((name) => NAME.test(name)))
    return undefined;
  let at = 0;
  let isSound = true;
  const is = (word: string): boolean => tokens[at]?.toUpperCase() === word;
  const series = (joint: string, next: () => boolean, join: (a: boolean, b: boolean) => boolean): boolean => {
    let value = next();
    while (is(joint)) {
      at += 1;
      value = join(value, next());
    }
    return value;
  };
  const term = (): boolean => {
    const token = tokens[at];
    at += 1;
    if (token === '(') {
      const value = either();
      if (tokens[at] !== ')') isSound = false;
      at += 1;
      return value;
    }
    if (token === undefined || /^(\)|and|or)$/i.test(token)) isSound = false;
    return token !== undefined && permissions.includes(token);
  };
  const both = (): boolean => series('AND', term, (a, b) => a && b);
  const either = (): boolean => series('OR', both, (a, b) => a || b);
  const value = either();
  return isSound && at === tokens.length ? value : undefined;
}
