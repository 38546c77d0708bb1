import { Module } from '@nestjs/common';
import { AdminUsersController } from './admin-users.controller.js';
import { MeController } from './me.controller.js';
import { UserForgetting } from './user-forgetting.job.js';
import { UserTracesRepository } from './user-traces.repository.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

@Module({
  controllers: [MeController, AdminUsersController],
  providers: [UsersService, UsersRepository, UserTracesRepository, UserForgetting],
  exports: [UsersService],
})
export class UsersModule {}
