import { Module } from '@nestjs/common';
import { EnvironmentsModule } from '../environments/environments.module.js';
import { OrganizationsModule } from '../organizations/organizations.module.js';
import { UsersModule } from '../users/users.module.js';
import { PermissionChecksModule } from './permission-checks.module.js';
import { PermissionsController } from './permissions.controller.js';
import { PermissionsService } from './permissions.service.js';
import { RoleAssignmentsController } from './role-assignments.controller.js';
import { RoleAssignmentsService } from './role-assignments.service.js';
import { RoleAuthority } from './role-manager.js';
import { RolePermissionsRepository } from './role-permissions.repository.js';
import { RolesController } from './roles.controller.js';
import { RolePart } from './roles.part.js';
import { RolesRepository } from './roles.repository.js';
import { RolesService } from './roles.service.js';

/** Roles and permissions: who may do what, everywhere in an environment or within an organization, and why. */
@Module({
  imports: [EnvironmentsModule, UsersModule, OrganizationsModule, PermissionChecksModule],
  controllers: [RolesController, RoleAssignmentsController, PermissionsController],
  providers: [
    RolesService,
    RolesRepository,
    RolePermissionsRepository,
    RoleAssignmentsService,
    RoleAuthority,
    PermissionsService,
    RolePart,
  ],
  exports: [RolesService, RoleAssignmentsService, PermissionsService],
})
export class RolesModule {}
