import { Module } from '@nestjs/common';
import { AppConfigsController } from './app-configs.controller.js';
import { ClientConfigsRepository, SessionConfigsRepository } from './app-configs.repository.js';
import { AppConfigsService } from './app-configs.service.js';
import { AppsController } from './apps.controller.js';
import { AppsService } from './apps.service.js';
import { AppsSystemRepository } from './apps.system-repository.js';

@Module({
  controllers: [AppsController, AppConfigsController],
  providers: [AppsService, AppsSystemRepository, AppConfigsService, SessionConfigsRepository, ClientConfigsRepository],
  exports: [AppsService, AppConfigsService],
})
export class AppsModule {}
