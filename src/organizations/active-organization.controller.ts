import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireSession } from '../http/access/access.js';
import { OrganizationNotFound } from '../http/access/access.problems.js';
import { Memberships } from '../http/access/memberships.js';
import { Caller } from '../http/params/caller.decorators.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import { SessionNotFound } from '../sessions/sessions.problems.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { SwitchOrgRequest, SwitchOrgResponse } from './dto/switch-org.dto.js';

@ApiTags('Me')
@Controller('v1/me')
export class ActiveOrganizationController {
  constructor(
    private readonly memberships: Memberships,
    private readonly sessions: SessionsService,
  ) {}

  @Post('switch-org')
  @HttpCode(200)
  @RequireSession({ formerMembers: true })
  @ApiOperation({
    operationId: 'switchOrg',
    summary: 'Make this session act for an organization, or for none',
    description:
      'The tokens stay; a JWT says so from its next refresh on. While you do not belong to the organization of a session, every other route refuses it.',
  })
  @ApiOkResponse({ type: SwitchOrgResponse })
  @ApiProblems(OrganizationNotFound, SessionNotFound)
  async switch(@Caller() caller: UserPrincipal, @Body() body: SwitchOrgRequest): Promise<SwitchOrgResponse> {
    const { scope, userId, sessionId } = caller;
    const orgId = body.org_id || null;
    // To somebody who is no member the organization is as unknown as one that is not there (R197).
    if (orgId !== null && (await this.memberships.roleOf(scope, orgId, userId)) === undefined) {
      throw new OrganizationNotFound();
    }
    await this.sessions.switchOrganization(scope, userId, sessionId, orgId, actorOf(caller));
    return { session_id: sessionId, ...(orgId === null ? {} : { org_id: orgId }) };
  }
}
