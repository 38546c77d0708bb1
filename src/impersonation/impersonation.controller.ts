import { Body, Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequireFreshOperator, RequireSession } from '../http/access/access.js';
import { Caller, Tenant } from '../http/params/caller.decorators.js';
import { Client } from '../http/params/client-info.decorator.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import type { ClientInfo } from '../kernel/context/client-info.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { OperatorProtected } from '../operators/operators.problems.js';
import { SignedInResponse } from '../sessions/dto/tokens.response.js';
import { SessionReply } from '../sessions/session-reply.js';
import { InvalidCredentials, SessionNotFound } from '../sessions/sessions.problems.js';
import { UserBanned, UserNotFound } from '../users/users.problems.js';
import { ImpersonateRequest, LONGEST_IMPERSONATION_SECONDS } from './dto/impersonation.dto.js';
import { NotImpersonating } from './impersonation.problems.js';
import { ImpersonationService } from './impersonation.service.js';

@ApiTags('Impersonation')
@Controller('v1/admin/impersonate')
export class ImpersonationController {
  constructor(
    private readonly impersonation: ImpersonationService,
    private readonly reply: SessionReply,
  ) {}

  @Post('stop')
  @HttpCode(200)
  @RequireSession({ impersonators: true })
  @ApiOperation({
    operationId: 'adminStopImpersonation',
    summary: 'End the impersonation, with its own session',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(NotImpersonating, SessionNotFound)
  async stop(
    @Caller() caller: UserPrincipal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StatusResponse> {
    await this.impersonation.stop(caller);
    this.reply.signedOut(request, reply);
    return status('impersonation stopped');
  }

  @Post(':userId')
  @HttpCode(200)
  @RequireFreshOperator('environment')
  @ApiOperation({
    operationId: 'adminImpersonate',
    summary: 'Act as a user for a limited time',
    description:
      'A session of its own that names both people. Sensitive actions answer impersonation_not_allowed; no refresh outlives its end; the user sees it among their sessions and may end it.',
  })
  @ApiOkResponse({ type: SignedInResponse })
  @ApiProblems(UserNotFound, UserBanned, OperatorProtected, InvalidCredentials)
  async start(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @Param('userId', new IdPipe('user')) userId: Id<'user'>,
    @Body() { reason, duration_seconds }: ImpersonateRequest,
    @Client() client: ClientInfo,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInResponse> {
    const durationMs = (duration_seconds ?? LONGEST_IMPERSONATION_SECONDS) * 1_000;
    const issued = await this.impersonation.start(scope, caller, { userId, reason, durationMs, client });
    return this.reply.signedIn(request, reply, issued);
  }
}
