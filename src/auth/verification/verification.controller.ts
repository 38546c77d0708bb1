import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../../http/access/access.js';
import { OptionalCaller, OptionalTenant, Tenant } from '../../http/params/caller.decorators.js';
import { Client } from '../../http/params/client-info.decorator.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import { RateLimit } from '../../http/rate-limit/rate-limit.decorator.js';
import { status, StatusResponse } from '../../http/responses/status.response.js';
import { AppContextRequired } from '../../http/tenancy/tenancy.problems.js';
import { invalidFields } from '../../http/validation/validation.pipe.js';
import type { ClientInfo } from '../../kernel/context/client-info.js';
import type { UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { SignedInResponse } from '../../sessions/dto/tokens.response.js';
import { SessionReply } from '../../sessions/session-reply.js';
import { InvalidChallenge } from '../challenges/challenges.service.js';
import { ResendVerificationRequest, VerifyEmailRequest } from './dto/verify-email.request.js';
import { VerificationService } from './verification.service.js';

const VERIFIED = 'email verified';

@ApiTags('Authentication')
@Controller('v1/verify-email')
export class VerificationController {
  constructor(
    private readonly verification: VerificationService,
    private readonly reply: SessionReply,
  ) {}

  @Post()
  @HttpCode(200)
  @Public({ tenant: 'optional', session: true })
  @RateLimit('verificationPerIp')
  @ApiOperation({
    operationId: 'verifyEmail',
    summary: 'Prove that an address is yours, with the mailed code or link',
    description: 'A code with an address also signs in; a link, and a code typed within a session, only verify.',
  })
  @ApiExtraModels(SignedInResponse, StatusResponse)
  @ApiOkResponse({
    schema: { oneOf: [{ $ref: getSchemaPath(SignedInResponse) }, { $ref: getSchemaPath(StatusResponse) }] },
  })
  @ApiProblems(InvalidChallenge, AppContextRequired)
  async verify(
    @Body() body: VerifyEmailRequest,
    @OptionalCaller() caller: UserPrincipal | undefined,
    @OptionalTenant() tenant: EnvScope | undefined,
    @Client() client: ClientInfo,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInResponse | StatusResponse> {
    // Clients written for the Go server may send the code as token.
    const code = body.code || (/^[0-9]{6}$/.test(body.token ?? '') ? body.token : undefined);
    if (code === undefined) {
      if (!body.token) throw invalidFields([{ path: 'code', code: 'required', message: 'code or token is required' }]);
      await this.verification.verifyByLink(body.token, tenant);
      return status(VERIFIED);
    }
    if (caller !== undefined) {
      await this.verification.verifyOwn(caller.scope, caller.userId, code);
      return status(VERIFIED);
    }
    if (!body.email) throw new InvalidChallenge();
    if (tenant === undefined) throw new AppContextRequired();
    const issued = await this.verification.verifyByCode(tenant, body.email, code, client);
    return issued === undefined ? status(VERIFIED) : this.reply.signedIn(request, reply, issued);
  }

  @Post('resend')
  @HttpCode(200)
  @Public()
  @RateLimit('verificationPerIp')
  @ApiOperation({
    operationId: 'resendEmailVerification',
    summary: 'Mail the code and link again',
    description: 'The answer is the same whether the address has an account or not.',
  })
  @ApiOkResponse({ type: StatusResponse })
  async resend(@Tenant() scope: EnvScope, @Body() { email }: ResendVerificationRequest): Promise<StatusResponse> {
    await this.verification.requestAgain(scope, email);
    return status('ok');
  }
}
