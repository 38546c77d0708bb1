import { Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PasswordService } from '../auth/password/password.service.js';
import { DeviceListResponse, toDeviceResponse } from '../devices/dto/device.response.js';
import { DevicesService } from '../devices/devices.service.js';
import { RequireOperator, RequireScopes } from '../http/access/access.js';
import { PageQuery, pageRequest } from '../http/paging/page.query.js';
import { Acting, Tenant } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import { Clock } from '../kernel/clock/clock.js';
import type { Actor } from '../kernel/audit/audit-trail.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { MalformedCursor } from '../kernel/persistence/page.js';
import { SessionListResponse, SessionsRevokedResponse, toSessionResponse } from '../sessions/dto/session.response.js';
import { SessionNotFound } from '../sessions/sessions.problems.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { UserNotFound } from '../users/users.problems.js';
import { UsersService } from '../users/users.service.js';
import { LockoutResponse, toLockoutResponse } from './dto/user-administration.responses.js';
import { UserAdministrationService } from './user-administration.service.js';

const UserId = () => Param('userId', new IdPipe('user'));

/** How a user gets in, and from where they did. */
@ApiTags('Users')
@Controller('v1/admin/users/:userId')
export class AdminUserAccessController {
  constructor(
    private readonly users: UsersService,
    private readonly administration: UserAdministrationService,
    private readonly passwords: PasswordService,
    private readonly sessions: SessionsService,
    private readonly devices: DevicesService,
    private readonly clock: Clock,
  ) {}

  @Post('force-password-reset')
  @HttpCode(200)
  @RequireOperator('environment')
  @RequireScopes('write:users')
  @ApiOperation({
    operationId: 'adminForcePasswordReset',
    summary: 'Demand a new password: the old one opens nothing, sessions end, a link is mailed',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(UserNotFound)
  async forcePasswordReset(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @UserId() id: Id<'user'>,
  ): Promise<StatusResponse> {
    await this.passwords.requireReset(scope, id, actor);
    return status('password reset required');
  }

  @Get('lockout')
  @RequireOperator('environment')
  @RequireScopes('read:users')
  @ApiOperation({ operationId: 'adminGetLockout', summary: 'Whether wrong passwords have locked an account' })
  @ApiOkResponse({ type: LockoutResponse })
  @ApiProblems(UserNotFound)
  async lockout(@Tenant() scope: EnvScope, @UserId() id: Id<'user'>): Promise<LockoutResponse> {
    return toLockoutResponse(await this.administration.lockoutState(scope, id));
  }

  @Delete('lockout')
  @RequireOperator('environment')
  @RequireScopes('write:users')
  @ApiOperation({ operationId: 'adminUnlockUser', summary: 'Forget the wrong passwords of an account' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(UserNotFound)
  async unlock(@Tenant() scope: EnvScope, @Acting() actor: Actor, @UserId() id: Id<'user'>): Promise<StatusResponse> {
    await this.administration.unlock(scope, id, actor);
    return status('unlocked');
  }

  @Get('sessions')
  @RequireOperator('environment')
  @RequireScopes('read:sessions')
  @ApiOperation({ operationId: 'adminListUserSessions', summary: 'The live sessions of a user, newest first' })
  @ApiOkResponse({ type: SessionListResponse })
  @ApiProblems(UserNotFound, MalformedCursor)
  async listSessions(
    @Tenant() scope: EnvScope,
    @UserId() id: Id<'user'>,
    @Query() query: PageQuery,
  ): Promise<SessionListResponse> {
    await this.users.get(scope, id);
    const { items, nextCursor } = await this.sessions.list(scope, id, pageRequest(query));
    return {
      sessions: items.map((session) => toSessionResponse(session, undefined)),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Delete('sessions')
  @RequireOperator('environment')
  @RequireScopes('write:sessions')
  @ApiOperation({ operationId: 'adminRevokeUserSessions', summary: 'End every session of a user' })
  @ApiOkResponse({ type: SessionsRevokedResponse })
  @ApiProblems(UserNotFound)
  async revokeSessions(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @UserId() id: Id<'user'>,
  ): Promise<SessionsRevokedResponse> {
    await this.users.get(scope, id);
    return { status: 'revoked', revoked: await this.sessions.endAll(scope, id, 'revoked', actor) };
  }

  @Delete('sessions/:sessionId')
  @RequireOperator('environment')
  @RequireScopes('write:sessions')
  @ApiOperation({ operationId: 'adminRevokeUserSession', summary: 'End a session of a user' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(UserNotFound, SessionNotFound)
  async revokeSession(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @UserId() id: Id<'user'>,
    @Param('sessionId', new IdPipe('session')) sessionId: Id<'session'>,
  ): Promise<StatusResponse> {
    await this.users.get(scope, id);
    await this.sessions.revoke(scope, id, sessionId, actor);
    return status('revoked');
  }

  @Get('devices')
  @RequireOperator('environment')
  @RequireScopes('read:devices')
  @ApiOperation({ operationId: 'adminListUserDevices', summary: 'The devices of a user, newest first' })
  @ApiOkResponse({ type: DeviceListResponse })
  @ApiProblems(UserNotFound, MalformedCursor)
  async listDevices(
    @Tenant() scope: EnvScope,
    @UserId() id: Id<'user'>,
    @Query() query: PageQuery,
  ): Promise<DeviceListResponse> {
    await this.users.get(scope, id);
    const { items, nextCursor } = await this.devices.list(scope, id, pageRequest(query));
    const now = this.clock.now();
    return {
      devices: items.map((device) => toDeviceResponse(device, null, now)),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }
}
