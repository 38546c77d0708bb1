import { Module } from '@nestjs/common';
import { AppsModule } from '../apps/apps.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { EnvironmentsModule } from '../environments/environments.module.js';
import { UsersModule } from '../users/users.module.js';
import { OperatorsService } from './operators.service.js';
import { OperatorsSystemRepository } from './operators.system-repository.js';
import { SetupController } from './setup.controller.js';

@Module({
  imports: [AppsModule, EnvironmentsModule, UsersModule, AuthModule],
  controllers: [SetupController],
  providers: [OperatorsService, OperatorsSystemRepository],
  exports: [OperatorsService],
})
export class OperatorsModule {}
