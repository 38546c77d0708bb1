import { describe, expect, it } from '@jest/globals';
import { MOST_ATTEMPTS, waitAfter } from './retry-schedule.js';

const NOW = new Date('2030-01-15T12:00:00.000Z');
const HOUR = 3_600_000;
const total = (random: number): number =>
  Array.from({ length: MOST_ATTEMPTS - 1 }, (_, index) => waitAfter(index + 1, undefined, NOW, random) ?? 0).reduce(
    (sum, wait) => sum + wait,
    0,
  );

describe('the waits between attempts', () => {
  it('come to about three days, and then no more (R227)', () => {
    expect(total(0.5) / HOUR).toBeGreaterThan(66);
    expect(total(0.5) / HOUR).toBeLessThan(78);
    expect(waitAfter(MOST_ATTEMPTS, undefined, NOW, 0.5)).toBeUndefined();
  });

  it('differ by up to a fifth, so that what failed together is not tried again together (R227)', () => {
    expect(total(0)).toBe(total(0.5) * 0.8);
    expect(total(1)).toBe(total(0.5) * 1.2);
  });

  it.each([
    ['seconds', '600', 600_000],
    ['a date', 'Tue, 15 Jan 2030 12:10:00 GMT', 600_000],
    ['less than the schedule', '1', 5_000],
    ['a date that is over', 'Tue, 15 Jan 2030 11:00:00 GMT', 5_000],
    ['nonsense', 'soon', 5_000],
    ['more than a day', '999999999', 24 * HOUR],
  ])('follow the receiver’s wish: %s (R234)', (_, wish, expected) => {
    expect(waitAfter(1, wish, NOW, 0.5)).toBe(expected);
  });
});
