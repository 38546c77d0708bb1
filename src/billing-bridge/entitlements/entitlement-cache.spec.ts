import { describe, expect, it } from '@jest/globals';
import { lifeOf } from './entitlement-cache.js';

describe('how long an answer holds', () => {
  const metered = (remaining: number) =>
    ({ featureKey: 'a', allowed: remaining > 0, kind: 'metered', limit: 100, remaining }) as const;

  it('is the shorter, the closer the limit', () => {
    const lives = [
      lifeOf({ featureKey: 'a', allowed: true, kind: 'boolean' }),
      lifeOf(metered(50)),
      lifeOf(metered(10)),
      lifeOf(metered(0)),
    ];
    expect(lives).toEqual([...lives].sort((a, b) => b - a));
    expect(lives[1]).toBeLessThanOrEqual(1_500);
    expect(lives[2]).toBeLessThanOrEqual(250);
  });

  it('of an unlimited feature is a plan’s', () => {
    expect(lifeOf({ ...metered(0), limit: null, remaining: null })).toBe(30_000);
  });
});
