import { Body, Controller, Get, HttpCode, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ENTITLEMENT_PROBLEMS } from '../billing-bridge/entitlements/entitlement.problems.js';
import { OrganizationNotFound } from '../http/access/access.problems.js';
import { RequirePermission, RequireScopes } from '../http/access/access.js';
import { IfMatch, PreconditionFailed } from '../http/etag.js';
import { pageRequest } from '../http/paging/page.query.js';
import { Acting, Tenant } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import type { Actor } from '../kernel/audit/audit-trail.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { UserNotFound } from '../users/users.problems.js';
import { DomainsResponse, PutDomainsRequest } from './dto/domains.dto.js';
import {
  AdminCreateOrganizationRequest,
  AdminListOrganizationsQuery,
  AdminUpdateOrganizationRequest,
  OrganizationListResponse,
  OrganizationResponse,
  toOrganizationChanges,
  toOrganizationFilter,
  toOrganizationInput,
  toOrganizationResponse,
} from './dto/organization.dto.js';
import { OrganizationDomainsService } from './organization-domains.service.js';
import { DomainTaken, OrganizationSlugTaken } from './organizations.problems.js';
import { OrganizationsService } from './organizations.service.js';

const OrgId = () => Param('orgId', new IdPipe('organization'));

/** What only those do who manage every organization; the rest they do by the routes of the organizations' own administrators. */
@ApiTags('Organizations')
@Controller('v1/admin/orgs')
export class AdminOrganizationsController {
  constructor(
    private readonly organizations: OrganizationsService,
    private readonly domains: OrganizationDomainsService,
  ) {}

  @Get()
  @RequirePermission('manage', 'organization')
  @RequireScopes('read:orgs')
  @ApiOperation({ operationId: 'adminListOrgs', summary: 'Every organization of an environment, newest first' })
  @ApiOkResponse({ type: OrganizationListResponse })
  async list(
    @Tenant() scope: EnvScope,
    @Query() query: AdminListOrganizationsQuery,
  ): Promise<OrganizationListResponse> {
    const filter = toOrganizationFilter(query);
    const { items, nextCursor } = await this.organizations.list(scope, filter, pageRequest(query));
    return {
      organizations: items.map(toOrganizationResponse),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Post()
  @HttpCode(200)
  @RequirePermission('manage', 'organization')
  @RequireScopes('write:orgs')
  @ApiOperation({ operationId: 'adminCreateOrganization', summary: 'Create an organization for a user' })
  @ApiOkResponse({ type: OrganizationResponse })
  @ApiProblems(OrganizationSlugTaken, UserNotFound, ...ENTITLEMENT_PROBLEMS)
  async create(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @Body() body: AdminCreateOrganizationRequest,
  ): Promise<OrganizationResponse> {
    const input = toOrganizationInput(body);
    return toOrganizationResponse(await this.organizations.createFor(scope, input, body.owner_id, actor));
  }

  @Patch(':orgId')
  @RequirePermission('manage', 'organization')
  @RequireScopes('write:orgs')
  @ApiOperation({ operationId: 'adminUpdateOrganization', summary: 'Change an organization, or switch it off' })
  @ApiOkResponse({ type: OrganizationResponse })
  @ApiProblems(OrganizationNotFound, OrganizationSlugTaken, PreconditionFailed)
  async update(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @OrgId() id: Id<'organization'>,
    @IfMatch() version: number | undefined,
    @Body() body: AdminUpdateOrganizationRequest,
  ): Promise<OrganizationResponse> {
    const changes = toOrganizationChanges(body);
    return toOrganizationResponse(await this.organizations.update(scope, id, changes, version, actor));
  }

  @Put(':orgId/domains')
  @RequirePermission('manage', 'organization')
  @RequireScopes('write:orgs')
  @ApiOperation({
    operationId: 'adminPutOrganizationDomains',
    summary: 'Say which mail domains are an organization’s',
    description:
      'Whoever has a verified address in one of them may join the organization as a member. Replaces the list.',
  })
  @ApiOkResponse({ type: DomainsResponse })
  @ApiProblems(OrganizationNotFound, DomainTaken)
  async putDomains(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @OrgId() id: Id<'organization'>,
    @Body() { domains }: PutDomainsRequest,
  ): Promise<DomainsResponse> {
    return { domains: await this.domains.replace(scope, id, domains, actor) };
  }
}
