import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission, RequireScopes } from '../http/access/access.js';
import { pageRequest } from '../http/paging/page.query.js';
import { AsOperator, Caller, Tenant } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { MemberNotFound } from '../organizations/members/members.problems.js';
import { UserNotFound } from '../users/users.problems.js';
import { AssignRoleRequest, ListUserRolesQuery, toUserRoleResponse, UserRoleListResponse } from './dto/role.dto.js';
import { RoleAssignmentsService } from './role-assignments.service.js';
import { roleManager } from './role-manager.js';
import { PermissionAboveOwn, RoleNotAssigned, RoleNotFound } from './roles.problems.js';

const RoleId = () => Param('roleId', new IdPipe('role'));

@ApiTags('Roles')
@Controller('v1')
export class RoleAssignmentsController {
  constructor(private readonly assignments: RoleAssignmentsService) {}

  @Post('roles/:roleId/assign')
  @HttpCode(200)
  @RequirePermission('assign', 'role', { organization: true })
  @ApiOperation({
    operationId: 'authsomeAssignRole',
    summary: 'Give a user a role, everywhere or within an organization',
    description: 'Within an organization the user must belong to it, and loses the role on leaving. Safe to repeat.',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(RoleNotFound, UserNotFound, MemberNotFound, PermissionAboveOwn)
  async assign(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @RoleId() id: Id<'role'>,
    @Body() { user_id: userId, org_id: orgId }: AssignRoleRequest,
  ): Promise<StatusResponse> {
    const target = { userId, orgId: orgId || undefined };
    await this.assignments.assign(scope, id, target, roleManager(caller, asOperator));
    return status('assigned');
  }

  @Post('roles/:roleId/unassign')
  @HttpCode(200)
  @RequirePermission('assign', 'role', { organization: true })
  @ApiOperation({ operationId: 'authsomeUnassignRole', summary: 'Take a role from a user' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(RoleNotFound, RoleNotAssigned, PermissionAboveOwn)
  async unassign(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @RoleId() id: Id<'role'>,
    @Body() { user_id: userId, org_id: orgId }: AssignRoleRequest,
  ): Promise<StatusResponse> {
    const target = { userId, orgId: orgId || undefined };
    await this.assignments.unassign(scope, id, target, roleManager(caller, asOperator));
    return status('unassigned');
  }

  @Get('users/:userId/roles')
  @RequirePermission('read', 'role')
  @RequireScopes('read:roles')
  @ApiOperation({
    operationId: 'authsomeListUserRoles',
    summary: 'The roles that a user was given',
    description: 'Everywhere, and within organizations. What these amount to tells POST /v1/permissions/check.',
  })
  @ApiOkResponse({ type: UserRoleListResponse })
  @ApiProblems(UserNotFound)
  async listOfUser(
    @Tenant() scope: EnvScope,
    @Param('userId', new IdPipe('user')) userId: Id<'user'>,
    @Query() query: ListUserRolesQuery,
  ): Promise<UserRoleListResponse> {
    const where = query.org_id || 'anywhere';
    const { items, nextCursor } = await this.assignments.listOfUser(scope, userId, where, pageRequest(query));
    return { roles: items.map(toUserRoleResponse), ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }) };
  }
}
