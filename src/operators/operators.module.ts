import { Module } from '@nestjs/common';
import { AppsModule } from '../apps/apps.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { EnvironmentsModule } from '../environments/environments.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { OperatorsController } from './operators.controller.js';
import { OperatorsService } from './operators.service.js';
import { OperatorsSystemRepository } from './operators.system-repository.js';
import { PlatformOwnersController } from './platform-owners.controller.js';
import { SetupController } from './setup.controller.js';

@Module({
  imports: [AppsModule, EnvironmentsModule, UsersModule, SessionsModule, AuthModule],
  controllers: [SetupController, OperatorsController, PlatformOwnersController],
  providers: [OperatorsService, OperatorsSystemRepository],
  exports: [OperatorsService],
})
export class OperatorsModule {}
