import { Module } from '@nestjs/common';
import { AuditLogController } from './audit-log.controller.js';
import { AuditLogRepository } from './audit-log.repository.js';
import { AuditLogService } from './audit-log.service.js';
import { AuditRetention } from './audit-retention.task.js';
import { AuditSealer } from './audit-sealer.task.js';
import { AuditSealsSystemRepository } from './audit-seals.system-repository.js';
import { AuditVerifier } from './audit-verifier.js';
import { SecurityEventsController } from './security-events.controller.js';

/** Reading the audit trail, and keeping it whole: what writes it is the kernel's AuditTrail. */
@Module({
  controllers: [AuditLogController, SecurityEventsController],
  providers: [
    AuditLogService,
    AuditLogRepository,
    AuditSealer,
    AuditRetention,
    AuditVerifier,
    AuditSealsSystemRepository,
  ],
})
export class AuditModule {}
