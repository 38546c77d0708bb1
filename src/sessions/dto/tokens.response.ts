import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { UserResponse } from '../../users/dto/user.response.js';

/** The tokens of a session. In cookie mode (`X-Authsome-Transport: cookie`) they are in HttpOnly cookies instead (R316). */
export class TokensResponse {
  @ApiPropertyOptional({ description: 'Access token: 64 hexadecimal characters, or a JWT if the app asks for it.' })
  session_token?: string;
  @ApiPropertyOptional() refresh_token?: string;
  @ApiProperty({ format: 'date-time', description: 'When the access token runs out.' }) expires_at: string;
  @ApiProperty({ format: 'date-time', description: 'When the refresh token runs out.' })
  refresh_token_expires_at: string;
}

export class SignedInResponse extends TokensResponse {
  @ApiProperty() user: UserResponse;
  @ApiPropertyOptional({
    description: 'A secret by which this device is recognised: keep it and send it as X-Device-Token. Shown once.',
  })
  device_token?: string;
}
