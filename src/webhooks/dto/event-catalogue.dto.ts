import { ApiProperty } from '@nestjs/swagger';
import { eventCatalogue } from '../../kernel/events/event-map.js';
import { exampleOf, schemaOf } from '../event-schemas.js';

export class EventDescriptionResponse {
  @ApiProperty({ example: 'user.created' }) name: string;
  @ApiProperty({ description: 'When it happens.' }) description: string;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'JSON Schema of `data`.' }) schema: object;
  @ApiProperty({ type: 'object', additionalProperties: true }) example: object;
}

export class EventCatalogueResponse {
  @ApiProperty({ type: [EventDescriptionResponse] }) events: EventDescriptionResponse[];
}

export function toEventCatalogueResponse(): EventCatalogueResponse {
  return {
    events: eventCatalogue().map(({ name, when }) => ({
      name,
      description: when,
      schema: schemaOf(name),
      example: exampleOf(name),
    })),
  };
}
