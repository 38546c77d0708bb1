import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { OptionalChoice, OptionalText, QueryInteger } from '../../http/validation/text.decorators.js';
import { OptionalTime, toTime } from '../../http/validation/time.decorator.js';
import type { KeyTotals, KeyUsageRow } from '../usage/key-usage.repository.js';
import { percentile } from '../usage/latency.js';

const DAY_MS = 86_400_000;

export class KeyUsageQuery {
  @OptionalTime('From when on; 30 days ago when absent.') from?: string;
  @OptionalTime('Until when; now when absent.') to?: string;
  @OptionalChoice(['hour', 'day'], '`day` when absent.') window?: 'hour' | 'day';
}

/** @throws ValidationFailed */
export function toSpan({ from, to }: Pick<KeyUsageQuery, 'from' | 'to'>, now: Date) {
  const until = toTime(to, 'to') ?? new Date(now.getTime() + 1);
  return {
    from: toTime(from, 'from') ?? new Date(until.getTime() - 30 * DAY_MS),
    to: until,
  };
}

export class KeyUsagePointResponse {
  @ApiProperty({ format: 'date-time' }) window_start: string;
  @ApiProperty({ description: '`accepted`, or the type of the refusal.' }) outcome: string;
  @ApiProperty({ description: 'The route, or what the verifying service called it.' }) tag: string;
  @ApiProperty({ enum: ['current', 'grace'] }) secret: string;
  @ApiProperty({ type: 'integer' }) count: number;
}

export class KeyLatencyResponse {
  @ApiProperty({ type: 'integer' }) p50: number;
  @ApiProperty({ type: 'integer' }) p95: number;
  @ApiProperty({ type: 'integer' }) p99: number;
}

const LATENCY =
  'Milliseconds that validating took, as the upper bounds of the histogram’s buckets; absent where nothing was validated.';

export class KeyUsageResponse {
  @ApiProperty({ type: 'integer' }) total: number;
  @ApiProperty({ type: 'integer' }) accepted: number;
  @ApiPropertyOptional({ type: KeyLatencyResponse, description: LATENCY }) latency_ms?: KeyLatencyResponse;
  @ApiProperty({ type: [KeyUsagePointResponse], description: 'Oldest first, at most 1,001.' })
  points: KeyUsagePointResponse[];
}

export function toKeyUsageResponse(rows: readonly KeyUsageRow[], latencies: readonly number[]): KeyUsageResponse {
  const points = rows.map(({ windowStart, outcome, tag, generation, count }) => ({
    window_start: windowStart.toISOString(),
    outcome,
    tag,
    secret: generation,
    count: Number(count),
  }));
  const sum = (of: typeof points): number => of.reduce((total, { count }) => total + count, 0);
  return {
    total: sum(points),
    accepted: sum(points.filter(({ outcome }) => outcome === 'accepted')),
    ...latencyOf(latencies),
    points,
  };
}

function latencyOf(counts: readonly number[]): { latency_ms?: KeyLatencyResponse } {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(counts, share));
  return p50 === undefined || p95 === undefined || p99 === undefined ? {} : { latency_ms: { p50, p95, p99 } };
}

export class KeyTotalsQuery {
  @OptionalTime('From when on; 30 days ago when absent.') from?: string;
  @OptionalTime('Until when; now when absent.') to?: string;
  @OptionalText({ longest: 40, description: 'Only of that user’s, service account’s or organization’s keys.' })
  owner_id?: string;
  @QueryInteger(1, 100, 'How many of the most used keys; 10 when absent.') limit?: number;
}

export class KeyOutcomeResponse {
  @ApiProperty({ description: '`accepted`, or the exact reason of the refusal.' }) outcome: string;
  @ApiProperty({ type: 'integer' }) count: number;
}

export class UsedKeyResponse {
  @ApiProperty() key_id: string;
  @ApiProperty() name: string;
  @ApiProperty({ type: 'integer' }) total: number;
  @ApiProperty({ type: 'integer' }) accepted: number;
}

export class KeyTotalsResponse {
  @ApiProperty({ type: 'integer' }) total: number;
  @ApiProperty({ type: 'integer' }) accepted: number;
  @ApiPropertyOptional({ type: KeyLatencyResponse, description: LATENCY }) latency_ms?: KeyLatencyResponse;
  @ApiProperty({ type: [KeyOutcomeResponse], description: 'Most frequent first.' }) outcomes: KeyOutcomeResponse[];
  @ApiProperty({ type: [UsedKeyResponse], description: 'Most used first.' }) keys: UsedKeyResponse[];
}

export function toKeyTotalsResponse({ outcomes, keys }: KeyTotals, latencies: readonly number[]): KeyTotalsResponse {
  const counted = outcomes.map(({ outcome, count }) => ({ outcome, count: Number(count) }));
  return {
    total: counted.reduce((total, { count }) => total + count, 0),
    accepted: counted.find(({ outcome }) => outcome === 'accepted')?.count ?? 0,
    ...latencyOf(latencies),
    outcomes: counted,
    keys: keys.map(({ keyId, name, count, accepted }) => ({
      key_id: keyId,
      name,
      total: Number(count),
      accepted: Number(accepted),
    })),
  };
}
