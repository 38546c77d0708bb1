import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsIn, Matches } from 'class-validator';
import { IfPresent, OptionalId } from '../../http/validation/text.decorators.js';
import type { Id } from '../../kernel/ids/id.js';
import { STAT_METRICS, type StatMetric } from '../stat-counter.entity.js';
import type { CounterRow } from '../stats.repository.js';
import type { EnvironmentStats } from '../stats.service.js';

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

function OptionalDate(description: string): PropertyDecorator {
  return (target, property) => {
    ApiPropertyOptional({ type: String, format: 'date', description })(target, property);
    IfPresent()(target, property);
    Matches(DATE, { message: '$property must be a date such as 2026-01-31' })(target, property);
  };
}

export class StatsQuery {
  @OptionalId('environment', 'One environment; every one of the app when absent.') env_id?: Id<'environment'>;
}

export class StatsSeriesQuery extends StatsQuery {
  @ApiPropertyOptional({
    type: String,
    description: `Which counters, separated by commas: ${STAT_METRICS.join(', ')}. All when absent.`,
  })
  @IfPresent()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',').filter(Boolean) : value))
  @ArrayMaxSize(STAT_METRICS.length, { message: '$property must name each counter once' })
  @IsIn(STAT_METRICS, { each: true, message: `$property must be of ${STAT_METRICS.join(', ')}` })
  metrics?: StatMetric[];
  @OptionalDate('First day, UTC. Default: 30 days ago.') from?: string;
  @OptionalDate('Last day, UTC. Default: today. At most 400 days after the first.') to?: string;
}

export class ActiveUsersResponse {
  @ApiProperty({ description: 'Since midnight, UTC.' }) day: number;
  @ApiProperty({ description: 'Since Monday.' }) week: number;
  @ApiProperty({ description: 'Since the first of the month.' }) month: number;
}

export class EnvironmentStatsResponse {
  @ApiProperty() env_id: string;
  @ApiProperty() total_users: number;
  @ApiProperty() active_users: ActiveUsersResponse;
  @ApiProperty({ description: 'Today, UTC.' }) sign_ups: number;
  @ApiProperty({ description: 'Today, UTC.' }) sign_ins: number;
  @ApiProperty({ description: 'Today, UTC: wrong passwords for accounts that exist.' }) sign_in_failures: number;
}

export class StatsResponse {
  @ApiProperty({ description: 'Users of the app, or of the environment that was named.' }) total_users: number;
  @ApiProperty({ type: [EnvironmentStatsResponse] }) environments: EnvironmentStatsResponse[];
}

export class StatsPointResponse {
  @ApiProperty({ format: 'date', description: 'UTC; of active_week and active_month the first day of the period.' })
  day: string;
  @ApiProperty() env_id: string;
  @ApiProperty({ enum: STAT_METRICS }) metric: string;
  @ApiProperty() value: number;
}

export class StatsSeriesResponse {
  @ApiProperty({ type: [StatsPointResponse], description: 'By day; days on which nothing happened are left out.' })
  points: StatsPointResponse[];
}

export function toStatsResponse(environments: readonly EnvironmentStats[]): StatsResponse {
  return {
    total_users: environments.reduce((sum, { users }) => sum + users, 0),
    environments: environments.map(({ envId, users, activeUsers, signUps, signIns, signInFailures }) => ({
      env_id: envId,
      total_users: users,
      active_users: activeUsers,
      sign_ups: signUps,
      sign_ins: signIns,
      sign_in_failures: signInFailures,
    })),
  };
}

export function toPointResponse({ day, envId, metric, value }: CounterRow): StatsPointResponse {
  return { day, env_id: envId, metric, value };
}
