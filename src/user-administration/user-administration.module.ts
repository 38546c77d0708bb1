import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { DevicesModule } from '../devices/devices.module.js';
import { EnvironmentsModule } from '../environments/environments.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AdminUsersController } from './admin-users.controller.js';
import { AdminUserAccessController } from './admin-user-access.controller.js';
import { UserAdministrationService } from './user-administration.service.js';
import { UserTenantsSystemRepository } from './user-tenants.system-repository.js';
import { UserRetention } from './user-retention.task.js';

/** Accounts in the hands of operators: finding, making, changing, banning, deleting, restoring, copying. */
@Module({
  imports: [EnvironmentsModule, UsersModule, DevicesModule, SessionsModule, AuthModule],
  controllers: [AdminUsersController, AdminUserAccessController],
  providers: [UserAdministrationService, UserRetention, UserTenantsSystemRepository],
})
export class UserAdministrationModule {}
