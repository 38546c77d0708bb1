import { Controller, Delete, Get, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequireFreshSession, RequireSession } from '../../http/access/access.js';
import { Caller } from '../../http/params/caller.decorators.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../../http/responses/status.response.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { UserPrincipal } from '../../kernel/context/principal.js';
import { SessionReply } from '../../sessions/session-reply.js';
import { LastOrganizationOwner } from '../../organizations/organizations.problems.js';
import { LastOwner, UserNotFound } from '../../users/users.problems.js';
import { AccountService, AuthMethodNotFound, LastAuthMethod } from './account.service.js';
import {
  AuthMethodListResponse,
  PersonalDataResponse,
  toAuthMethodResponse,
  toPersonalDataResponse,
} from './dto/account.responses.js';

@ApiTags('Me')
@Controller('v1/me')
export class AccountController {
  constructor(
    private readonly account: AccountService,
    private readonly reply: SessionReply,
    private readonly clock: Clock,
  ) {}

  @Delete()
  @RequireFreshSession()
  @ApiOperation({
    operationId: 'deleteAccount',
    summary: 'Erase your account',
    description: 'Sessions, devices and personal data are gone at once; only a pseudonym stays in the audit trail.',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(UserNotFound, LastOwner, LastOrganizationOwner)
  async erase(
    @Caller() caller: UserPrincipal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StatusResponse> {
    await this.account.erase(caller);
    this.reply.signedOut(request, reply);
    return status('account deleted');
  }

  @Get('export')
  @RequireFreshSession()
  @ApiOperation({ operationId: 'exportUserData', summary: 'Everything kept on you' })
  @ApiOkResponse({ type: PersonalDataResponse })
  @ApiProblems(UserNotFound)
  async export(@Caller() caller: UserPrincipal): Promise<PersonalDataResponse> {
    return toPersonalDataResponse(await this.account.export(caller), caller, this.clock.now());
  }

  @Get('auth-methods')
  @RequireSession({ impersonators: true })
  @ApiOperation({ operationId: 'listAuthMethods', summary: 'The ways in to your account' })
  @ApiOkResponse({ type: AuthMethodListResponse })
  @ApiProblems(UserNotFound)
  async authMethods(@Caller() caller: UserPrincipal): Promise<AuthMethodListResponse> {
    return { methods: (await this.account.authMethods(caller)).map(toAuthMethodResponse) };
  }

  @Delete('auth-methods/:provider')
  @RequireFreshSession()
  @ApiOperation({ operationId: 'unlinkAuthMethod', summary: 'Remove a way in to your account' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(UserNotFound, AuthMethodNotFound, LastAuthMethod)
  async unlink(@Caller() caller: UserPrincipal, @Param('provider') provider: string): Promise<StatusResponse> {
    await this.account.unlink(caller, provider);
    return status('unlinked');
  }
}
