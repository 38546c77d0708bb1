import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ENTITLEMENT_PROBLEMS } from '../../billing-bridge/entitlements/entitlement.problems.js';
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
import {
  InvalidInvitation,
  InvitationLapsed,
  InvitationOfAnother,
} from '../../organizations/invitations/invitations.problems.js';
import { OrganizationFull, OrganizationInactive } from '../../organizations/organizations.problems.js';
import { SessionReply } from '../../sessions/session-reply.js';
import { toUserResponse } from '../../users/dto/user.response.js';
import { EmailTaken, UsernameTaken } from '../../users/users.problems.js';
import { WeakPassword } from '../password/password-policy.js';
import { SignedUpResponse, SignUpRequest, toSignUpInput } from './dto/sign-up.dto.js';
import { SignUpDisabled } from './sign-up.problems.js';
import { SignUpService } from './sign-up.service.js';

@ApiTags('Authentication')
@Controller('v1/signup')
export class SignUpController {
  constructor(
    private readonly signUps: SignUpService,
    private readonly reply: SessionReply,
  ) {}

  @Post()
  @Public()
  @RateLimit('signUpPerIp')
  @ApiOperation({
    operationId: 'signUp',
    summary: 'Create an account',
    description:
      'The answer is the same for an address that has an account already; its owner is told by mail. Where addresses must be verified, the session comes with POST /v1/verify-email.',
  })
  @ApiCreatedResponse({ type: SignedUpResponse })
  @ApiProblems(
    SignUpDisabled,
    FormRejected,
    WeakPassword,
    UsernameTaken,
    AuthenticationRequired,
    EmailTaken,
    InvalidInvitation,
    InvitationOfAnother,
    InvitationLapsed,
    OrganizationFull,
    ...ENTITLEMENT_PROBLEMS,
    OrganizationInactive,
  )
  async signUp(
    @Tenant() scope: EnvScope,
    @Body() body: SignUpRequest,
    @Client() client: ClientInfo,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedUpResponse> {
    const { user, issued } = await this.signUps.signUp(scope, toSignUpInput(body), client);
    return issued === undefined
      ? { user: toUserResponse(user), verification_required: true }
      : this.reply.signedIn(request, reply, issued);
  }
}
