import { Body, Controller, Delete, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission, RequireScopes } from '../../http/access/access.js';
import { Acting, Tenant } from '../../http/params/caller.decorators.js';
import { IdPipe } from '../../http/params/id.pipe.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import type { Actor } from '../../kernel/audit/audit-trail.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { MeterKeyTaken, MeterNotFound } from '../billing.problems.js';
import { CreateMeterRequest, MeterListResponse, MeterResponse, toMeter, toMeterResponse } from '../dto/meter.dto.js';
import { BillingElsewhere, EmbeddedEngineGuard } from '../embedded-engine.guard.js';
import { BUILT_IN_METERS } from './meter.rules.js';
import { MetersService } from './meters.service.js';

@ApiTags('Billing')
@Controller('v1/billing/meters')
@UseGuards(EmbeddedEngineGuard)
export class MetersController {
  constructor(private readonly meters: MetersService) {}

  @Get()
  @RequirePermission('manage', 'billing')
  @RequireScopes('read:billing')
  @ApiOperation({
    operationId: 'listMeters',
    summary: 'How usage events add up: the meters that are built in, and your own',
  })
  @ApiOkResponse({ type: MeterListResponse })
  @ApiProblems(BillingElsewhere)
  async list(@Tenant() scope: EnvScope): Promise<MeterListResponse> {
    return { meters: [...BUILT_IN_METERS, ...(await this.meters.own(scope))].map(toMeterResponse) };
  }

  @Post()
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'createMeter', summary: 'Count usage events in one more way, from now on' })
  @ApiCreatedResponse({ type: MeterResponse })
  @ApiProblems(MeterKeyTaken, BillingElsewhere)
  async create(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @Body() body: CreateMeterRequest,
  ): Promise<MeterResponse> {
    return toMeterResponse(await this.meters.create(scope, toMeter(body), actor));
  }

  @Delete(':meterId')
  @HttpCode(204)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'deleteMeter', summary: 'Delete a meter; what it has counted stays' })
  @ApiNoContentResponse()
  @ApiProblems(MeterNotFound, BillingElsewhere)
  async delete(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @Param('meterId', new IdPipe('meter')) id: Id<'meter'>,
  ): Promise<void> {
    await this.meters.delete(scope, id, actor);
  }
}
