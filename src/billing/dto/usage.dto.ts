import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  ArrayMinSize,
  Equals,
  IsArray,
  IsObject,
  IsOptional,
  ValidateNested,
} from 'class-validator';
import type { Subject, Usage } from '../../billing-bridge/ledger.js';
import { OptionalChoice, OptionalFlag, QueryFlag, Text } from '../../http/validation/text.decorators.js';
import { OptionalTime, toTime } from '../../http/validation/time.decorator.js';
import { type FieldError, invalidFields } from '../../http/validation/validation.pipe.js';
import { FeatureKeyField, TenantField, TenantQuery } from '../dto-parts.js';
import type { Period } from '../periods.js';
import { whyRefused } from '../usage/usage.rules.js';
import { type Reconciliation, type UsagePoint, type UsageWindow, WINDOWS } from '../usage/usage.repository.js';
import type { UsageLine } from '../usage/usage.service.js';

const MOST_EVENTS = 500;
const MOST_DIMENSIONS = 10;
const LONGEST_DIMENSION = 128;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_DAYS = 400;

/** A CloudEvent (1.0). */
export class UsageEventDto {
  @ApiPropertyOptional({ enum: ['1.0'] })
  @IsOptional()
  @Equals('1.0', { message: '$property must be 1.0' })
  specversion?: string;
  @Text({ longest: 200, description: 'Of a source, each event has one of its own: repeated, it counts once.' })
  id: string;
  @Text({ longest: 200, description: 'Who says so: a URI reference.', example: '/invoices-service' }) source: string;
  @FeatureKeyField('The feature that was used.') type: string;
  @Text({ longest: 64, description: 'Who is billed: the id of an organization, a user, or the app.' }) subject: string;
  @OptionalTime('When it happened: up to 35 days ago, or 5 minutes ahead. Now when absent.') time?: string;
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: '`value`: units, a whole number from 1 (when absent) on. Other members are texts: dimensions.',
    example: { value: 3, region: 'eu' },
  })
  @IsOptional()
  @IsObject({ message: '$property must be an object' })
  @Allow()
  data?: Record<string, unknown>;
}

export class IngestUsageRequest {
  @ApiProperty({ type: [UsageEventDto], minItems: 1, maxItems: MOST_EVENTS })
  @IsArray({ message: '$property must be a list' })
  @ArrayMinSize(1, { message: '$property must not be empty' })
  @ArrayMaxSize(MOST_EVENTS, { message: `$property must hold at most ${MOST_EVENTS} events` })
  @IsObject({ each: true, message: 'each of $property must be an object' })
  @ValidateNested({ each: true })
  @Type(() => UsageEventDto)
  events: UsageEventDto[];
}

/** Sources from outside have a prefix, so that nobody can count as the service itself. */
const OUTSIDE = 'ext:';

/** @param subjects by the event’s own name for them. @throws ValidationFailed, naming every event that can never be taken */
export function toUsages({ events }: IngestUsageRequest, subjects: ReadonlyMap<string, Subject>, now: Date): Usage[] {
  const errors: FieldError[] = [];
  const usages = events.map((event, index): Usage => {
    const { value = 1, ...rest } = event.data ?? {};
    const usage = {
      subject: subjects.get(event.subject) as Subject,
      featureKey: event.type,
      quantity: typeof value === 'number' ? value : NaN,
      source: OUTSIDE + event.source,
      idempotencyKey: event.id,
      occurredAt: toTime(event.time, `events.${index}.time`) ?? now,
      dimensions: rest as Record<string, string>,
    };
    const wrong = wrongDimensions(rest) ?? whyRefused(usage, now);
    if (wrong !== undefined)
      errors.push({ path: `events.${index}`, code: 'usage', message: `events.${index}: ${wrong}` });
    return usage;
  });
  if (errors.length > 0) throw invalidFields(errors);
  return usages;
}

function wrongDimensions(dimensions: Record<string, unknown>): string | undefined {
  const entries = Object.entries(dimensions);
  const fine = entries.every(
    ([name, value]) =>
      name.length <= LONGEST_DIMENSION && typeof value === 'string' && value.length <= LONGEST_DIMENSION,
  );
  if (entries.length <= MOST_DIMENSIONS && fine) return undefined;
  return `data may hold, besides value, at most ${MOST_DIMENSIONS} texts of up to ${LONGEST_DIMENSION} characters`;
}

export class IngestUsageResponse {
  @ApiProperty({ type: 'integer', description: 'Events that had not been taken before.' }) accepted: number;
  @ApiProperty({ type: 'integer', description: 'Events that were there already, and count once.' }) duplicates: number;
}

export class UsageLineResponse {
  @ApiProperty() feature_key: string;
  @ApiProperty() feature_name: string;
  @ApiProperty({ enum: ['metered', 'seat'] }) feature_type: string;
  @ApiProperty({ type: 'integer' }) used: number;
  @ApiProperty({ type: 'integer', nullable: true, description: 'null: no limit.' }) limit: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) remaining: number | null;
  @ApiProperty({ example: 'month' }) period: string;
}

