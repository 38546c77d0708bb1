import { Module } from '@nestjs/common';
import { FormConfigsModule } from '../form-configs/form-configs.module.js';
import { BulkUsersRepository } from './bulk-users.repository.js';
import { BulkUsersSystemRepository } from './bulk-users.system-repository.js';
import { BulkUsersService } from './bulk-users.service.js';
import { MeController } from './me.controller.js';
import { UserForgetting } from './user-forgetting.job.js';
import { UserLifecycleRepository } from './user-lifecycle.repository.js';
import { UserSearchRepository } from './user-search.repository.js';
import { UserTracesRepository } from './user-traces.repository.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [FormConfigsModule],
  controllers: [MeController],
  providers: [
    UsersService,
    UsersRepository,
    UserLifecycleRepository,
    BulkUsersService,
    BulkUsersRepository,
    BulkUsersSystemRepository,
    UserSearchRepository,
    UserTracesRepository,
    UserForgetting,
  ],
  exports: [UsersService, BulkUsersService],
})
export class UsersModule {}
