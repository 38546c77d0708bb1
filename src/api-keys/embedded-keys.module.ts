import { Module } from '@nestjs/common';
import { ApiKeysRepository } from './api-keys.repository.js';
import { EmbeddedKeyManager } from './embedded.key-manager.js';
import { KeyCache } from './key-cache.js';
import { KeyLookupSystemRepository } from './key-lookup.system-repository.js';
import { KeyValidator } from './key-validator.js';
import { KeyLimiter } from './limits/key-limiter.js';
import { LeasesSystemRepository } from './limits/leases.system-repository.js';
import { FailedAttempts } from './outcomes/failed-attempts.js';
import { KeyAudit } from './outcomes/key-audit.js';
import { KeyOutcomes } from './outcomes/key-outcomes.js';
import { KeyPoliciesRepository } from './policies/key-policies.repository.js';
import { KeyUsageBuffer } from './usage/key-usage-buffer.js';
import { KeyUsageSystemRepository } from './usage/key-usage.system-repository.js';

/** The engine behind the Keysmith bridge in the service's own database. */
@Module({
  providers: [
    EmbeddedKeyManager,
    ApiKeysRepository,
    KeyPoliciesRepository,
    KeyCache,
    KeyLookupSystemRepository,
    KeyValidator,
    KeyLimiter,
    KeyOutcomes,
    KeyAudit,
    FailedAttempts,
    LeasesSystemRepository,
    KeyUsageBuffer,
    KeyUsageSystemRepository,
  ],
  exports: [
    KeyPoliciesRepository,
    EmbeddedKeyManager,
    ApiKeysRepository,
    KeyLookupSystemRepository,
    KeyUsageSystemRepository,
    LeasesSystemRepository,
  ],
})
export class EmbeddedKeysModule {}
