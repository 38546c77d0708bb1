import { Body, Controller, Delete, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePlatformOwner } from '../http/access/access.js';
import { Caller } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { Id } from '../kernel/ids/id.js';
import { LastOwner, UserNotFound } from '../users/users.problems.js';
import {
  OperatorNameRequest,
  PlatformOwnerResponse,
  toOperatorName,
  toPlatformOwnerResponse,
} from './dto/operators.dto.js';
import { OperatorNotFound } from './operators.problems.js';
import { OperatorsService } from './operators.service.js';

@ApiTags('Operators')
@Controller('v1/admin/platform/owners')
export class PlatformOwnersController {
  constructor(private readonly operators: OperatorsService) {}

  @Post()
  @HttpCode(200)
  @RequirePlatformOwner()
  @ApiOperation({
    operationId: 'adminGrantPlatformOwner',
    summary: 'Make a user of the platform app a platform owner',
    description: 'Named by email or user_id. Idempotent.',
  })
  @ApiOkResponse({ type: PlatformOwnerResponse })
  @ApiProblems(UserNotFound)
  async grant(@Caller() caller: UserPrincipal, @Body() body: OperatorNameRequest): Promise<PlatformOwnerResponse> {
    const { userId } = await this.operators.grant(toOperatorName(body), 'every_app', actorOf(caller));
    return toPlatformOwnerResponse(userId, 'granted');
  }

  @Delete(':userID')
  @RequirePlatformOwner()
  @ApiOperation({
    operationId: 'adminRevokePlatformOwner',
    summary: 'Take the platform away from an owner, but never from the last one',
    description: 'Apps granted one by one stay granted.',
  })
  @ApiOkResponse({ type: PlatformOwnerResponse })
  @ApiProblems(UserNotFound, OperatorNotFound, LastOwner)
  async revoke(
    @Caller() caller: UserPrincipal,
    @Param('userID', new IdPipe('user')) userId: Id<'user'>,
  ): Promise<PlatformOwnerResponse> {
    await this.operators.revoke({ userId }, 'every_app', actorOf(caller));
    return toPlatformOwnerResponse(userId, 'revoked');
  }
}
