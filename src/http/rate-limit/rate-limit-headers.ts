import type { RateLimitState } from '../../kernel/limits/rate-limits.js';

/** `RateLimit-Policy` and `RateLimit` as in draft-ietf-httpapi-ratelimit-headers: quota, window, what remains, seconds until reset. */
export function rateLimitHeaders({ limit, remaining, resetMs }: RateLimitState): Record<string, string> {
  const windowSeconds = Math.max(1, Math.round(limit.windowMs / 1_000));
  return {
    'ratelimit-policy': `"${limit.name}";q=${limit.count};w=${windowSeconds}`,
    ratelimit: `"${limit.name}";r=${remaining};t=${Math.ceil(resetMs / 1_000)}`,
  };
}
