import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { WeakPassword } from '../auth/password/password-policy.js';
import { EnvironmentNotFound } from '../environments/environments.problems.js';
import { RequireAnyOperator, RequireOperator, RequireScopes } from '../http/access/access.js';
import { IfMatch, PreconditionFailed } from '../http/etag.js';
import { pageRequest } from '../http/paging/page.query.js';
import { Acting, Caller, Tenant } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import { ForeignTenant } from '../http/tenancy/tenancy.problems.js';
import type { Actor } from '../kernel/audit/audit-trail.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { MalformedCursor } from '../kernel/persistence/page.js';
import { LastOrganizationOwner } from '../organizations/organizations.problems.js';
import {
  CannotBanSelf,
  CannotDeleteSelf,
  EmailTaken,
  ExternalIdTaken,
  LastOwner,
  PlatformOwnerProtected,
  UserNotFound,
  UsernameTaken,
} from '../users/users.problems.js';
import { UsersService } from '../users/users.service.js';
import { BanUserRequest } from './dto/ban-user.request.js';
import {
  CopyUserRequest,
  CreateUserRequest,
  ListUsersQuery,
  toCreatedUser,
  toSearch,
  toTime,
  toUserChanges,
  UpdateUserRequest,
} from './dto/user-administration.requests.js';
import {
  AdminUserResponse,
  toAdminUserResponse,
  toUserListResponse,
  UserListResponse,
} from './dto/user-administration.responses.js';
import { UserAdministrationService } from './user-administration.service.js';

const UserId = () => Param('userId', new IdPipe('user'));

@ApiTags('Users')
@Controller('v1/admin/users')
export class AdminUsersController {
  constructor(
    private readonly users: UsersService,
    private readonly administration: UserAdministrationService,
  ) {}

  @Get()
  @RequireOperator('environment')
  @RequireScopes('read:users')
  @ApiOperation({
    operationId: 'adminListUsers',
    summary: 'Find users',
    description: 'Every filter that is there must hold. Newest first, unless order says otherwise.',
  })
  @ApiOkResponse({ type: UserListResponse })
  @ApiProblems(MalformedCursor)
  async list(@Tenant() scope: EnvScope, @Query() query: ListUsersQuery): Promise<UserListResponse> {
    const search = toSearch(query);
    const page = await this.users.search(scope, search, pageRequest(query));
    return toUserListResponse(page, await this.users.count(scope, search));
  }

  @Post('create')
  @HttpCode(200)
  @RequireOperator('environment')
  @RequireScopes('write:users')
  @ApiOperation({ operationId: 'adminCreateUser', summary: 'Make an account' })
  @ApiOkResponse({ type: AdminUserResponse })
  @ApiProblems(EmailTaken, UsernameTaken, ExternalIdTaken, WeakPassword)
  async create(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @Body() body: CreateUserRequest,
  ): Promise<AdminUserResponse> {
    return toAdminUserResponse(await this.administration.create(scope, toCreatedUser(body), actor));
  }

  @Post('copy')
  @HttpCode(200)
  @RequireAnyOperator()
  @ApiOperation({
    operationId: 'adminCopyUser',
    summary: 'Copy an account into another environment or app',
    description:
      'Profile and password come along; sessions, devices and rights do not. The caller must reach both apps.',
  })
  @ApiOkResponse({ type: AdminUserResponse })
  @ApiProblems(UserNotFound, EnvironmentNotFound, ForeignTenant, EmailTaken, UsernameTaken, ExternalIdTaken)
  async copy(@Caller() caller: UserPrincipal, @Body() body: CopyUserRequest): Promise<AdminUserResponse> {
    const { source_user_id: id, target_app_id: appId, env_id: envId } = body;
    return toAdminUserResponse(await this.administration.copy(id, { appId, envId: envId || undefined }, caller));
  }

