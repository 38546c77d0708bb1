import { Body, Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission, RequireSession, RequireScopes } from '../../http/access/access.js';
import { pageRequest } from '../../http/paging/page.query.js';
import { Acting, AsOperator, Caller, Tenant } from '../../http/params/caller.decorators.js';
import { IdPipe } from '../../http/params/id.pipe.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import type { Actor } from '../../kernel/audit/audit-trail.js';
import type { UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { BilledCallers } from '../billed-callers.js';
import {
  CouponNotFound,
  CouponNotRedeemable,
  PlanNotActive,
  PlanNotFound,
  SubjectNotFound,
  SubscriptionExists,
  SubscriptionNotFound,
  SubscriptionStateConflict,
} from '../billing.problems.js';
import {
  CancelSubscriptionRequest,
  ChangePlanRequest,
  CreateSubscriptionRequest,
  ListSubscriptionsQuery,
  RedeemCouponRequest,
  SubscriptionListResponse,
  SubscriptionResponse,
  toSubscriptionResponse,
} from '../dto/subscription.dto.js';
import { TenantQuery } from '../dto-parts.js';
import { BillingElsewhere, EmbeddedEngineGuard } from '../embedded-engine.guard.js';
import { SubscriptionsService } from './subscriptions.service.js';

const SubscriptionId = () => Param('subId', new IdPipe('subscription'));

@ApiTags('Billing')
@Controller('v1/billing/subscriptions')
@UseGuards(EmbeddedEngineGuard)
export class SubscriptionsController {
  constructor(
    private readonly subscriptions: SubscriptionsService,
    private readonly callers: BilledCallers,
  ) {}

  @Get()
  @RequireSession({ operators: true })
  @ApiOperation({ operationId: 'listSubscriptions', summary: 'Subscriptions, newest first' })
  @ApiOkResponse({ type: SubscriptionListResponse })
  @ApiProblems(SubjectNotFound, BillingElsewhere)
  async list(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @Query() query: ListSubscriptionsQuery,
  ): Promise<SubscriptionListResponse> {
    const by = { caller, scope, asOperator };
    const everybody = !query.tenant_id && (await this.callers.manages(by));
    const subject = everybody ? undefined : await this.callers.subject(by, query.tenant_id, 'books');
    const filter = { ...(subject && { subjectKey: subject.key }), ...(query.status && { status: query.status }) };
    const { items, nextCursor, total } = await this.subscriptions.list(scope, filter, pageRequest(query));
    return {
      subscriptions: items.map(toSubscriptionResponse),
      total,
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Get('active')
  @RequireSession({ operators: true })
  @ApiOperation({
    operationId: 'getActiveSubscription',
    summary: 'The subscription that has not ended, apart from add-ons',
  })
  @ApiOkResponse({ type: SubscriptionResponse })
  @ApiProblems(SubscriptionNotFound, SubjectNotFound, BillingElsewhere)
  async active(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @Query() { tenant_id }: TenantQuery,
  ): Promise<SubscriptionResponse> {
    const { key } = await this.callers.subject({ caller, scope, asOperator }, tenant_id, 'books');
    return toSubscriptionResponse(await this.subscriptions.current(scope, key));
  }

  @Post()
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({
    operationId: 'createSubscription',
    summary: 'Subscribe an organization, a user or the app to a plan',
  })
  @ApiCreatedResponse({ type: SubscriptionResponse })
  @ApiProblems(SubjectNotFound, PlanNotFound, PlanNotActive, SubscriptionExists, BillingElsewhere)
  async create(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @Body() { tenant_id, plan_id: planId, trial_days, after_trial }: CreateSubscriptionRequest,
  ): Promise<SubscriptionResponse> {
    const { key: subjectKey } = await this.callers.named(scope, tenant_id);
    const input = {
      subjectKey,
      planId,
      ...(typeof trial_days === 'number' ? { trialDays: trial_days } : {}),
      ...(after_trial ? { afterTrial: after_trial } : {}),
    };
    return toSubscriptionResponse(await this.subscriptions.create(scope, input, actor));
  }

  @Get(':subId')
  @RequirePermission('manage', 'billing')
  @RequireScopes('read:billing')
  @ApiOperation({ operationId: 'getSubscription', summary: 'Read a subscription' })
  @ApiOkResponse({ type: SubscriptionResponse })
  @ApiProblems(SubscriptionNotFound, BillingElsewhere)
  async get(@Tenant() scope: EnvScope, @SubscriptionId() id: Id<'subscription'>): Promise<SubscriptionResponse> {
    return toSubscriptionResponse(await this.subscriptions.get(scope, id));
  }

  @Post(':subId/change-plan')
  @HttpCode(204)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({
    operationId: 'changeSubscriptionPlan',
    summary: 'Change the plan, at once',
    description: 'Each plan’s fee is charged for its part of the period.',
  })
  @ApiNoContentResponse()
  @ApiProblems(SubscriptionNotFound, PlanNotFound, PlanNotActive, SubscriptionStateConflict, BillingElsewhere)
  async changePlan(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @SubscriptionId() id: Id<'subscription'>,
    @Body() body: ChangePlanRequest,
  ): Promise<void> {
    await this.subscriptions.get(scope, id);
    await this.subscriptions.changePlan(scope, id, body.new_plan_id, actor);
  }

  @Post(':subId/cancel')
  @HttpCode(204)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'cancelSubscription', summary: 'End a subscription, now or when its period ends' })
  @ApiNoContentResponse()
  @ApiProblems(SubscriptionNotFound, SubscriptionStateConflict, BillingElsewhere)
  async cancel(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @SubscriptionId() id: Id<'subscription'>,
    @Body() body: CancelSubscriptionRequest,
  ): Promise<void> {
    await this.subscriptions.cancel(scope, id, body.immediately === true, actor);
  }

  @Post(':subId/pause')
  @HttpCode(204)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({
    operationId: 'pauseSubscription',
    summary: 'Pause a subscription: it gives nothing and costs nothing',
  })
  @ApiNoContentResponse()
  @ApiProblems(SubscriptionNotFound, SubscriptionStateConflict, BillingElsewhere)
  async pause(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @SubscriptionId() id: Id<'subscription'>,
  ): Promise<void> {
    await this.subscriptions.pause(scope, id, actor);
  }

  @Post(':subId/resume')
  @HttpCode(204)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({
    operationId: 'resumeSubscription',
    summary: 'Go on with a paused subscription, or take back that it ends',
  })
  @ApiNoContentResponse()
  @ApiProblems(SubscriptionNotFound, SubscriptionStateConflict, BillingElsewhere)
  async resume(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @SubscriptionId() id: Id<'subscription'>,
  ): Promise<void> {
    await this.subscriptions.resume(scope, id, actor);
  }

  @Post(':subId/coupon')
  @HttpCode(200)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'redeemCoupon', summary: 'Take a coupon’s discount off a subscription' })
  @ApiOkResponse({ type: SubscriptionResponse })
  @ApiProblems(SubscriptionNotFound, CouponNotFound, CouponNotRedeemable, SubscriptionStateConflict, BillingElsewhere)
  async redeem(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @SubscriptionId() id: Id<'subscription'>,
    @Body() { code }: RedeemCouponRequest,
  ): Promise<SubscriptionResponse> {
    return toSubscriptionResponse(await this.subscriptions.redeem(scope, id, code.toUpperCase(), actor));
  }
}
