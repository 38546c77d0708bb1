import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Clock } from '../kernel/clock/clock.js';
import { KeyRing } from '../kernel/crypto/key-ring.js';
import { JobRunner, type RecurringTask } from '../kernel/jobs/job-runner.js';
import { Database } from '../kernel/persistence/database.js';
import { pruningMac, SEAL_PURPOSE } from './audit-seal.rules.js';
import { AuditSealsSystemRepository } from './audit-seals.system-repository.js';

const DAY_MS = 86_400_000;

/**
 * Makes the partitions of the months to come, and drops those that nobody has to keep any more. What may be gone is signed first, so that
 * the verifier can tell the end of retention from a deletion.
 */
@Injectable()
export class AuditRetention implements RecurringTask, OnModuleInit {
  readonly name = 'audit_entries.partitions';
  readonly everyMs = DAY_MS;

  constructor(
    private readonly runner: JobRunner,
    private readonly seals: AuditSealsSystemRepository,
    private readonly database: Database,
    private readonly keys: KeyRing,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.runner.every(this);
  }

  run(): Promise<void> {
    return this.database.transaction(async () => {
      const prunedAt = this.clock.now();
      const prunedBefore = this.clock.in(-this.config.retention.auditMs);
      const mac = pruningMac(this.keys.deriveActive(SEAL_PURPOSE), prunedBefore, prunedAt);
      await this.seals.anyTenantPutPruning({ prunedBefore, prunedAt, keyId: this.keys.activeId, mac });
      await this.seals.anyTenantKeepPartitions(prunedAt, prunedBefore);
    });
  }
}