  @Get(':userId')
  @RequireOperator('environment')
  @RequireScopes('read:users')
  @ApiOperation({ operationId: 'adminGetUser', summary: 'Read a user, also one who was deleted and can be restored' })
  @ApiOkResponse({ type: AdminUserResponse })
  @ApiProblems(UserNotFound)
  async get(@Tenant() scope: EnvScope, @UserId() id: Id<'user'>): Promise<AdminUserResponse> {
    return toAdminUserResponse(await this.users.find(scope, id));
  }

  @Patch(':userId')
  @RequireOperator('environment')
  @RequireScopes('write:users')
  @ApiOperation({ operationId: 'adminUpdateUser', summary: 'Change what is known of a user' })
  @ApiOkResponse({ type: AdminUserResponse })
  @ApiProblems(UserNotFound, UsernameTaken, ExternalIdTaken, PreconditionFailed)
  async update(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @UserId() id: Id<'user'>,
    @IfMatch() version: number | undefined,
    @Body() body: UpdateUserRequest,
  ): Promise<AdminUserResponse> {
    const changes = toUserChanges(body);
    return toAdminUserResponse(await this.users.updateProfile(scope, id, changes, version, actor));
  }

  @Delete(':userId')
  @RequireOperator('environment')
  @RequireScopes('write:users')
  @ApiOperation({
    operationId: 'adminDeleteUser',
    summary: 'Delete a user, who can be restored until retention ends',
    description: 'Every session ends at once. The setting users.deleted_kept_days says how long the account is kept.',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(UserNotFound, CannotDeleteSelf, LastOwner, PlatformOwnerProtected, LastOrganizationOwner)
  async delete(@Tenant() scope: EnvScope, @Acting() actor: Actor, @UserId() id: Id<'user'>): Promise<StatusResponse> {
    await this.users.delete(scope, id, actor);
    return status('deleted');
  }

  @Post(':userId/restore')
  @HttpCode(200)
  @RequireOperator('environment')
  @RequireScopes('write:users')
  @ApiOperation({ operationId: 'adminRestoreUser', summary: 'Give a deleted user their account back' })
  @ApiOkResponse({ type: AdminUserResponse })
  @ApiProblems(UserNotFound)
  async restore(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @UserId() id: Id<'user'>,
  ): Promise<AdminUserResponse> {
    return toAdminUserResponse(await this.users.restore(scope, id, actor));
  }

  @Post(':userId/erase')
  @HttpCode(200)
  @RequireOperator('environment')
  @ApiOperation({
    operationId: 'adminEraseUser',
    summary: 'Erase a user for good',
    description: 'Sessions, devices and personal data are gone at once; only a pseudonym stays in the audit trail.',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(UserNotFound, CannotDeleteSelf, LastOwner, PlatformOwnerProtected, LastOrganizationOwner)
  async erase(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @UserId() id: Id<'user'>,
  ): Promise<StatusResponse> {
    if (caller.userId === id) throw new CannotDeleteSelf();
    await this.users.erase(scope, id, actorOf(caller));
    return status('erased');
  }

  @Post(':userId/ban')
  @HttpCode(200)
  @RequireOperator('environment')
  @RequireScopes('write:users')
  @ApiOperation({ operationId: 'adminBanUser', summary: 'Ban a user, and end every session of theirs' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(UserNotFound, CannotBanSelf, PlatformOwnerProtected)
  async ban(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @UserId() id: Id<'user'>,
    @Body() body: BanUserRequest,
  ): Promise<StatusResponse> {
    const expires = toTime(body.expires_at, 'expires_at') ?? null;
    await this.users.ban(scope, id, { reason: body.reason || null, expires }, actor);
    return status('banned');
  }

  @Post(':userId/unban')
  @HttpCode(200)
  @RequireOperator('environment')
  @RequireScopes('write:users')
  @ApiOperation({ operationId: 'adminUnbanUser', summary: 'Lift a ban' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(UserNotFound)
  async unban(@Tenant() scope: EnvScope, @Acting() actor: Actor, @UserId() id: Id<'user'>): Promise<StatusResponse> {
    await this.users.unban(scope, id, actor);
    return status('unbanned');
  }
}
