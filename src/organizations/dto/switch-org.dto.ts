import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { OptionalId } from '../../http/validation/text.decorators.js';
import type { Id } from '../../kernel/ids/id.js';

export class SwitchOrgRequest {
  @OptionalId('organization', 'Absent, null or empty: the session acts for no organization.')
  org_id?: Id<'organization'> | '' | null;
}

export class SwitchOrgResponse {
  @ApiProperty() session_id: string;
  @ApiPropertyOptional() org_id?: string;
}
