import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireAnyOperator, RequirePlatformOwner } from '../http/access/access.js';
import { requireEveryApp, requireReach } from '../http/access/reach.js';
import { pageRequest } from '../http/paging/page.query.js';
import { Caller, TargetApp } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import { ForeignTenant } from '../http/tenancy/tenancy.problems.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { AppScope } from '../kernel/context/scope.js';
import { type Id, parseId } from '../kernel/ids/id.js';
import { LastOwner, UserNotFound } from '../users/users.problems.js';
import {
  GrantAppRequest,
  OperatorListResponse,
  OperatorResponse,
  OperatorsQuery,
  RevokeOperatorQuery,
  toOperatorName,
  toOperatorResponse,
} from './dto/operators.dto.js';
import { OperatorNotFound } from './operators.problems.js';
import { OperatorsService } from './operators.service.js';

@ApiTags('Operators')
@Controller('v1/admin/operators')
export class OperatorsController {
  constructor(private readonly operators: OperatorsService) {}

  @Get()
  @RequireAnyOperator()
  @ApiOperation({
    operationId: 'adminListOperators',
    summary: 'The operators of an app, or of the platform',
    description: 'Of an app for whoever reaches it; of the platform for platform owners.',
  })
  @ApiOkResponse({ type: OperatorListResponse })
  @ApiProblems(ForeignTenant)
  async list(@Caller() caller: UserPrincipal, @Query() query: OperatorsQuery): Promise<OperatorListResponse> {
    const appId = query.app_id ? parseId('app', query.app_id) : undefined;
    if (appId === undefined) requireEveryApp(caller);
    else requireReach(caller, appId);
    const { items, nextCursor } = await this.operators.list(appId, pageRequest(query));
    return {
      operators: items.map((operator) => toOperatorResponse(operator)),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Post()
  @RequirePlatformOwner('app')
  @ApiOperation({
    operationId: 'adminGrantApp',
    summary: 'Grant an app to a user of the platform app',
    description: 'Named by email or user_id. Idempotent.',
  })
  @ApiCreatedResponse({ type: OperatorResponse })
  @ApiProblems(UserNotFound)
  async grant(
    @TargetApp() { appId }: AppScope,
    @Caller() caller: UserPrincipal,
    @Body() body: GrantAppRequest,
  ): Promise<OperatorResponse> {
    return toOperatorResponse(await this.operators.grant(toOperatorName(body), appId, actorOf(caller)));
  }

  @Delete(':userId')
  @RequirePlatformOwner()
  @ApiOperation({
    operationId: 'adminRevokeOperator',
    summary: 'Take one app away from an operator, or everything',
    description: 'Impersonations that stood on it end. The last platform owner stays.',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(UserNotFound, OperatorNotFound, LastOwner)
  async revoke(
    @Caller() caller: UserPrincipal,
    @Param('userId', new IdPipe('user')) userId: Id<'user'>,
    @Query() { app_id }: RevokeOperatorQuery,
  ): Promise<StatusResponse> {
    const actor = actorOf(caller);
    if (app_id) await this.operators.revoke({ userId }, parseId('app', app_id), actor);
    else await this.operators.revokeAll(userId, actor);
    return status('revoked');
  }
}
