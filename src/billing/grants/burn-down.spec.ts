import { describe, expect, it } from '@jest/globals';
import { type BurnableGrant, burnDown, rolledOver } from './burn-down.js';

const day = (n: number): Date => new Date(Date.UTC(2030, 0, n));
const grant = (id: string, more: Partial<BurnableGrant> = {}): BurnableGrant => ({
  id,
  remaining: 10,
  priority: 100,
  expiresAt: null,
  createdAt: day(1),
  leastRollover: 0,
  mostRollover: 10,
  ...more,
});

describe('grants', () => {
  it('B35: are used in the order of priority, then of expiry, then of age', () => {
    const grants = [
      grant('younger', { createdAt: day(2) }),
      grant('older'),
      grant('expires late', { expiresAt: day(20) }),
      grant('expires soon', { expiresAt: day(10) }),
      grant('first', { priority: 1, createdAt: day(9) }),
    ];
    expect(burnDown(grants, 0).map(({ id }) => id)).toEqual([
      'first',
      'expires soon',
      'expires late',
      'older',
      'younger',
    ]);
    expect(burnDown(grants, 25).map(({ used }) => used)).toEqual([10, 10, 5, 0, 0]);
  });

  it('never give more than they have', () => {
    expect(burnDown([grant('a', { remaining: 3 })], 100)).toEqual([{ id: 'a', used: 3, remaining: 0 }]);
  });

  it('B35: roll over at least the one and at most the other', () => {
    const kept = grant('a', { leastRollover: 2, mostRollover: 5 });
    expect([0, 3, 9].map((left) => rolledOver(kept, left))).toEqual([2, 3, 5]);
  });
});
