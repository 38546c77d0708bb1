/** One promise of a port, free of any test runner: `it(case.name, case.run)` under Jest and Vitest, `test(case.name, case.run)` under node:test. */
export interface ContractCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

export function contractCase(name: string, run: () => Promise<void>): ContractCase {
  return { name, run };
}
