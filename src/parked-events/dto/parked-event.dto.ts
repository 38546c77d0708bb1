import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { ParkedEvent } from '../parked-events.system-repository.js';

export class ParkedEventResponse {
  @ApiProperty({ example: 'webhooks', description: 'Who refused it.' }) consumer: string;
  @ApiProperty({ example: 'aevt_01jd3v3x6pe0p9m2s5f7q8w9ab' }) event_id: string;
  @ApiPropertyOptional({ example: 'user.created', description: 'Absent when the event is not kept any more.' })
  event?: string;
  @ApiProperty() app_id: string;
  @ApiPropertyOptional() env_id?: string;
  @ApiProperty({ description: 'What the consumer said.' }) reason: string;
  @ApiProperty({ format: 'date-time' }) parked_at: string;
}

export class ParkedEventListResponse {
  @ApiProperty({ type: [ParkedEventResponse] }) parked_events: ParkedEventResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export function toParkedEventResponse(parked: ParkedEvent): ParkedEventResponse {
  return {
    consumer: parked.consumer,
    event_id: parked.eventId,
    ...(parked.name !== null && { event: parked.name }),
    app_id: parked.appId,
    ...(parked.envId !== null && { env_id: parked.envId }),
    reason: parked.reason,
    parked_at: parked.parkedAt.toISOString(),
  };
}
