import { Body, Controller, Get, Patch, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { FormRejected } from '../form-configs/form-configs.problems.js';
import { SubmittedMetadata } from '../form-configs/submitted-metadata.js';
import { RequireSession } from '../http/access/access.js';
import { IfMatch, PreconditionFailed } from '../http/etag.js';
import { Caller } from '../http/params/caller.decorators.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import { accountOf } from './account-of.js';
import { toProfileChanges, UpdateMeRequest } from './dto/update-me.request.js';
import { toUserResponse, UserResponse } from './dto/user.response.js';
import type { UserEntity } from './user.entity.js';
import { UserNotFound, UsernameTaken } from './users.problems.js';
import { UsersService } from './users.service.js';

@ApiTags('Me')
@Controller('v1/me')
export class MeController {
  /** Of a session in memory the account is one object until it changes, so its representation is made once. */
  readonly #responses = new WeakMap<UserEntity, UserResponse>();

  constructor(
    private readonly users: UsersService,
    private readonly submitted: SubmittedMetadata,
  ) {}

  @Get()
  @RequireSession({ impersonators: true })
  @ApiOperation({ operationId: 'getMe', summary: 'The signed-in user' })
  @ApiOkResponse({ type: UserResponse })
  get(@Req() request: FastifyRequest): UserResponse {
    const account = accountOf(request);
    let response = this.#responses.get(account);
    if (response === undefined) {
      response = toUserResponse(account);
      this.#responses.set(account, response);
    }
    return response;
  }

  @Patch()
  @RequireSession({ impersonators: true })
  @ApiOperation({ operationId: 'updateMe', summary: 'Change the profile of the signed-in user' })
  @ApiOkResponse({ type: UserResponse })
  @ApiProblems(UserNotFound, UsernameTaken, FormRejected, PreconditionFailed)
  async update(
    @Caller() caller: UserPrincipal,
    @IfMatch() version: number | undefined,
    @Body() body: UpdateMeRequest,
  ): Promise<UserResponse> {
    const { scope, userId } = caller;
    const metadata = await this.submitted.ofProfile(scope, body.metadata || undefined);
    const changes = { ...toProfileChanges(body), ...(metadata && { metadata }) };
    return toUserResponse(await this.users.updateProfile(scope, userId, changes, version, actorOf(caller)));
  }
}
