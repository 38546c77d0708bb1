import { Injectable, type OnModuleInit } from '@nestjs/common';
import { TenantRecords } from '../environments/tenant-records.js';
import { SYSTEM_ACTOR } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import { JobRunner, type RecurringTask } from '../kernel/jobs/job-runner.js';
import { UsersService } from '../users/users.service.js';
import { UserTenantsSystemRepository } from './user-tenants.system-repository.js';

const HOUR_MS = 3_600_000;
/** Keeps one turn short; the next turn goes on. */
const MOST_PER_TURN = 500;

/** Erases deleted users once nobody can ask for them back any more (R296). */
@Injectable()
export class UserRetention implements RecurringTask, OnModuleInit {
  readonly name = 'users.retention';
  readonly everyMs = HOUR_MS;

  constructor(
    private readonly runner: JobRunner,
    private readonly anyTenant: UserTenantsSystemRepository,
    private readonly tenants: TenantRecords,
    private readonly users: UsersService,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.runner.every(this);
  }

  async run(): Promise<void> {
    for (const { appId, envId } of await this.anyTenant.anyTenantWithDeleted()) {
      const tenant = await this.tenants.forOperator(appId, envId);
      if (tenant === undefined) continue;
      const due = await this.users.deletedBefore(
        tenant.scope,
        this.clock.in(-tenant.deletedUsersKeptMs),
        MOST_PER_TURN,
      );
      for (const id of due) await this.users.erase(tenant.scope, id, SYSTEM_ACTOR);
    }
  }
}
