import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Entitlements } from '../../billing-bridge/entitlements/entitlements.js';
import { FEATURE_KEY, FEATURES, LONGEST_FEATURE_KEY } from '../../billing-bridge/feature-keys.js';
import type { Subject } from '../../billing-bridge/ledger.js';
import { RequireSession } from '../../http/access/access.js';
import { AsOperator, Caller, Tenant } from '../../http/params/caller.decorators.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { defineProblem } from '../../kernel/errors/problem.js';
import { BilledCallers } from '../billed-callers.js';
import { SubjectNotFound } from '../billing.problems.js';
import {
  CheckEntitlementsRequest,
  EntitlementListResponse,
  EntitlementResponse,
  toEntitlementResponse,
} from '../dto/entitlement.dto.js';
import { TenantQuery } from '../dto-parts.js';
import { EntitlementsRepository } from './entitlements.repository.js';

export const MalformedFeatureKey = defineProblem({
  code: 'malformed_feature_key',
  kind: 'invalid',
  title: 'The feature key is malformed',
  detail: 'a key is made of lower-case words joined by dots or underscores, 64 characters at most',
});

/** What somebody may do, as the ledger in force says: embedded or elsewhere. */
@ApiTags('Billing')
@Controller('v1/billing/entitlements')
export class EntitlementsController {
  constructor(
    private readonly entitlements: Entitlements,
    private readonly repository: EntitlementsRepository,
    private readonly callers: BilledCallers,
    private readonly clock: Clock,
  ) {}

  @Get()
  @RequireSession({ operators: true })
  @ApiOperation({
    operationId: 'listEntitlements',
    summary: 'Everything the plan holds, and the service’s own features',
  })
  @ApiOkResponse({ type: EntitlementListResponse })
  @ApiProblems(SubjectNotFound)
  async list(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @Query() { tenant_id }: TenantQuery,
  ): Promise<EntitlementListResponse> {
    const subject = await this.callers.subject({ caller, scope, asOperator }, tenant_id, 'entitlements');
    const plan = await this.repository.planOf(scope, subject.key, this.clock.now());
    const keys = new Set<string>([...(plan?.features ?? []).map(({ key }) => key), ...FEATURES]);
    return this.answers(subject, [...keys]);
  }

  @Post('check')
  @HttpCode(200)
  @RequireSession({ operators: true })
  @ApiOperation({ operationId: 'checkEntitlements', summary: 'Whether several features may be used' })
  @ApiOkResponse({ type: EntitlementListResponse })
  @ApiProblems(SubjectNotFound)
  async check(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @Body() { features, tenant_id }: CheckEntitlementsRequest,
  ): Promise<EntitlementListResponse> {
    const subject = await this.callers.subject({ caller, scope, asOperator }, tenant_id, 'entitlements');
    return this.answers(subject, features);
  }

  @Get(':featureKey')
  @RequireSession({ operators: true })
  @ApiOperation({ operationId: 'checkEntitlement', summary: 'Whether a feature may be used' })
  @ApiOkResponse({ type: EntitlementResponse })
  @ApiProblems(SubjectNotFound, MalformedFeatureKey)
  async one(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @Param('featureKey') featureKey: string,
    @Query() { tenant_id }: TenantQuery,
  ): Promise<EntitlementResponse> {
    if (featureKey.length > LONGEST_FEATURE_KEY || !FEATURE_KEY.test(featureKey)) throw new MalformedFeatureKey();
    const subject = await this.callers.subject({ caller, scope, asOperator }, tenant_id, 'entitlements');
    return toEntitlementResponse(await this.entitlements.check(subject, featureKey));
  }

  private async answers(subject: Subject, keys: readonly string[]): Promise<EntitlementListResponse> {
    return { entitlements: (await this.entitlements.checkAll(subject, keys)).map(toEntitlementResponse) };
  }
}
