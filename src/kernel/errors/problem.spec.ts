import { describe, expect, it } from '@jest/globals';
import { defineProblem, problemCatalogue } from './problem.js';

const Late = defineProblem({ code: 'problem_spec_late', kind: 'conflict', title: 'Too late', detail: 'come earlier' });

describe('problems', () => {
  it('say to callers what they may know, and keep the cause', () => {
    const cause = new Error('marker');
    const problem = new Late({ extras: { retry_after: 3 }, cause });
    expect(problem).toMatchObject({
      code: 'problem_spec_late',
      kind: 'conflict',
      message: 'come earlier',
      extras: { retry_after: 3 },
      cause,
    });
    expect(problem.name).toBe('problem_spec_late');
    expect(new Late({ detail: 'come tomorrow' }).message).toBe('come tomorrow');
  });

  it('a code is declared once', () => {
    expect(() => defineProblem({ code: 'problem_spec_late', kind: 'invalid', title: 'x', detail: 'x' })).toThrow(
      'declared twice',
    );
  });

  it('are all in the catalogue, sorted, each with a stable code and a sentence', () => {
    const codes = problemCatalogue().map(({ code }) => code);
    expect(codes).toContain('problem_spec_late');
    expect(codes).toEqual([...codes].sort());
    for (const { code, title, detail } of problemCatalogue()) {
      expect(code).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(title).toMatch(/^[A-Z].*[^.]$/);
      expect(detail.length).toBeGreaterThan(3);
    }
  });
});
