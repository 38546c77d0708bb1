import { ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { IfPresent, OptionalText } from '../../http/validation/text.decorators.js';

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

export class BanUserRequest {
  @OptionalText({ longest: 500, description: 'Why, for other operators.' }) reason?: string;

  @ApiPropertyOptional({
    format: 'date-time',
    description: 'The ban ends by itself then. Absent: it stays until lifted.',
  })
  @IfPresent()
  @Matches(RFC_3339, { message: '$property must be an RFC 3339 time' })
  expires_at?: string;
}
