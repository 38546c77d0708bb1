import { Body, Controller, Get, HttpCode, Post, Query, UseGuards } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Subject } from '../../billing-bridge/ledger.js';
import { RequirePermission, RequireSession, RequireScopes } from '../../http/access/access.js';
import { Acting, AsOperator, Caller, Tenant } from '../../http/params/caller.decorators.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../../http/responses/status.response.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { Actor } from '../../kernel/audit/audit-trail.js';
import type { UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { BilledCallers } from '../billed-callers.js';
import { MeterNotFound, SubjectNotFound, SubscriptionNotFound } from '../billing.problems.js';
import {
  IngestUsageRequest,
  IngestUsageResponse,
  ReconciliationListResponse,
  ReconcileUsageQuery,
  ResetUsageRequest,
  toPeriod,
  toReconciliationResponse,
  toUsages,
  toUsageSeriesResponse,
  toUsageSummaryResponse,
  UsageSeriesQuery,
  UsageSeriesResponse,
  UsageSummaryResponse,
} from '../dto/usage.dto.js';
import { TenantQuery } from '../dto-parts.js';
import { BillingElsewhere, EmbeddedEngineGuard } from '../embedded-engine.guard.js';
import { GrantsService } from '../grants/grants.service.js';
import { UsageService } from './usage.service.js';

@ApiTags('Billing')
@Controller('v1/billing/usage')
@UseGuards(EmbeddedEngineGuard)
export class UsageController {
  constructor(
    private readonly usage: UsageService,
    private readonly grants: GrantsService,
    private readonly callers: BilledCallers,
    private readonly clock: Clock,
  ) {}

  @Get()
  @RequireSession({ operators: true })
  @ApiOperation({
    operationId: 'getUsageSummary',
    summary: 'What was used in the period that runs, and how much is left',
  })
  @ApiOkResponse({ type: UsageSummaryResponse })
  @ApiProblems(SubjectNotFound, BillingElsewhere)
  async summary(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @Query() { tenant_id }: TenantQuery,
  ): Promise<UsageSummaryResponse> {
    const subject = await this.callers.subject({ caller, scope, asOperator }, tenant_id, 'books');
    const { period, lines } = await this.usage.summary(subject);
    return toUsageSummaryResponse(period, lines);
  }

  @Get('query')
  @RequireSession({ operators: true })
  @ApiOperation({ operationId: 'queryUsage', summary: 'What a meter counted, window by window' })
  @ApiOkResponse({ type: UsageSeriesResponse })
  @ApiProblems(SubjectNotFound, MeterNotFound, BillingElsewhere)
  async series(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @Query() { tenant_id, meter, window, group, ...span }: UsageSeriesQuery,
  ): Promise<UsageSeriesResponse> {
    const subject = await this.callers.subject({ caller, scope, asOperator }, tenant_id, 'books');
    const period = toPeriod(span, this.clock.now());
    const { aggregation, points } = await this.usage.series(subject, meter, window || 'day', period, group === true);
    return toUsageSeriesResponse(meter, aggregation, points);
  }

  @Post('events')
  @HttpCode(202)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:usage')
  @ApiOperation({
    operationId: 'ingestUsage',
    summary: 'Tell of usage, as CloudEvents',
    description:
      'All of the events are taken, or none. `application/cloudevents+json` and its batch form are understood too.',
  })
  @ApiAcceptedResponse({ type: IngestUsageResponse })
  @ApiProblems(SubjectNotFound, BillingElsewhere)
  async ingest(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @Body() body: IngestUsageRequest,
  ): Promise<IngestUsageResponse> {
    const subjects = new Map<string, Subject>();
    for (const { subject } of body.events) {
      if (!subjects.has(subject)) subjects.set(subject, await this.callers.named(scope, subject));
    }
    const usages = toUsages(body, subjects, this.clock.now());
    const accepted = await this.usage.take(scope, usages, actor);
    return { accepted, duplicates: usages.length - accepted };
  }

  @Post('reset')
  @HttpCode(200)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({
    operationId: 'resetUsage',
    summary: 'Let usage of the current period count anew',
    description: 'What was recorded stays, and is invoiced.',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(SubjectNotFound, SubscriptionNotFound, BillingElsewhere)
  async reset(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @Body() { tenant_id, feature, preserve_overage }: ResetUsageRequest,
  ): Promise<StatusResponse> {
    const subject = await this.callers.named(scope, tenant_id);
    await this.grants.reset(subject, feature, preserve_overage === true, actor);
    return status('reset');
  }

  @Get('reconcile')
  @RequirePermission('manage', 'billing')
  @RequireScopes('read:billing')
  @ApiOperation({
    operationId: 'reconcileUsage',
    summary: 'Compare the sums with the events they were made of',
    description: 'Of events that are still kept. Every difference is a fault of the service.',
  })
  @ApiOkResponse({ type: ReconciliationListResponse })
  @ApiProblems(BillingElsewhere)
  async reconcile(@Tenant() scope: EnvScope, @Query() query: ReconcileUsageQuery): Promise<ReconciliationListResponse> {
    const rows = await this.usage.reconcile(scope, toPeriod(query, this.clock.now()));
    return { features: rows.map(toReconciliationResponse) };
  }
}
