import { ApiProperty } from '@nestjs/swagger';

/** A fact as webhooks and the feed tell it. Grows by new members only. */
export class EventEnvelope {
  @ApiProperty({
    example: 'aevt_01jd3v3x6pe0p9m2s5f7q8w9ab',
    description: 'The same for every endpoint and attempt, and in the feed: what was seen before is to be ignored.',
  })
  id: string;
  @ApiProperty({ example: 'user.created' }) event: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiProperty({ format: 'date-time' }) occurred_at: string;
  @ApiProperty({ type: 'integer', description: 'Orders the events of one subject as they happened.' }) sequence: number;
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'The payload of the event, and the user or organization it names as the API shows it now.',
  })
  data: Record<string, unknown>;
}
