import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission, RequireScopes } from '../http/access/access.js';
import { IfMatch, PreconditionFailed } from '../http/etag.js';
import { PageQuery, pageRequest } from '../http/paging/page.query.js';
import { AsOperator, Caller, Tenant } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import {
  AddPermissionRequest,
  CreateRoleRequest,
  PermissionListResponse,
  PermissionResponse,
  RoleListResponse,
  RoleResponse,
  toPermissionResponse,
  toRoleChanges,
  toRoleInput,
  toRoleResponse,
  UpdateRoleRequest,
} from './dto/role.dto.js';
import { roleManager } from './role-manager.js';
import {
  PermissionAboveOwn,
  PermissionNotFound,
  RoleCycle,
  RoleHasChildren,
  RoleNotFound,
  RoleSlugTaken,
  RolesTooDeep,
  SystemRoleProtected,
} from './roles.problems.js';
import { RolesService } from './roles.service.js';

const RoleId = () => Param('roleId', new IdPipe('role'));

@ApiTags('Roles')
@Controller('v1/roles')
export class RolesController {
  constructor(private readonly roles: RolesService) {}

  @Get()
  @RequirePermission('read', 'role')
  @RequireScopes('read:roles')
  @ApiOperation({ operationId: 'authsomeListRoles', summary: 'The roles of an environment, oldest first' })
  @ApiOkResponse({ type: RoleListResponse })
  async list(@Tenant() scope: EnvScope, @Query() query: PageQuery): Promise<RoleListResponse> {
    const { items, nextCursor } = await this.roles.list(scope, pageRequest(query));
    return { roles: items.map(toRoleResponse), ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }) };
  }

  @Post()
  @RequirePermission('create', 'role')
  @ApiOperation({ operationId: 'authsomeCreateRole', summary: 'Create a role' })
  @ApiCreatedResponse({ type: RoleResponse })
  @ApiProblems(RoleSlugTaken, RoleNotFound, RolesTooDeep, PermissionAboveOwn)
  async create(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @Body() body: CreateRoleRequest,
  ): Promise<RoleResponse> {
    return toRoleResponse(await this.roles.create(scope, toRoleInput(body), roleManager(caller, asOperator)));
  }

  @Get(':roleId')
  @RequirePermission('read', 'role')
  @RequireScopes('read:roles')
  @ApiOperation({ operationId: 'authsomeGetRole', summary: 'Read a role' })
  @ApiOkResponse({ type: RoleResponse })
  @ApiProblems(RoleNotFound)
  async get(@Tenant() scope: EnvScope, @RoleId() id: Id<'role'>): Promise<RoleResponse> {
    return toRoleResponse(await this.roles.get(scope, id));
  }

  @Patch(':roleId')
  @RequirePermission('update', 'role')
  @ApiOperation({ operationId: 'authsomeUpdateRole', summary: 'Change a role, or the role it stands under' })
  @ApiOkResponse({ type: RoleResponse })
  @ApiProblems(RoleNotFound, RoleCycle, RolesTooDeep, SystemRoleProtected, PermissionAboveOwn, PreconditionFailed)
  async update(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @RoleId() id: Id<'role'>,
    @IfMatch() version: number | undefined,
    @Body() body: UpdateRoleRequest,
  ): Promise<RoleResponse> {
    const by = roleManager(caller, asOperator);
    return toRoleResponse(await this.roles.update(scope, id, toRoleChanges(body), version, by));
  }

  @Delete(':roleId')
  @RequirePermission('delete', 'role')
  @ApiOperation({ operationId: 'authsomeDeleteRole', summary: 'Delete a role; whoever has it loses it' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(RoleNotFound, SystemRoleProtected, RoleHasChildren, PermissionAboveOwn)
  async delete(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @RoleId() id: Id<'role'>,
  ): Promise<StatusResponse> {
    await this.roles.delete(scope, id, roleManager(caller, asOperator));
    return status('deleted');
  }

  @Get(':roleId/permissions')
  @RequirePermission('read', 'permission')
  @RequireScopes('read:roles')
  @ApiOperation({
    operationId: 'authsomeListRolePermissions',
    summary: 'What a role permits by itself',
    description: 'Without what it inherits from the role it stands under.',
  })
  @ApiOkResponse({ type: PermissionListResponse })
  @ApiProblems(RoleNotFound)
  async listPermissions(
    @Tenant() scope: EnvScope,
    @RoleId() id: Id<'role'>,
    @Query() query: PageQuery,
  ): Promise<PermissionListResponse> {
    const { items, nextCursor } = await this.roles.listPermissions(scope, id, pageRequest(query));
    return {
      permissions: items.map(toPermissionResponse),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Post(':roleId/permissions')
  @RequirePermission('create', 'permission')
  @ApiOperation({ operationId: 'authsomeAddPermission', summary: 'Let a role permit something' })
  @ApiCreatedResponse({ type: PermissionResponse })
  @ApiProblems(RoleNotFound, PermissionNotFound, PermissionAboveOwn)
  async addPermission(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @RoleId() id: Id<'role'>,
    @Body() { action, resource }: AddPermissionRequest,
  ): Promise<PermissionResponse> {
    const by = roleManager(caller, asOperator);
    return toPermissionResponse(await this.roles.addPermission(scope, id, { action, resource }, by));
  }

  @Delete(':roleId/permissions/:permissionId')
  @HttpCode(200)
  @RequirePermission('delete', 'permission')
  @ApiOperation({ operationId: 'authsomeRemovePermission', summary: 'Let a role permit something no longer' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(RoleNotFound, PermissionNotFound, SystemRoleProtected, PermissionAboveOwn)
  async removePermission(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @RoleId() id: Id<'role'>,
    @Param('permissionId', new IdPipe('permission')) permissionId: Id<'permission'>,
  ): Promise<StatusResponse> {
    await this.roles.removePermission(scope, id, permissionId, roleManager(caller, asOperator));
    return status('removed');
  }
}
