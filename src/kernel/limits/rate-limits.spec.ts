import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../clock/fake-clock.js';
import { ServiceUnavailable } from '../errors/common-problems.js';
import type { Database } from '../persistence/database.js';
import { type RateLimit, RateLimits } from './rate-limits.js';

const clock = new FakeClock(new Date('2030-01-15T12:00:00Z'));
const LIMIT: RateLimit = { name: 'tries', count: 40, windowMs: 60_000 };

/** Limits whose shared store cannot be reached. */
function alone(error: Error = new ServiceUnavailable()): RateLimits {
  return new RateLimits({ query: () => Promise.reject(error) } as unknown as Database, clock);
}

async function allowed(limits: RateLimits, limit: RateLimit, key: string, times: number): Promise<number> {
  let count = 0;
  for (let time = 0; time < times; time += 1) if ((await limits.take(limit, key)).allowed) count += 1;
  return count;
}

describe('limits without their store', () => {
  it('R169: allow a quarter, so that four replicas together allow no more than with it', async () => {
    expect(await allowed(alone(), LIMIT, 'a', 50)).toBe(10);
  });

  it('R169: allow one at least: nobody is locked out by a small limit', async () => {
    expect(await allowed(alone(), { ...LIMIT, count: 1 }, 'a', 5)).toBe(1);
    expect(await allowed(alone(), { ...LIMIT, count: 3 }, 'a', 5)).toBe(1);
  });

  it('open again when the window has passed', async () => {
    const limits = alone();
    expect(await allowed(limits, LIMIT, 'a', 20)).toBe(10);
    clock.advance(LIMIT.windowMs - 1);
    expect(await allowed(limits, LIMIT, 'a', 1)).toBe(0);
    clock.advance(1);
    expect(await allowed(limits, LIMIT, 'a', 1)).toBe(1);
  });

  it('count each key and each limit apart', async () => {
    const limits = alone();
    expect(await allowed(limits, LIMIT, 'a', 20)).toBe(10);
    expect(await allowed(limits, LIMIT, 'b', 20)).toBe(10);
    expect(await allowed(limits, { ...LIMIT, name: 'others' }, 'a', 20)).toBe(10);
  });

  it('R168: keep a bounded number of keys, the latest', async () => {
    const limits = alone();
    expect(await allowed(limits, LIMIT, 'first', 20)).toBe(10);
    for (let key = 0; key < 10_000; key += 1) await limits.take(LIMIT, `key-${key}`);
    expect(await allowed(limits, LIMIT, 'first', 1)).toBe(1);
  });

  it('do not hide another failure behind the stricter limit', async () => {
    const bug = new TypeError('a bug');
    await expect(alone(bug).take(LIMIT, 'a')).rejects.toBe(bug);
  });
});
