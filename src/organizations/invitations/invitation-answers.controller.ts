import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ENTITLEMENT_PROBLEMS } from '../../billing-bridge/entitlements/entitlement.problems.js';
import { Public, RequireSession } from '../../http/access/access.js';
import { Caller, OptionalTenant } from '../../http/params/caller.decorators.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import { RateLimit } from '../../http/rate-limit/rate-limit.decorator.js';
import { status, StatusResponse } from '../../http/responses/status.response.js';
import { actorOf, type UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { UsersService } from '../../users/users.service.js';
import { MembershipResponse, toMembershipResponse } from '../members/dto/member.dto.js';
import { AlreadyMember } from '../members/members.problems.js';
import { OrganizationFull, OrganizationInactive } from '../organizations.problems.js';
import { InvitationTokenRequest, ShownInvitationResponse, toShownInvitationResponse } from './dto/invitation.dto.js';
import { InvitationAnswersService } from './invitation-answers.service.js';
import { InvalidInvitation, InvitationLapsed, InvitationOfAnother } from './invitations.problems.js';

@ApiTags('Invitations')
@Controller('v1/orgs/invitations')
export class InvitationAnswersController {
  constructor(
    private readonly answers: InvitationAnswersService,
    private readonly users: UsersService,
  ) {}

  @Post('accept')
  @RequireSession()
  @ApiOperation({
    operationId: 'acceptInvitation',
    summary: 'Accept an invitation with the token mailed to your verified address',
    description: 'Somebody without an account signs up with `invitation_token` instead.',
  })
  @ApiCreatedResponse({ type: MembershipResponse })
  @ApiProblems(
    InvalidInvitation,
    InvitationOfAnother,
    InvitationLapsed,
    AlreadyMember,
    OrganizationFull,
    ...ENTITLEMENT_PROBLEMS,
    OrganizationInactive,
  )
  async accept(
    @Caller() caller: UserPrincipal,
    @Body() { token }: InvitationTokenRequest,
  ): Promise<MembershipResponse> {
    const { scope, userId } = caller;
    const user = await this.users.get(scope, userId);
    return toMembershipResponse(await this.answers.accept(scope, token, user, actorOf(caller)));
  }

  @Post('decline')
  @HttpCode(200)
  @Public({ tenant: 'optional' })
  @RateLimit('verificationPerIp')
  @ApiOperation({ operationId: 'declineInvitation', summary: 'Decline an invitation with the token mailed to you' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(InvalidInvitation)
  async decline(
    @Body() { token }: InvitationTokenRequest,
    @OptionalTenant() named: EnvScope | undefined,
  ): Promise<StatusResponse> {
    await this.answers.decline(token, named);
    return status('declined');
  }

  @Post('lookup')
  @HttpCode(200)
  @Public({ tenant: 'optional' })
  @RateLimit('verificationPerIp')
  @ApiOperation({
    operationId: 'lookUpInvitation',
    summary: 'What an invitation says, for whoever holds its link',
    description: 'For the page behind the link: to whom, of which organization, as what. Changes nothing.',
  })
  @ApiOkResponse({ type: ShownInvitationResponse })
  @ApiProblems(InvalidInvitation)
  async lookUp(
    @Body() { token }: InvitationTokenRequest,
    @OptionalTenant() named: EnvScope | undefined,
  ): Promise<ShownInvitationResponse> {
    return toShownInvitationResponse(await this.answers.show(token, named));
  }
}
