import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LATENCY_BOUNDS_MS, LATENCY_BUCKETS, latencyBucket, percentile } from './latency.js';

describe('latency of validations', () => {
  it('K39: a percentile is the upper bound of the bucket that holds the true one', () => {
    const durations = fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { minLength: 1, maxLength: 500 });
    fc.assert(
      fc.property(durations, fc.constantFrom(0.5, 0.95, 0.99), (all, share) => {
        const counts = new Array<number>(LATENCY_BUCKETS).fill(0);
        for (const ms of all) (counts[latencyBucket(ms)] as number) += 1;
        const truth = [...all].sort((a, b) => a - b)[Math.ceil(all.length * share) - 1] as number;
        expect(percentile(counts, share)).toBe(LATENCY_BOUNDS_MS[latencyBucket(truth)]);
      }),
    );
  });

  it('what takes longer than the last bound is told as that bound, and nothing as nothing', () => {
    const counts = new Array<number>(LATENCY_BUCKETS).fill(0);
    expect(percentile(counts, 0.5)).toBeUndefined();
    counts[latencyBucket(60_000)] = 1;
    expect(percentile(counts, 0.5)).toBe(5_000);
  });
});
