import { Body, Controller, Delete, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { EntitlementDenied, QuotaExceeded } from '../../billing-bridge/entitlements/entitlement.problems.js';
import { RequirePermission, RequireScopes } from '../../http/access/access.js';
import { Tenant } from '../../http/params/caller.decorators.js';
import { IdPipe } from '../../http/params/id.pipe.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { BilledCallers } from '../billed-callers.js';
import { ReservationNotFound, SubjectNotFound } from '../billing.problems.js';
import { CreateReservationRequest, ReservationResponse, toReservationResponse } from '../dto/grant.dto.js';
import { BillingElsewhere, EmbeddedEngineGuard } from '../embedded-engine.guard.js';
import { ReservationsService } from './reservations.service.js';

const DEFAULT_TTL_S = 300;
const ReservationId = () => Param('reservationId', new IdPipe('reservation'));

@ApiTags('Billing')
@Controller('v1/billing/reservations')
@UseGuards(EmbeddedEngineGuard)
export class ReservationsController {
  constructor(
    private readonly reservations: ReservationsService,
    private readonly callers: BilledCallers,
  ) {}

  @Post()
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({
    operationId: 'createReservation',
    summary: 'Hold units of a feature',
    description: 'For limits that must hold to the last unit, however many ask at once.',
  })
  @ApiCreatedResponse({ type: ReservationResponse })
  @ApiProblems(SubjectNotFound, EntitlementDenied, QuotaExceeded, BillingElsewhere)
  async create(
    @Tenant() scope: EnvScope,
    @Body() { tenant_id, feature, quantity, ttl_seconds }: CreateReservationRequest,
  ): Promise<ReservationResponse> {
    const subject = await this.callers.named(scope, tenant_id);
    const ttlMs = (ttl_seconds ?? DEFAULT_TTL_S) * 1_000;
    return toReservationResponse(await this.reservations.reserve(subject, feature, quantity ?? 1, ttlMs));
  }

  @Post(':reservationId/commit')
  @HttpCode(204)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'commitReservation', summary: 'Say that what was held has been used: it becomes usage' })
  @ApiNoContentResponse()
  @ApiProblems(ReservationNotFound, BillingElsewhere)
  async commit(@Tenant() scope: EnvScope, @ReservationId() id: Id<'reservation'>): Promise<void> {
    await this.reservations.commit(scope, id);
  }

  @Delete(':reservationId')
  @HttpCode(204)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'releaseReservation', summary: 'Say that what was held is not needed' })
  @ApiNoContentResponse()
  @ApiProblems(ReservationNotFound, BillingElsewhere)
  async release(@Tenant() scope: EnvScope, @ReservationId() id: Id<'reservation'>): Promise<void> {
    await this.reservations.release(scope, id);
  }
}
