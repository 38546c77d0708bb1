import { Module } from '@nestjs/common';
import { PermissionChecks } from '../http/access/permission-checks.js';
import { LivePermissions } from './live-permissions.js';
import { RoleAssignmentsRepository } from './role-assignments.repository.js';

/** What the edge asks about permissions, apart from the administration of roles, which builds on the edge. */
@Module({
  providers: [RoleAssignmentsRepository, LivePermissions, { provide: PermissionChecks, useExisting: LivePermissions }],
  exports: [PermissionChecks, LivePermissions, RoleAssignmentsRepository],
})
export class PermissionChecksModule {}
