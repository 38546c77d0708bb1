import { Body, Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission, RequireSession, RequireScopes } from '../../http/access/access.js';
import { IfMatch, PreconditionFailed } from '../../http/etag.js';
import { pageRequest } from '../../http/paging/page.query.js';
import { Acting, AsOperator, Caller, Tenant } from '../../http/params/caller.decorators.js';
import { IdPipe } from '../../http/params/id.pipe.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import type { Actor } from '../../kernel/audit/audit-trail.js';
import type { UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { BilledCallers } from '../billed-callers.js';
import { PlanInvalid, PlanNotFound, PlanSlugTaken } from '../billing.problems.js';
import {
  BillingPlanListResponse,
  BillingPlanResponse,
  CreateBillingPlanRequest,
  ListPlansQuery,
  PublishPlanVersionRequest,
  toBillingPlanResponse,
  toNewPlan,
  toTerms,
} from '../dto/plan.dto.js';
import { BillingElsewhere, EmbeddedEngineGuard } from '../embedded-engine.guard.js';
import { PlansService } from './plans.service.js';

const PlanId = () => Param('planId', new IdPipe('plan'));

@ApiTags('Billing')
@Controller('v1/billing/plans')
@UseGuards(EmbeddedEngineGuard)
export class PlansController {
  constructor(
    private readonly plans: PlansService,
    private readonly callers: BilledCallers,
  ) {}

  @Get()
  @RequireSession({ operators: true })
  @ApiOperation({ operationId: 'listBillingPlans', summary: 'The plans of an environment, newest first' })
  @ApiOkResponse({ type: BillingPlanListResponse })
  @ApiProblems(BillingElsewhere)
  async list(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @Query() query: ListPlansQuery,
  ): Promise<BillingPlanListResponse> {
    const everything = await this.callers.manages({ caller, scope, asOperator });
    const statuses = everything ? query.status && [query.status] : (['active'] as const);
    const { items, nextCursor, total } = await this.plans.list(scope, statuses || undefined, pageRequest(query));
    return {
      plans: items.map(toBillingPlanResponse),
      total,
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Post()
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'createBillingPlan', summary: 'Make a plan, with its first version' })
  @ApiCreatedResponse({ type: BillingPlanResponse })
  @ApiProblems(PlanSlugTaken, PlanInvalid, BillingElsewhere)
  async create(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @Body() body: CreateBillingPlanRequest,
  ): Promise<BillingPlanResponse> {
    return toBillingPlanResponse(await this.plans.create(scope, toNewPlan(body), toTerms(body), actor));
  }

  @Get(':planId')
  @RequireSession({ operators: true })
  @ApiOperation({ operationId: 'getBillingPlan', summary: 'Read a plan' })
  @ApiOkResponse({ type: BillingPlanResponse })
  @ApiProblems(PlanNotFound, BillingElsewhere)
  async get(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @PlanId() id: Id<'plan'>,
  ): Promise<BillingPlanResponse> {
    const plan = await this.plans.get(scope, id);
    if (plan.status !== 'active' && !(await this.callers.manages({ caller, scope, asOperator })))
      throw new PlanNotFound();
    return toBillingPlanResponse(plan);
  }

  @Post(':planId/versions')
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({
    operationId: 'publishBillingPlanVersion',
    summary: 'Publish a new version of a plan',
    description: 'Who is subscribed keeps theirs until the subscription changes plan, to the same one if need be.',
  })
  @ApiCreatedResponse({ type: BillingPlanResponse })
  @ApiProblems(PlanNotFound, PlanInvalid, PreconditionFailed, BillingElsewhere)
  async publish(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @PlanId() id: Id<'plan'>,
    @IfMatch() version: number | undefined,
    @Body() body: PublishPlanVersionRequest,
  ): Promise<BillingPlanResponse> {
    return toBillingPlanResponse(await this.plans.publish(scope, id, toTerms(body), version, actor));
  }

  @Post(':planId/activate')
  @HttpCode(204)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'activateBillingPlan', summary: 'Let a plan be subscribed to' })
  @ApiNoContentResponse()
  @ApiProblems(PlanNotFound, BillingElsewhere)
  async activate(@Tenant() scope: EnvScope, @Acting() actor: Actor, @PlanId() id: Id<'plan'>): Promise<void> {
    await this.plans.activate(scope, id, actor);
  }

  @Post(':planId/archive')
  @HttpCode(204)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({
    operationId: 'archiveBillingPlan',
    summary: 'Let nobody subscribe to a plan any more; who is subscribed keeps it',
  })
  @ApiNoContentResponse()
  @ApiProblems(PlanNotFound, BillingElsewhere)
  async archive(@Tenant() scope: EnvScope, @Acting() actor: Actor, @PlanId() id: Id<'plan'>): Promise<void> {
    await this.plans.archive(scope, id, actor);
  }
}
