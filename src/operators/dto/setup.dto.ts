import { ApiProperty } from '@nestjs/swagger';
import { Text } from '../../http/validation/text.decorators.js';
import { Email } from '../../users/dto/identity.decorators.js';
import { UserResponse } from '../../users/dto/user.response.js';
import { PasswordText } from '../../auth/password/password.decorator.js';

export class SetupRequest {
  @Text({ longest: 128, description: 'The one-time token that the start screen shows.' }) token: string;
  @Email() email: string;
  @PasswordText() password: string;
}

export class SetupResponse {
  @ApiProperty({ description: 'The first platform owner. Sign in with the platform app’s publishable key.' })
  user: UserResponse;
  @ApiProperty({ description: 'Names the platform app and its default environment.' }) publishable_key: string;
}
