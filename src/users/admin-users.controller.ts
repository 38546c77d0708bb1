import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireOperator } from '../http/access/access.js';
import { Caller, Tenant } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import { invalidFields } from '../http/validation/validation.pipe.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { BanUserRequest } from './dto/ban-user.request.js';
import { toUserResponse, UserResponse } from './dto/user.response.js';
import { CannotBanSelf, UserNotFound } from './users.problems.js';
import { UsersService } from './users.service.js';

@ApiTags('Users')
@Controller('v1/admin/users/:userId')
export class AdminUsersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  @RequireOperator('environment')
  @ApiOperation({ operationId: 'adminGetUser', summary: 'Read a user' })
  @ApiOkResponse({ type: UserResponse })
  @ApiProblems(UserNotFound)
  async get(@Tenant() scope: EnvScope, @Param('userId', new IdPipe('user')) id: Id<'user'>): Promise<UserResponse> {
    return toUserResponse(await this.users.get(scope, id));
  }

  @Post('ban')
  @HttpCode(200)
  @RequireOperator('environment')
  @ApiOperation({ operationId: 'adminBanUser', summary: 'Ban a user, and end every session of theirs' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(UserNotFound, CannotBanSelf)
  async ban(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @Param('userId', new IdPipe('user')) id: Id<'user'>,
    @Body() body: BanUserRequest,
  ): Promise<StatusResponse> {
    const expires = body.expires_at ? new Date(body.expires_at) : null;
    if (expires !== null && Number.isNaN(expires.getTime())) {
      throw invalidFields([{ path: 'expires_at', code: 'matches', message: 'expires_at must be an RFC 3339 time' }]);
    }
    await this.users.ban(scope, id, { reason: body.reason || null, expires }, { kind: 'user', id: caller.userId });
    return status('banned');
  }

  @Post('unban')
  @HttpCode(200)
  @RequireOperator('environment')
  @ApiOperation({ operationId: 'adminUnbanUser', summary: 'Lift a ban' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(UserNotFound)
  async unban(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @Param('userId', new IdPipe('user')) id: Id<'user'>,
  ): Promise<StatusResponse> {
    await this.users.unban(scope, id, { kind: 'user', id: caller.userId });
    return status('unbanned');
  }
}
