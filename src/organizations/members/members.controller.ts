import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ENTITLEMENT_PROBLEMS } from '../../billing-bridge/entitlements/entitlement.problems.js';
import { RequireFreshOrgRole, RequireOrgRole, RequireSession } from '../../http/access/access.js';
import { OrganizationNotFound } from '../../http/access/access.problems.js';
import { IfMatch, PreconditionFailed } from '../../http/etag.js';
import { pageRequest } from '../../http/paging/page.query.js';
import { Caller, Organization, Tenant } from '../../http/params/caller.decorators.js';
import { IdPipe } from '../../http/params/id.pipe.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import type { ActedOrganization } from '../../http/request-state.js';
import { status, StatusResponse } from '../../http/responses/status.response.js';
import { actorOf, type UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { UserNotFound } from '../../users/users.problems.js';
import { DomainsResponse } from '../dto/domains.dto.js';
import { OrganizationDomainsService } from '../organization-domains.service.js';
import {
  DomainNotProved,
  LastOrganizationOwner,
  OrganizationFull,
  OrganizationInactive,
} from '../organizations.problems.js';
import {
  AddMemberRequest,
  ListMembersQuery,
  MemberListResponse,
  MemberResponse,
  MembershipResponse,
  toMemberFilter,
  toMemberResponse,
  toMembershipResponse,
  TransferOwnershipRequest,
  UpdateMemberRequest,
} from './dto/member.dto.js';
import { AlreadyMember, MemberNotFound, RoleAboveOwn } from './members.problems.js';
import { MembersService, organizationActor } from './members.service.js';

const MemberId = () => Param('memberId', new IdPipe('member'));

@ApiTags('Members')
@Controller('v1/orgs/:orgId')
export class MembersController {
  constructor(
    private readonly members: MembersService,
    private readonly domains: OrganizationDomainsService,
  ) {}

  @Get('members')
  @RequireOrgRole('member')
  @ApiOperation({ operationId: 'listMembers', summary: 'The members of an organization, in the order they came' })
  @ApiOkResponse({ type: MemberListResponse })
  async list(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId }: ActedOrganization,
    @Query() query: ListMembersQuery,
  ): Promise<MemberListResponse> {
    const { items, nextCursor } = await this.members.list(scope, orgId, toMemberFilter(query), pageRequest(query));
    return {
      members: items.map(toMemberResponse),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Post('members')
  @RequireOrgRole('admin')
  @ApiOperation({ operationId: 'addMember', summary: 'Make a user a member' })
  @ApiCreatedResponse({ type: MemberResponse })
  @ApiProblems(
    UserNotFound,
    AlreadyMember,
    RoleAboveOwn,
    OrganizationFull,
    OrganizationInactive,
    ...ENTITLEMENT_PROBLEMS,
  )
  async add(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId, standing }: ActedOrganization,
    @Caller() caller: UserPrincipal,
    @Body() { user_id: userId, role }: AddMemberRequest,
  ): Promise<MemberResponse> {
    const by = organizationActor(caller, standing);
    return toMemberResponse(await this.members.add(scope, orgId, { userId, role: role ?? 'member' }, by));
  }

  @Get('members/:memberId')
  @RequireOrgRole('member')
  @ApiOperation({ operationId: 'getMember', summary: 'Read a member' })
  @ApiOkResponse({ type: MemberResponse })
  @ApiProblems(MemberNotFound)
  async get(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId }: ActedOrganization,
    @MemberId() id: Id<'member'>,
  ): Promise<MemberResponse> {
    return toMemberResponse(await this.members.get(scope, orgId, id));
  }

  @Patch('members/:memberId')
  @RequireOrgRole('admin')
  @ApiOperation({ operationId: 'updateMember', summary: 'Change a member’s role' })
  @ApiOkResponse({ type: MemberResponse })
  @ApiProblems(MemberNotFound, RoleAboveOwn, LastOrganizationOwner, PreconditionFailed)
  async update(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId, standing }: ActedOrganization,
    @Caller() caller: UserPrincipal,
    @MemberId() id: Id<'member'>,
    @IfMatch() version: number | undefined,
    @Body() { role }: UpdateMemberRequest,
  ): Promise<MemberResponse> {
    const by = organizationActor(caller, standing);
    return toMemberResponse(await this.members.changeRole(scope, orgId, id, role, version, by));
  }

  @Delete('members/:memberId')
  @RequireOrgRole('admin')
  @ApiOperation({ operationId: 'removeMember', summary: 'Remove a member' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(MemberNotFound, RoleAboveOwn, LastOrganizationOwner)
  async remove(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId, standing }: ActedOrganization,
    @Caller() caller: UserPrincipal,
    @MemberId() id: Id<'member'>,
  ): Promise<StatusResponse> {
    await this.members.remove(scope, orgId, id, organizationActor(caller, standing));
    return status('removed');
  }

  @Post('leave')
  @HttpCode(200)
  @RequireOrgRole('member')
  @ApiOperation({ operationId: 'leaveOrganization', summary: 'Leave an organization' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(LastOrganizationOwner)
  async leave(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId }: ActedOrganization,
    @Caller() caller: UserPrincipal,
  ): Promise<StatusResponse> {
    await this.members.leave(scope, orgId, caller.userId, actorOf(caller));
    return status('left');
  }

  @Post('transfer')
  @HttpCode(200)
  @RequireFreshOrgRole('owner')
  @ApiOperation({
    operationId: 'transferOrganization',
    summary: 'Hand an organization over to a member',
    description: 'The member becomes owner, and an owner who hands over becomes admin.',
  })
  @ApiOkResponse({ type: MemberResponse })
  @ApiProblems(MemberNotFound, RoleAboveOwn)
  async transfer(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId, standing }: ActedOrganization,
    @Caller() caller: UserPrincipal,
    @Body() { member_id: to }: TransferOwnershipRequest,
  ): Promise<MemberResponse> {
    return toMemberResponse(await this.members.transfer(scope, orgId, to, organizationActor(caller, standing)));
  }

  @Post('join')
  @RequireSession()
  @ApiOperation({
    operationId: 'joinOrganization',
    summary: 'Join an organization by a verified address in one of its domains',
  })
  @ApiCreatedResponse({ type: MembershipResponse })
  @ApiProblems(
    OrganizationNotFound,
    DomainNotProved,
    AlreadyMember,
    OrganizationFull,
    OrganizationInactive,
    ...ENTITLEMENT_PROBLEMS,
  )
  async join(
    @Param('orgId', new IdPipe('organization')) orgId: Id<'organization'>,
    @Caller() caller: UserPrincipal,
  ): Promise<MembershipResponse> {
    const { scope, userId } = caller;
    return toMembershipResponse(await this.domains.join(scope, orgId, userId, actorOf(caller)));
  }

  @Get('domains')
  @RequireOrgRole('member')
  @ApiOperation({ operationId: 'listOrganizationDomains', summary: 'The mail domains that open an organization' })
  @ApiOkResponse({ type: DomainsResponse })
  async listDomains(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId }: ActedOrganization,
  ): Promise<DomainsResponse> {
    return { domains: await this.domains.list(scope, orgId) };
  }
}
