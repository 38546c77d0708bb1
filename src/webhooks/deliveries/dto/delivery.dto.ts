import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { PageQuery } from '../../../http/paging/page.query.js';
import { OptionalChoice, OptionalText } from '../../../http/validation/text.decorators.js';
import { OptionalTime, Time, toTime } from '../../../http/validation/time.decorator.js';
import { OptionalEventPatterns } from '../../dto/webhook-fields.js';
import type { ReplayRequest } from '../../replays/replays.service.js';
import type { DeliveryFilter } from '../deliveries.repository.js';
import { DELIVERY_STATES, type DeliveryState, type WebhookDeliveryEntity } from '../webhook-delivery.entity.js';

export class ListDeliveriesQuery extends PageQuery {
  @OptionalChoice(DELIVERY_STATES, '`failed`: dead letters, which are not tried again by themselves.')
  state?: DeliveryState | null;
  @OptionalText({ longest: 100, description: 'Of one event.' }) event?: string;
  @OptionalTime('Queued then or later.') from?: string;
  @OptionalTime('Queued before then.') to?: string;
}

export class ResendFailedRequest {
  @OptionalText({ longest: 100, description: 'Of one event.' }) event?: string;
  @OptionalTime('Queued then or later.') from?: string;
  @OptionalTime('Queued before then.') to?: string;
}

export class ReplayEventsRequest {
  @Time('Events that happened then or later.') from: string;
  @OptionalTime('Events that happened before then. Default: now.') to?: string;
  @OptionalEventPatterns() events?: string[];
}

export class TestWebhookRequest {
  @OptionalText({ longest: 100, description: 'Sends the example of that event. Default: `webhook.test`.' })
  event?: string;
}

export class DeliveryAttemptResponse {
  @ApiProperty({ format: 'date-time' }) at: string;
  @ApiPropertyOptional({ type: 'integer', description: 'Absent when no answer came.' }) status?: number;
  @ApiProperty({ type: 'integer' }) latency_ms: number;
  @ApiPropertyOptional({ description: 'Why no answer came.' }) error?: string;
  @ApiPropertyOptional({ description: 'The first 1,000 characters of the answer.' }) response?: string;
}

export class DeliveryResponse {
  @ApiProperty({ example: 'awdl_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() webhook_id: string;
  @ApiProperty() event_id: string;
  @ApiProperty({ example: 'user.created' }) event: string;
  @ApiProperty({ description: 'What the event is about.' }) subject_id: string;
  @ApiProperty({ type: 'integer' }) sequence: number;
  @ApiProperty({ enum: DELIVERY_STATES }) state: DeliveryState;
  @ApiPropertyOptional({ format: 'date-time' }) next_attempt_at?: string;
  @ApiPropertyOptional({ description: 'The replay that asked for it.' }) replay_id?: string;
  @ApiProperty({ type: [DeliveryAttemptResponse], description: 'The latest 20, oldest first.' })
  attempts: DeliveryAttemptResponse[];
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiPropertyOptional({ format: 'date-time' }) finished_at?: string;
}

export class DeliveryListResponse {
  @ApiProperty({ type: [DeliveryResponse] }) deliveries: DeliveryResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export class ResentResponse {
  @ApiProperty({ type: 'integer', description: 'How many are on their way again.' }) resent: number;
}

export class ReplayResponse {
  @ApiProperty({ example: 'awrp_01jd3v3x6pe0p9m2s5f7q8w9ab' }) replay_id: string;
}

/** @throws ValidationFailed for a day that no calendar has. */
export function toDeliveryFilter(query: ListDeliveriesQuery | ResendFailedRequest): DeliveryFilter {
  const since = toTime(query.from, 'from');
  const until = toTime(query.to, 'to');
  return {
    ...('state' in query && query.state && { state: query.state }),
    ...(query.event && { event: query.event }),
    ...(since && { since }),
    ...(until && { until }),
  };
}

/** @throws ValidationFailed for a day that no calendar has. */
export function toReplayRequest({ from, to, events }: ReplayEventsRequest): ReplayRequest {
  const until = toTime(to, 'to');
  return { since: toTime(from, 'from') as Date, ...(until && { until }), ...(events && { events }) };
}

export function toDeliveryResponse(delivery: WebhookDeliveryEntity): DeliveryResponse {
  const { state, cause, finishedAt } = delivery;
  return {
    id: delivery.id,
    webhook_id: delivery.webhookId,
    event_id: delivery.eventId,
    event: delivery.event,
    subject_id: delivery.subjectId,
    sequence: Number(delivery.sequence),
    state,
    ...(state === 'waiting' && { next_attempt_at: delivery.nextAttemptAt.toISOString() }),
    ...(cause.startsWith('awrp_') && { replay_id: cause }),
    attempts: delivery.attemptLog.map((attempt) => ({ ...attempt })),
    created_at: delivery.createdAt.toISOString(),
    ...(finishedAt && { finished_at: finishedAt.toISOString() }),
  };
}
