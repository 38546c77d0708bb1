import { Module } from '@nestjs/common';
import { AppsModule } from '../apps/apps.module.js';
import { TenantDirectory } from '../http/tenancy/tenant-directory.js';
import { ClientConfigController } from './client-config.controller.js';
import { EnvironmentsController } from './environments.controller.js';
import { EnvironmentsRepository, PublishableKeysRepository } from './environments.repository.js';
import { EnvironmentsService } from './environments.service.js';
import { TenantRecords } from './tenant-records.js';
import { TenantsSystemRepository } from './tenants.system-repository.js';

@Module({
  imports: [AppsModule],
  controllers: [EnvironmentsController, ClientConfigController],
  providers: [
    EnvironmentsService,
    EnvironmentsRepository,
    PublishableKeysRepository,
    TenantsSystemRepository,
    TenantRecords,
    { provide: TenantDirectory, useExisting: TenantRecords },
  ],
  exports: [EnvironmentsService, TenantRecords, TenantDirectory],
})
export class EnvironmentsModule {}
