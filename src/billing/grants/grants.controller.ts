import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, UseGuards } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission, RequireSession, RequireScopes } from '../../http/access/access.js';
import { pageRequest } from '../../http/paging/page.query.js';
import { Acting, AsOperator, Caller, Tenant } from '../../http/params/caller.decorators.js';
import { IdPipe } from '../../http/params/id.pipe.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import { toTime } from '../../http/validation/time.decorator.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { Actor } from '../../kernel/audit/audit-trail.js';
import type { UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { BilledCallers } from '../billed-callers.js';
import { GrantNotFound, OverrideNotFound, SubjectNotFound } from '../billing.problems.js';
import {
  CreateGrantRequest,
  GrantListResponse,
  GrantResponse,
  ListGrantsQuery,
  OverrideQuery,
  OverrideResponse,
  SetOverrideRequest,
  toGrantResponse,
  toNewGrant,
  toOverrideResponse,
} from '../dto/grant.dto.js';
import { BillingElsewhere, EmbeddedEngineGuard } from '../embedded-engine.guard.js';
import { GrantsService } from './grants.service.js';

@ApiTags('Billing')
@Controller('v1/billing')
@UseGuards(EmbeddedEngineGuard)
export class GrantsController {
  constructor(
    private readonly grants: GrantsService,
    private readonly callers: BilledCallers,
    private readonly clock: Clock,
  ) {}

  @Get('grants')
  @RequireSession({ operators: true })
  @ApiOperation({ operationId: 'listGrants', summary: 'Units granted beyond the plan, newest first' })
  @ApiOkResponse({ type: GrantListResponse })
  @ApiProblems(SubjectNotFound, BillingElsewhere)
  async list(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @Query() query: ListGrantsQuery,
  ): Promise<GrantListResponse> {
    const { key } = await this.callers.subject({ caller, scope, asOperator }, query.tenant_id, 'books');
    const { items, nextCursor } = await this.grants.list(scope, key, query.feature || undefined, pageRequest(query));
    return {
      grants: items.map(toGrantResponse),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Post('grants')
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'createGrant', summary: 'Grant units beyond the plan' })
  @ApiCreatedResponse({ type: GrantResponse })
  @ApiProblems(SubjectNotFound, BillingElsewhere)
  async create(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @Body() body: CreateGrantRequest,
  ): Promise<GrantResponse> {
    const { key } = await this.callers.named(scope, body.tenant_id);
    return toGrantResponse(await this.grants.grant(scope, toNewGrant(body, key, this.clock.now()), actor));
  }

  @Delete('grants/:grantId')
  @HttpCode(204)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'voidGrant', summary: 'Take a grant back' })
  @ApiNoContentResponse()
  @ApiProblems(GrantNotFound, BillingElsewhere)
  async void(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @Param('grantId', new IdPipe('grant')) id: Id<'grant'>,
  ): Promise<void> {
    await this.grants.void(scope, id, actor);
  }

  @Put('overrides')
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({
    operationId: 'setOverride',
    summary: 'Give one subject more or less of a feature than its plan says',
  })
  @ApiOkResponse({ type: OverrideResponse })
  @ApiProblems(SubjectNotFound, BillingElsewhere)
  async setOverride(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @Body() { tenant_id, feature, limit, expires_at }: SetOverrideRequest,
  ): Promise<OverrideResponse> {
    const subject = await this.callers.named(scope, tenant_id);
    const units = limit === undefined || limit === -1 ? null : limit;
    const expiresAt = toTime(expires_at, 'expires_at') ?? null;
    return toOverrideResponse(await this.grants.override(subject, feature, units, expiresAt, actor));
  }

  @Delete('overrides')
  @HttpCode(204)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'removeOverride', summary: 'Let a subject have of a feature what its plan says' })
  @ApiNoContentResponse()
  @ApiProblems(SubjectNotFound, OverrideNotFound, BillingElsewhere)
  async removeOverride(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @Query() { tenant_id, feature }: OverrideQuery,
  ): Promise<void> {
    const subject = await this.callers.named(scope, tenant_id);
    await this.grants.removeOverride(subject, feature, actor);
  }
}
