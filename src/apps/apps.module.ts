import { Module } from '@nestjs/common';
import { AppConfigsController } from './app-configs.controller.js';
import { SettingsModule } from '../settings/settings.module.js';
import { AppConfigsService } from './app-configs.service.js';
import { AppsController } from './apps.controller.js';
import { AppsService } from './apps.service.js';
import { AppsSystemRepository } from './apps.system-repository.js';

@Module({
  imports: [SettingsModule],
  controllers: [AppsController, AppConfigsController],
  providers: [AppsService, AppsSystemRepository, AppConfigsService],
  exports: [AppsService, AppConfigsService],
})
export class AppsModule {}
