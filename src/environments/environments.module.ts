import { Module } from '@nestjs/common';
import { AppsModule } from '../apps/apps.module.js';
import { TenantDirectory } from '../http/tenancy/tenant-directory.js';
import { SettingsModule } from '../settings/settings.module.js';
import { DeletedTenantsSystemRepository } from './deleted-tenants.system-repository.js';
import { DeletedTenants } from './deleted-tenants.task.js';
import { EnvironmentParts } from './environment-parts.js';
import { EnvironmentSettingsService } from './environment-settings.service.js';
import { EnvironmentViews } from './environment-views.js';
import { EnvironmentsController } from './environments.controller.js';
import { EnvironmentsRepository } from './environments.repository.js';
import { EnvironmentsService } from './environments.service.js';
import { PromotionsController } from './promotions.controller.js';
import { PromotionsService } from './promotions.service.js';
import { PublishableKeysController } from './publishable-keys.controller.js';
import { PublishableKeysRepository } from './publishable-keys.repository.js';
import { PublishableKeysService } from './publishable-keys.service.js';
import { SettingPart } from './setting.part.js';
import { TenantRecords } from './tenant-records.js';
import { TenantsSystemRepository } from './tenants.system-repository.js';

@Module({
  imports: [SettingsModule, AppsModule],
  controllers: [EnvironmentsController, PromotionsController, PublishableKeysController],
  providers: [
    EnvironmentsService,
    EnvironmentsRepository,
    EnvironmentSettingsService,
    EnvironmentViews,
    EnvironmentParts,
    SettingPart,
    PromotionsService,
    PublishableKeysService,
    PublishableKeysRepository,
    DeletedTenants,
    DeletedTenantsSystemRepository,
    TenantsSystemRepository,
    TenantRecords,
    { provide: TenantDirectory, useExisting: TenantRecords },
  ],
  exports: [EnvironmentsService, EnvironmentParts, PublishableKeysService, TenantRecords, TenantDirectory],
})
export class EnvironmentsModule {}
