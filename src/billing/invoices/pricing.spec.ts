import { describe, expect, it } from '@jest/globals';
import { priceOf, prorate } from './pricing.js';

const TIERS = [
  { upTo: 10, unitAmount: 5, flatAmount: 100 },
  { upTo: 100, unitAmount: 3, flatAmount: 50 },
  { upTo: null, unitAmount: 1, flatAmount: 0 },
];

describe('prices in tiers', () => {
  it.each([
    [0, 0],
    [1, 105],
    [10, 150],
    [11, 150 + 50 + 3],
    [100, 150 + 50 + 270],
    [101, 150 + 50 + 270 + 1],
  ])('graduated: %i units cost %i', (units, price) => {
    expect(priceOf(TIERS, 'graduated', units)).toBe(price);
  });

  it.each([
    [0, 0],
    [10, 150],
    [11, 50 + 33],
    [100, 350],
    [101, 101],
  ])('volume: %i units cost %i', (units, price) => {
    expect(priceOf(TIERS, 'volume', units)).toBe(price);
  });

  it('graduated prices never fall as usage grows, and rise by one unit’s price within a tier', () => {
    let before = 0;
    for (let units = 1; units < 300; units += 1) {
      const price = priceOf(TIERS, 'graduated', units);
      expect(price).toBeGreaterThan(before);
      before = price;
    }
  });
});

describe('parts of a period', () => {
  it('the parts of a whole come to the whole, to a minor unit', () => {
    for (const amount of [1, 999, 2_900, 1_234_567]) {
      for (const part of [1, 333, 500, 999]) {
        const both = prorate(amount, part, 1_000) + prorate(amount, 1_000 - part, 1_000);
        expect(Math.abs(both - amount)).toBeLessThanOrEqual(1);
      }
      expect(prorate(amount, 1_000, 1_000)).toBe(amount);
    }
  });

  it('halves are rounded up, and large amounts are exact', () => {
    expect(prorate(1, 1, 2)).toBe(1);
    expect(prorate(1_000_000_000_001, 86_400_000 * 15, 86_400_000 * 30)).toBe(500_000_000_001);
  });
});
