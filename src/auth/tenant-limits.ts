import { Injectable } from '@nestjs/common';
import { addressBucket } from '../http/security/client-address.js';
import type { ClientInfo } from '../kernel/context/client-info.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { type RateLimit, RateLimits } from '../kernel/limits/rate-limits.js';

/** Limits that an environment has set for itself, per client address. Those of the deployment come first, at the edge. */
@Injectable()
export class TenantLimits {
  constructor(private readonly limits: RateLimits) {}

  /** @param limit undefined: the environment has none. @throws RateLimited */
  async require({ envId }: EnvScope, limit: RateLimit | undefined, { ipAddress }: ClientInfo): Promise<void> {
    if (limit === undefined) return;
    await this.limits.require(limit, `${envId}/${addressBucket(ipAddress ?? 'unknown')}`);
  }
}
