import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { PageQuery } from '../../../http/paging/page.query.js';
import { OptionalChoice, OptionalText } from '../../../http/validation/text.decorators.js';
import { EventEnvelope } from '../../messages/event-envelope.js';

export class ListEventsQuery extends PageQuery {
  @OptionalText({ longest: 2_000, description: 'Patterns between commas: `user.*,org.created`. All when absent.' })
  events?: string;

  @OptionalChoice(['oldest', 'now'], 'Where to begin without a cursor. Default: with the oldest event that is kept.')
  @Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value))
  start?: 'oldest' | 'now' | null;
}

export class EventListResponse {
  @ApiProperty({ type: [EventEnvelope] }) events: EventEnvelope[];
  @ApiProperty({ description: 'Where to go on; there is one even when nothing is new.' }) next_cursor: string;
  @ApiProperty({ description: 'Whether there is more to read at once.' }) has_more: boolean;
}
