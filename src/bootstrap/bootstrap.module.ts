import { Module } from '@nestjs/common';
import { AppsModule } from '../apps/apps.module.js';
import { EnvironmentsModule } from '../environments/environments.module.js';
import { OperatorsModule } from '../operators/operators.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { BootstrapSystemRepository } from './bootstrap.system-repository.js';
import { Bootstrap } from './bootstrap.service.js';

@Module({
  imports: [AppsModule, EnvironmentsModule, OperatorsModule, SessionsModule],
  providers: [Bootstrap, BootstrapSystemRepository],
  exports: [Bootstrap],
})
export class BootstrapModule {}
