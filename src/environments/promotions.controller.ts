import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireOperator } from '../http/access/access.js';
import { Caller, TargetApp } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import type { AppScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { SettingEnforced } from '../settings/settings.problems.js';
import { authorOf } from '../settings/settings.service.js';
import { CloneEnvironmentRequest, toNewEnvironment } from './dto/environment.dto.js';
import {
  ClonedEnvironmentResponse,
  PlanPromotionRequest,
  PromoteRequest,
  PromotionPlanResponse,
  toClonedResponse,
  toPlanResponse,
  toPromotionRequest,
} from './dto/promotion.dto.js';
import { EnvironmentViews } from './environment-views.js';
import { EnvironmentNotFound, EnvironmentSlugTaken, PlanOutdated, SameEnvironment } from './environments.problems.js';
import { PromotionsService } from './promotions.service.js';

const SourceId = () => Param('envId', new IdPipe('environment'));

@ApiTags('Environments')
@Controller('v1/environments/:envId')
export class PromotionsController {
  constructor(
    private readonly promotions: PromotionsService,
    private readonly views: EnvironmentViews,
  ) {}

  @Post('clone')
  @RequireOperator('app')
  @ApiOperation({
    operationId: 'cloneEnvironment',
    summary: 'Make an environment with the configuration of this one',
    description: 'Settings, forms, roles and webhooks (with new secrets); never users, sessions or keys.',
  })
  @ApiCreatedResponse({ type: ClonedEnvironmentResponse })
  @ApiProblems(EnvironmentNotFound, EnvironmentSlugTaken, SettingEnforced)
  async clone(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @SourceId() source: Id<'environment'>,
    @Body() body: CloneEnvironmentRequest,
  ): Promise<ClonedEnvironmentResponse> {
    const clone = await this.promotions.clone(app, source, toNewEnvironment(body), authorOf(caller));
    return toClonedResponse(await this.views.one(app, clone.environment), clone);
  }

  @Post('plan')
  @HttpCode(200)
  @RequireOperator('app')
  @ApiOperation({
    operationId: 'planPromotion',
    summary: 'What would have to change for another environment to be configured as this one',
    description: 'Changes nothing. The same state gives the same plan; secrets are no part of it.',
  })
  @ApiOkResponse({ type: PromotionPlanResponse })
  @ApiProblems(EnvironmentNotFound, SameEnvironment)
  async plan(
    @TargetApp() app: AppScope,
    @SourceId() source: Id<'environment'>,
    @Body() body: PlanPromotionRequest,
  ): Promise<PromotionPlanResponse> {
    const request = toPromotionRequest(source, body);
    return toPlanResponse(request, await this.promotions.plan(app, request));
  }

  @Post('promote')
  @HttpCode(200)
  @RequireOperator('app')
  @ApiOperation({
    operationId: 'promoteEnvironment',
    summary: 'Apply a plan that was looked at: all of it or nothing',
    description: 'Refused when either environment has changed since. The plan made next is empty.',
  })
  @ApiOkResponse({ type: PromotionPlanResponse })
  @ApiProblems(EnvironmentNotFound, SameEnvironment, PlanOutdated, SettingEnforced)
  async promote(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @SourceId() source: Id<'environment'>,
    @Body() body: PromoteRequest,
  ): Promise<PromotionPlanResponse> {
    const request = toPromotionRequest(source, body);
    return toPlanResponse(request, await this.promotions.apply(app, request, body.plan_id, authorOf(caller)));
  }
}
