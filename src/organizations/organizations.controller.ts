import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ENTITLEMENT_PROBLEMS } from '../billing-bridge/entitlements/entitlement.problems.js';
import { RequireEntitlement } from '../billing-bridge/entitlements/require-entitlement.decorator.js';
import { RequireFreshOrgRole, RequireOrgRole, RequireSession } from '../http/access/access.js';
import { IfMatch, PreconditionFailed } from '../http/etag.js';
import { PageQuery, pageRequest } from '../http/paging/page.query.js';
import { Caller, Organization, Tenant } from '../http/params/caller.decorators.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import type { ActedOrganization } from '../http/request-state.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import {
  CheckSlugQuery,
  CreateOrganizationRequest,
  OrganizationListResponse,
  OrganizationResponse,
  SlugAvailableResponse,
  toOrganizationChanges,
  toOrganizationInput,
  toOrganizationResponse,
  UpdateOrganizationRequest,
} from './dto/organization.dto.js';
import { OrganizationCreationDisabled, OrganizationSlugTaken, TooManyOrganizations } from './organizations.problems.js';
import { OrganizationsService } from './organizations.service.js';

@ApiTags('Organizations')
@Controller('v1/orgs')
export class OrganizationsController {
  constructor(private readonly organizations: OrganizationsService) {}

  @Post()
  @RequireSession()
  @RequireEntitlement('authsome.feature.orgs')
  @ApiOperation({
    operationId: 'createOrganization',
    summary: 'Create an organization, which you own',
    description: 'Without a slug it gets one made of its name.',
  })
  @ApiCreatedResponse({ type: OrganizationResponse })
  @ApiProblems(OrganizationSlugTaken, OrganizationCreationDisabled, TooManyOrganizations, ...ENTITLEMENT_PROBLEMS)
  async create(
    @Caller() caller: UserPrincipal,
    @Body() body: CreateOrganizationRequest,
  ): Promise<OrganizationResponse> {
    const { scope, userId, orgId } = caller;
    const input = toOrganizationInput(body);
    return toOrganizationResponse(await this.organizations.createOwn(scope, input, userId, actorOf(caller), orgId));
  }

  @Get()
  @RequireSession()
  @ApiOperation({ operationId: 'listOrganizations', summary: 'The organizations you belong to, newest first' })
  @ApiOkResponse({ type: OrganizationListResponse })
  async list(@Caller() { scope, userId }: UserPrincipal, @Query() query: PageQuery): Promise<OrganizationListResponse> {
    const { items, nextCursor } = await this.organizations.listOfUser(scope, userId, pageRequest(query));
    return {
      organizations: items.map(toOrganizationResponse),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Get('check-slug')
  @RequireSession()
  @ApiOperation({ operationId: 'checkOrgSlug', summary: 'Whether a slug is free' })
  @ApiOkResponse({ type: SlugAvailableResponse })
  async checkSlug(
    @Caller() { scope }: UserPrincipal,
    @Query() { slug }: CheckSlugQuery,
  ): Promise<SlugAvailableResponse> {
    return { available: await this.organizations.isSlugFree(scope, slug) };
  }

  @Get(':orgId')
  @RequireOrgRole('member')
  @ApiOperation({ operationId: 'getOrganization', summary: 'Read an organization' })
  @ApiOkResponse({ type: OrganizationResponse })
  async get(@Tenant() scope: EnvScope, @Organization() { id }: ActedOrganization): Promise<OrganizationResponse> {
    return toOrganizationResponse(await this.organizations.get(scope, id));
  }

  @Patch(':orgId')
  @RequireOrgRole('admin')
  @ApiOperation({ operationId: 'updateOrganization', summary: 'Change an organization' })
  @ApiOkResponse({ type: OrganizationResponse })
  @ApiProblems(OrganizationSlugTaken, PreconditionFailed)
  async update(
    @Tenant() scope: EnvScope,
    @Organization() { id }: ActedOrganization,
    @Caller() caller: UserPrincipal,
    @IfMatch() version: number | undefined,
    @Body() { name, slug, logo, description, metadata }: UpdateOrganizationRequest,
  ): Promise<OrganizationResponse> {
    const changes = toOrganizationChanges({ name, slug, logo, description, metadata } as UpdateOrganizationRequest);
    return toOrganizationResponse(await this.organizations.update(scope, id, changes, version, actorOf(caller)));
  }

  @Delete(':orgId')
  @RequireFreshOrgRole('owner')
  @ApiOperation({
    operationId: 'deleteOrganization',
    summary: 'Delete an organization with its members, teams and invitations',
  })
  @ApiOkResponse({ type: StatusResponse })
  async delete(
    @Tenant() scope: EnvScope,
    @Organization() { id }: ActedOrganization,
    @Caller() caller: UserPrincipal,
  ): Promise<StatusResponse> {
    await this.organizations.delete(scope, id, actorOf(caller));
    return status('deleted');
  }
}
