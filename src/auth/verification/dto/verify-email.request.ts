import { ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { IfPresent, OptionalId, OptionalText } from '../../../http/validation/text.decorators.js';
import { Email, OptionalEmail } from '../../../users/dto/identity.decorators.js';

export class VerifyEmailRequest {
  @ApiPropertyOptional({
    pattern: '^[0-9]{6}$',
    description: 'The code; with email, unless a session says whose it is.',
  })
  @IfPresent()
  @Matches(/^[0-9]{6}$/, { message: '$property must have 6 digits' })
  code?: string;

  @OptionalText({ longest: 128, description: 'The token of the mailed link.' }) token?: string;
  @OptionalEmail() email?: string;
  @OptionalId('app') app_id?: string;
}

export class ResendVerificationRequest {
  @Email() email: string;
  @OptionalId('app') app_id?: string;
}