export class UsageSummaryResponse {
  @ApiProperty({ type: [UsageLineResponse] }) usage: UsageLineResponse[];
  @ApiProperty({ format: 'date-time' }) period_start: string;
  @ApiProperty({ format: 'date-time' }) period_end: string;
}

export function toUsageSummaryResponse(period: Period, lines: readonly UsageLine[]): UsageSummaryResponse {
  return {
    usage: lines.map(({ key, name, kind, used, limit, remaining, period: counted }) => ({
      feature_key: key,
      feature_name: name,
      feature_type: kind,
      used,
      limit,
      remaining,
      period: counted,
    })),
    period_start: period.starts.toISOString(),
    period_end: period.ends.toISOString(),
  };
}

export class UsageSeriesQuery extends TenantQuery {
  @FeatureKeyField('The meter’s key.') meter: string;
  @OptionalChoice(WINDOWS, '`day` when absent.') window?: UsageWindow;
  @OptionalTime('From when on; 30 days ago when absent.') from?: string;
  @OptionalTime('Until when; now when absent.') to?: string;
  @QueryFlag('Whether dimensions that the meter counts apart are told apart.') group?: boolean;
}

export class ReconcileUsageQuery {
  @OptionalTime('From when on; 30 days ago when absent.') from?: string;
  @OptionalTime('Until when; now when absent.') to?: string;
}

/** Whole hours, which sums are kept by. @throws ValidationFailed */
export function toPeriod({ from, to }: ReconcileUsageQuery, now: Date): Period {
  const end = (toTime(to, 'to') ?? now).getTime();
  const ends = Math.ceil((end + (to ? 0 : 1)) / HOUR_MS) * HOUR_MS;
  const starts = Math.floor((toTime(from, 'from')?.getTime() ?? ends - 30 * DAY_MS) / HOUR_MS) * HOUR_MS;
  if (starts >= ends || ends - starts > MOST_DAYS * DAY_MS) {
    throw invalidFields([{ path: 'from', code: 'range', message: `from must be at most ${MOST_DAYS} days before to` }]);
  }
  return { starts: new Date(starts), ends: new Date(ends) };
}

export class UsagePointResponse {
  @ApiProperty({ format: 'date-time' }) window_start: string;
  @ApiProperty({ type: 'integer' }) value: number;
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } }) dimensions?: Record<
    string,
    string
  >;
}

export class UsageSeriesResponse {
  @ApiProperty() meter: string;
  @ApiProperty({ enum: ['sum', 'count', 'unique', 'max', 'latest'] }) aggregation: string;
  @ApiProperty({ type: [UsagePointResponse], description: 'Oldest first, at most 1,000.' })
  points: UsagePointResponse[];
  @ApiProperty({ description: 'Whether there are more: ask for a shorter time, or a longer window.' })
  truncated: boolean;
}

const MOST_POINTS = 1_000;

export function toUsageSeriesResponse(
  meter: string,
  aggregation: string,
  points: readonly (UsagePoint & { readonly value: number })[],
): UsageSeriesResponse {
  return {
    meter,
    aggregation,
    points: points.slice(0, MOST_POINTS).map(({ windowStart, value, dimensions }) => ({
      window_start: windowStart.toISOString(),
      value,
      ...(dimensions === '' ? {} : { dimensions: JSON.parse(dimensions) as Record<string, string> }),
    })),
    truncated: points.length > MOST_POINTS,
  };
}

export class ReconciliationResponse {
  @ApiProperty() feature_key: string;
  @ApiProperty({ type: 'integer' }) events: number;
  @ApiProperty({ type: 'integer', description: 'Units, by the events.' }) event_units: number;
  @ApiProperty({ type: 'integer', description: 'Units, by the sums.' }) rolled_up_units: number;
  @ApiProperty({ type: 'integer', description: '0 where all is well.' }) difference: number;
}

export class ReconciliationListResponse {
  @ApiProperty({ type: [ReconciliationResponse] }) features: ReconciliationResponse[];
}

export function toReconciliationResponse({
  featureKey,
  events,
  eventUnits,
  rolledUpUnits,
}: Reconciliation): ReconciliationResponse {
  return {
    feature_key: featureKey,
    events: Number(events),
    event_units: Number(eventUnits),
    rolled_up_units: Number(rolledUpUnits),
    difference: Number(eventUnits) - Number(rolledUpUnits),
  };
}

export class ResetUsageRequest {
  @TenantField() tenant_id: string;
  @FeatureKeyField() feature: string;
  @OptionalFlag('Whether what went beyond the limit is charged to the new count; false when absent.')
  preserve_overage?: boolean | null;
}
