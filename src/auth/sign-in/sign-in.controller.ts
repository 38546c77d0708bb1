import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FormRejected } from '../../form-configs/form-configs.problems.js';
import { Public } from '../../http/access/access.js';
import { AuthenticationRequired } from '../../http/access/access.problems.js';
import { Tenant } from '../../http/params/caller.decorators.js';
import { Client } from '../../http/params/client-info.decorator.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import { RateLimit } from '../../http/rate-limit/rate-limit.decorator.js';
import type { ClientInfo } from '../../kernel/context/client-info.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { SignedInResponse } from '../../sessions/dto/tokens.response.js';
import { EmailNotVerified } from '../../sessions/session-issuer.js';
import { SessionReply } from '../../sessions/session-reply.js';
import { InvalidCredentials } from '../../sessions/sessions.problems.js';
import { UserBanned } from '../../users/users.problems.js';
import { SignInRequest, toIdentifier } from './dto/sign-in.request.js';
import { PasswordResetRequired, PasswordSignInDisabled } from './sign-in.problems.js';
import { SignInService } from './sign-in.service.js';

@ApiTags('Authentication')
@Controller('v1/signin')
export class SignInController {
  constructor(
    private readonly signIns: SignInService,
    private readonly reply: SessionReply,
  ) {}

  @Post()
  @HttpCode(200)
  @Public()
  @RateLimit('signInPerIp')
  @ApiOperation({ operationId: 'signIn', summary: 'Sign in with e-mail or username and password' })
  @ApiOkResponse({ type: SignedInResponse })
  @ApiProblems(
    InvalidCredentials,
    FormRejected,
    EmailNotVerified,
    UserBanned,
    PasswordResetRequired,
    PasswordSignInDisabled,
    AuthenticationRequired,
  )
  async signIn(
    @Tenant() scope: EnvScope,
    @Body() body: SignInRequest,
    @Client() client: ClientInfo,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInResponse> {
    const issued = await this.signIns.signIn(
      scope,
      toIdentifier(body),
      body.password,
      client,
      body.metadata || undefined,
    );
    return this.reply.signedIn(request, reply, issued);
  }
}
