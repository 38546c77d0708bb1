import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission, RequireScopes } from '../http/access/access.js';
import { Tenant } from '../http/params/caller.decorators.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { KeyTotalsQuery, KeyTotalsResponse, toKeyTotalsResponse, toSpan } from './dto/key-usage.dto.js';
import { KeyUsageRepository } from './usage/key-usage.repository.js';

const MOST_USED = 10;

@ApiTags('API keys')
@Controller('v1/admin/api-keys')
export class ApiKeyAnalyticsController {
  constructor(
    private readonly usage: KeyUsageRepository,
    private readonly clock: Clock,
  ) {}

  @Get('usage')
  @RequirePermission('manage', 'apikey')
  @RequireScopes('read:keys')
  @ApiOperation({
    operationId: 'adminGetAPIKeyUsage',
    summary: 'What the keys of an environment or an owner were used for: outcomes, latency, the most used',
  })
  @ApiOkResponse({ type: KeyTotalsResponse })
  async totals(@Tenant() scope: EnvScope, @Query() query: KeyTotalsQuery): Promise<KeyTotalsResponse> {
    const owner = query.owner_id ? { ownerId: query.owner_id } : {};
    const span = { ...toSpan(query, this.clock.now()), ...owner };
    const totals = await this.usage.totals(scope, span, query.limit || MOST_USED);
    return toKeyTotalsResponse(totals, await this.usage.latencies(scope, span));
  }
}
