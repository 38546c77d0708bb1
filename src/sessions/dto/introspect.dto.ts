import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Text } from '../../http/validation/text.decorators.js';

export class IntrospectRequest {
  @Text({ longest: 8_192, description: 'An access token.' }) token: string;
}

export class IntrospectedUser {
  @ApiProperty() id: string;
  @ApiProperty({ format: 'idn-email' }) email: string;
  @ApiPropertyOptional() first_name?: string;
  @ApiPropertyOptional() last_name?: string;
  @ApiPropertyOptional() username?: string;
}

/** An inactive token says nothing but that. */
export class IntrospectResponse {
  @ApiProperty() active: boolean;
  @ApiPropertyOptional() user_id?: string;
  @ApiPropertyOptional() app_id?: string;
  @ApiPropertyOptional() env_id?: string;
  @ApiPropertyOptional() org_id?: string;
  @ApiPropertyOptional() session_id?: string;
  @ApiPropertyOptional({ format: 'date-time' }) expires_at?: string;
  @ApiPropertyOptional() user?: IntrospectedUser;
}
