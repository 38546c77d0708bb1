import type { Config } from '../../config/config.js';

/** Headers of every answer (R314, R315). A page that needs more than this closed policy sets its own. */
export function securityHeaders({ http }: Config): Record<string, string> {
  const https = http.publicUrl?.protocol === 'https:';
  return {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
    ...(https && http.hstsMaxAgeMs > 0
      ? { 'strict-transport-security': `max-age=${Math.floor(http.hstsMaxAgeMs / 1_000)}; includeSubDomains` }
      : {}),
  };
}
