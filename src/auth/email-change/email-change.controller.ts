import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public, RequireFreshSession } from '../../http/access/access.js';
import { Caller, OptionalTenant } from '../../http/params/caller.decorators.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import { RateLimit } from '../../http/rate-limit/rate-limit.decorator.js';
import { status, StatusResponse } from '../../http/responses/status.response.js';
import type { UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { RateLimited } from '../../kernel/limits/rate-limits.js';
import { EmailTaken, UserNotFound } from '../../users/users.problems.js';
import { InvalidChallenge } from '../challenges/challenges.service.js';
import { ChangeEmailRequest, EmailChangeTokenRequest } from './dto/email-change.requests.js';
import { EmailChangeService } from './email-change.service.js';

@ApiTags('Me')
@Controller('v1')
export class EmailChangeController {
  constructor(private readonly changes: EmailChangeService) {}

  @Post('me/change-email')
  @HttpCode(200)
  @RequireFreshSession()
  @ApiOperation({
    operationId: 'changeEmail',
    summary: 'Ask for a new address',
    description:
      'Nothing changes until the new mailbox confirms it; the old one is told, with a way to call it off. The answer is the same for an address that is taken.',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(UserNotFound, RateLimited)
  async request(@Caller() caller: UserPrincipal, @Body() { email }: ChangeEmailRequest): Promise<StatusResponse> {
    await this.changes.request(caller, email);
    return status('ok');
  }

  @Post('change-email/confirm')
  @HttpCode(200)
  @Public({ tenant: 'optional' })
  @RateLimit('verificationPerIp')
  @ApiOperation({ operationId: 'confirmEmailChange', summary: 'Confirm a new address with the token mailed to it' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(InvalidChallenge, EmailTaken)
  async confirm(
    @Body() { token }: EmailChangeTokenRequest,
    @OptionalTenant() named: EnvScope | undefined,
  ): Promise<StatusResponse> {
    await this.changes.confirm(token, named);
    return status('email changed');
  }

  @Post('change-email/undo')
  @HttpCode(200)
  @Public({ tenant: 'optional' })
  @RateLimit('verificationPerIp')
  @ApiOperation({
    operationId: 'undoEmailChange',
    summary: 'Call a change of address off, with the token mailed to the old one',
    description: 'Ends every session of the user.',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(InvalidChallenge, EmailTaken)
  async undo(
    @Body() { token }: EmailChangeTokenRequest,
    @OptionalTenant() named: EnvScope | undefined,
  ): Promise<StatusResponse> {
    await this.changes.undo(token, named);
    return status('email kept');
  }
}
