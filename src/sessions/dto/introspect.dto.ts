import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Text } from '../../http/validation/text.decorators.js';
import { KEY_OWNER_KINDS } from '../../keys-bridge/key-manager.js';
import { MEMBER_ROLES } from '../../http/access/memberships.js';

export class IntrospectRequest {
  @Text({ longest: 8_192, description: 'An access token, or an API key.' }) token: string;
}

export class IntrospectedUser {
  @ApiProperty() id: string;
  @ApiProperty({ format: 'idn-email' }) email: string;
  @ApiPropertyOptional() first_name?: string;
  @ApiPropertyOptional() last_name?: string;
  @ApiPropertyOptional() username?: string;
}

export class IntrospectedActor {
  @ApiProperty({ description: 'The operator’s user id.' }) sub: string;
}

/** An inactive token says nothing but that. */
export class IntrospectResponse {
  @ApiProperty() active: boolean;
  @ApiPropertyOptional() user_id?: string;
  @ApiPropertyOptional() app_id?: string;
  @ApiPropertyOptional() env_id?: string;
  @ApiPropertyOptional({
    description: 'The organization the session acts for; its owner belongs to it at this moment.',
  })
  org_id?: string;
  @ApiPropertyOptional({ enum: MEMBER_ROLES, description: 'As what.' }) org_role?: string;
  @ApiPropertyOptional({ description: 'Who acts as the user (RFC 8693): the operator of an impersonation.' })
  act?: IntrospectedActor;
  @ApiPropertyOptional() session_id?: string;
  @ApiPropertyOptional({ format: 'date-time' }) expires_at?: string;
  @ApiPropertyOptional() user?: IntrospectedUser;
  @ApiPropertyOptional({ description: 'Of an API key.' }) key_id?: string;
  @ApiPropertyOptional({ enum: KEY_OWNER_KINDS }) owner_kind?: string;
  @ApiPropertyOptional() owner_id?: string;
  @ApiPropertyOptional({ description: 'The scopes of an API key, with spaces between (RFC 7662).' }) scope?: string;
}
