import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public, RequireFreshSession, RequireSession } from '../../http/access/access.js';
import { Caller, OptionalTenant, Tenant } from '../../http/params/caller.decorators.js';
import { Client } from '../../http/params/client-info.decorator.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import { RateLimit } from '../../http/rate-limit/rate-limit.decorator.js';
import { status, StatusResponse } from '../../http/responses/status.response.js';
import type { ClientInfo } from '../../kernel/context/client-info.js';
import type { UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { RateLimited } from '../../kernel/limits/rate-limits.js';
import { SessionReply } from '../../sessions/session-reply.js';
import { InvalidCredentials } from '../../sessions/sessions.problems.js';
import { UserNotFound } from '../../users/users.problems.js';
import { InvalidChallenge } from '../challenges/challenges.service.js';
import { PasswordChangedResponse } from './dto/password-changed.response.js';
import {
  ChangePasswordRequest,
  ForgotPasswordRequest,
  ReauthenticateRequest,
  ResetPasswordRequest,
} from './dto/password.requests.js';
import { WeakPassword } from './password-policy.js';
import { PasswordService } from './password.service.js';

@ApiTags('Authentication')
@Controller('v1')
export class PasswordController {
  constructor(
    private readonly passwords: PasswordService,
    private readonly reply: SessionReply,
  ) {}

  @Post('forgot-password')
  @HttpCode(200)
  @Public()
  @RateLimit('recoveryPerIp')
  @ApiOperation({
    operationId: 'forgotPassword',
    summary: 'Mail a reset link',
    description: 'The answer is the same whether the address has an account or not.',
  })
  @ApiOkResponse({ type: StatusResponse })
  async forgot(@Tenant() scope: EnvScope, @Body() { email }: ForgotPasswordRequest): Promise<StatusResponse> {
    await this.passwords.forgot(scope, email);
    return status('ok');
  }

  @Post('reset-password')
  @HttpCode(200)
  @Public({ tenant: 'optional' })
  @RateLimit('recoveryPerIp')
  @ApiOperation({
    operationId: 'resetPassword',
    summary: 'Choose a new password with the token of a reset link',
    description: 'Ends every session of the user. A password that is refused leaves the token usable.',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(InvalidChallenge, WeakPassword)
  async reset(
    @Body() { token, new_password }: ResetPasswordRequest,
    @OptionalTenant() named: EnvScope | undefined,
  ): Promise<StatusResponse> {
    await this.passwords.reset(token, new_password, named);
    return status('password reset');
  }

  @Post('change-password')
  @HttpCode(200)
  @RequireFreshSession()
  @ApiOperation({
    operationId: 'changePassword',
    summary: 'Change your password',
    description: 'Your other sessions end; this one goes on with the tokens of the answer.',
  })
  @ApiOkResponse({ type: PasswordChangedResponse })
  @ApiProblems(InvalidCredentials, UserNotFound, WeakPassword, RateLimited)
  async change(
    @Caller() caller: UserPrincipal,
    @Body() { current_password, new_password }: ChangePasswordRequest,
    @Client() client: ClientInfo,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PasswordChangedResponse> {
    const tokens = await this.passwords.change(caller, current_password, new_password, client);
    return { status: 'password changed', ...this.reply.tokens(request, reply, tokens) };
  }

  @Post('reauthenticate')
  @HttpCode(200)
  @RequireSession()
  @ApiOperation({
    operationId: 'reauthenticate',
    summary: 'Prove again who you are, before a sensitive call',
    description: 'Answers of type reauth_required ask for it. Good for ten minutes, for this session.',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(InvalidCredentials, UserNotFound, RateLimited)
  async reauthenticate(
    @Caller() caller: UserPrincipal,
    @Body() { password }: ReauthenticateRequest,
    @Client() client: ClientInfo,
  ): Promise<StatusResponse> {
    await this.passwords.reauthenticate(caller, password, client);
    return status('reauthenticated');
  }
}
