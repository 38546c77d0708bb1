/** Upper bounds in milliseconds; what takes longer falls into one more. The first holds everything that is answered from memory. */
export const LATENCY_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000] as const;
export const LATENCY_BUCKETS = LATENCY_BOUNDS_MS.length + 1;

/** @returns the bucket that a duration belongs to. */
export function latencyBucket(ms: number): number {
  const index = LATENCY_BOUNDS_MS.findIndex((bound) => ms <= bound);
  return index === -1 ? LATENCY_BOUNDS_MS.length : index;
}

/** @param counts of every bucket. @param share 0.99 for the 99th percentile. @returns milliseconds: the upper bound of the bucket it falls into; undefined of nothing. */
export function percentile(counts: readonly number[], share: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = Math.ceil(total * share);
  let seen = 0;
  const index = counts.findIndex((count) => (seen += count) >= rank);
  return LATENCY_BOUNDS_MS[Math.min(index, LATENCY_BOUNDS_MS.length - 1)];
}
