import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireOperator } from '../http/access/access.js';
import { TargetApp } from '../http/params/caller.decorators.js';
import { invalidFields } from '../http/validation/validation.pipe.js';
import { Clock } from '../kernel/clock/clock.js';
import type { AppScope } from '../kernel/context/scope.js';
import {
  StatsQuery,
  StatsResponse,
  StatsSeriesQuery,
  StatsSeriesResponse,
  toPointResponse,
  toStatsResponse,
} from './dto/stats.dto.js';
import { STAT_METRICS } from './stat-counter.entity.js';
import { StatsService } from './stats.service.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const MOST_DAYS = 400;

@ApiTags('Statistics')
@Controller('v1/admin/stats')
export class StatsController {
  constructor(
    private readonly stats: StatsService,
    private readonly clock: Clock,
  ) {}

  @Get()
  @RequireOperator('app')
  @ApiOperation({
    operationId: 'adminGetStats',
    summary: 'How many users an app has, and what happened today',
    description: 'From rollups that follow the facts by a moment.',
  })
  @ApiOkResponse({ type: StatsResponse })
  async current(@TargetApp() app: AppScope, @Query() { env_id }: StatsQuery): Promise<StatsResponse> {
    return toStatsResponse(await this.stats.current(app, env_id));
  }

  @Get('series')
  @RequireOperator('app')
  @ApiOperation({
    operationId: 'adminGetStatsSeries',
    summary: 'Sign-ups, sign-ins, failures and active users over time, by environment',
  })
  @ApiOkResponse({ type: StatsSeriesResponse })
  async series(
    @TargetApp() app: AppScope,
    @Query() { env_id, metrics, from, to }: StatsSeriesQuery,
  ): Promise<StatsSeriesResponse> {
    const last = to || isoDay(this.clock.now());
    const first = from || isoDay(new Date(Date.parse(last) - DEFAULT_DAYS * DAY_MS));
    const days = (Date.parse(last) - Date.parse(first)) / DAY_MS;
    if (!(days >= 0 && days <= MOST_DAYS)) {
      const message = `from must be at most ${MOST_DAYS} days before to`;
      throw invalidFields([{ path: 'from', code: 'range', message }]);
    }
    const rows = await this.stats.series(app, env_id, metrics?.length ? metrics : STAT_METRICS, first, last);
    return { points: rows.map(toPointResponse) };
  }
}

function isoDay(at: Date): string {
  return at.toISOString().slice(0, 10);
}
