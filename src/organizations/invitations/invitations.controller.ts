import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireOrgRole } from '../../http/access/access.js';
import { pageRequest } from '../../http/paging/page.query.js';
import { Caller, Organization, Tenant } from '../../http/params/caller.decorators.js';
import { IdPipe } from '../../http/params/id.pipe.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import type { ActedOrganization } from '../../http/request-state.js';
import { status, StatusResponse } from '../../http/responses/status.response.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { RateLimited } from '../../kernel/limits/rate-limits.js';
import { AlreadyMember, RoleAboveOwn } from '../members/members.problems.js';
import { organizationActor } from '../members/members.service.js';
import { OrganizationInactive } from '../organizations.problems.js';
import {
  CreateInvitationRequest,
  CreateInvitationsRequest,
  InvitationListResponse,
  InvitationOutcomesResponse,
  InvitationResponse,
  ListInvitationsQuery,
  toInvitationInput,
  toInvitationResponse,
  toOutcomesResponse,
} from './dto/invitation.dto.js';
import {
  InvitationAnswered,
  InvitationNotFound,
  InvitationPending,
  TooManyInvitations,
} from './invitations.problems.js';
import { InvitationsService } from './invitations.service.js';

const InvitationId = () => Param('invitationId', new IdPipe('invitation'));

@ApiTags('Invitations')
@Controller('v1/orgs/:orgId/invitations')
export class InvitationsController {
  constructor(
    private readonly invitations: InvitationsService,
    private readonly clock: Clock,
  ) {}

  @Post()
  @RequireOrgRole('admin')
  @ApiOperation({
    operationId: 'createInvitation',
    summary: 'Invite an address',
    description: 'The link is mailed and appears in no answer. Whether the address has an account cannot be told.',
  })
  @ApiCreatedResponse({ type: InvitationResponse })
  @ApiProblems(RoleAboveOwn, OrganizationInactive, AlreadyMember, InvitationPending, TooManyInvitations, RateLimited)
  async create(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId, standing }: ActedOrganization,
    @Caller() caller: UserPrincipal,
    @Body() body: CreateInvitationRequest,
  ): Promise<InvitationResponse> {
    const by = organizationActor(caller, standing);
    const invitation = await this.invitations.create(scope, orgId, toInvitationInput(body), by);
    return toInvitationResponse(invitation, this.clock.now());
  }

  @Post('bulk')
  @HttpCode(200)
  @RequireOrgRole('admin')
  @ApiOperation({
    operationId: 'createInvitations',
    summary: 'Invite up to 100 addresses',
    description: 'Each by itself: the answer says of every one whether it was invited, and why not.',
  })
  @ApiOkResponse({ type: InvitationOutcomesResponse })
  async createMany(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId, standing }: ActedOrganization,
    @Caller() caller: UserPrincipal,
    @Body() { invitations }: CreateInvitationsRequest,
  ): Promise<InvitationOutcomesResponse> {
    const by = organizationActor(caller, standing);
    const outcomes = await this.invitations.createMany(scope, orgId, invitations.map(toInvitationInput), by);
    return toOutcomesResponse(outcomes, this.clock.now());
  }

  @Get()
  @RequireOrgRole('admin')
  @ApiOperation({ operationId: 'listInvitations', summary: 'The invitations of an organization, newest first' })
  @ApiOkResponse({ type: InvitationListResponse })
  async list(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId }: ActedOrganization,
    @Query() query: ListInvitationsQuery,
  ): Promise<InvitationListResponse> {
    const state = query.status || undefined;
    const { items, nextCursor } = await this.invitations.list(scope, orgId, state, pageRequest(query));
    const now = this.clock.now();
    return {
      invitations: items.map((invitation) => toInvitationResponse(invitation, now)),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Get(':invitationId')
  @RequireOrgRole('admin')
  @ApiOperation({ operationId: 'getInvitation', summary: 'Read an invitation' })
  @ApiOkResponse({ type: InvitationResponse })
  @ApiProblems(InvitationNotFound)
  async get(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId }: ActedOrganization,
    @InvitationId() id: Id<'invitation'>,
  ): Promise<InvitationResponse> {
    return toInvitationResponse(await this.invitations.get(scope, orgId, id), this.clock.now());
  }

  @Post(':invitationId/resend')
  @HttpCode(200)
  @RequireOrgRole('admin')
  @ApiOperation({
    operationId: 'resendInvitation',
    summary: 'Mail an invitation again',
    description: 'With a new link, for the full time; the one before is void. You answer for it from then on.',
  })
  @ApiOkResponse({ type: InvitationResponse })
  @ApiProblems(InvitationNotFound, InvitationAnswered, RoleAboveOwn, RateLimited)
  async resend(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId, standing }: ActedOrganization,
    @Caller() caller: UserPrincipal,
    @InvitationId() id: Id<'invitation'>,
  ): Promise<InvitationResponse> {
    const invitation = await this.invitations.resend(scope, orgId, id, organizationActor(caller, standing));
    return toInvitationResponse(invitation, this.clock.now());
  }

  @Delete(':invitationId')
  @RequireOrgRole('admin')
  @ApiOperation({ operationId: 'revokeInvitation', summary: 'Take an invitation back' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(InvitationNotFound, InvitationAnswered)
  async revoke(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId, standing }: ActedOrganization,
    @Caller() caller: UserPrincipal,
    @InvitationId() id: Id<'invitation'>,
  ): Promise<StatusResponse> {
    await this.invitations.revoke(scope, orgId, id, organizationActor(caller, standing));
    return status('revoked');
  }
}
