import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { SubmittedMetadata } from '../../../http/validation/metadata.js';
import { OptionalId, OptionalText } from '../../../http/validation/text.decorators.js';
import { Email, OptionalUsername } from '../../../users/dto/identity.decorators.js';
import { UserResponse } from '../../../users/dto/user.response.js';
import { canonicalUsername, displayUsername, nameFrom } from '../../../users/user.rules.js';
import { PasswordText } from '../../password/password.decorator.js';
import type { SignUpRequested } from '../sign-up.service.js';

export class SignUpRequest {
  @Email() email: string;
  @PasswordText() password: string;
  @OptionalText({ longest: 100, example: 'Ada' }) first_name?: string;
  @OptionalText({ longest: 100, example: 'Lovelace' }) last_name?: string;
  @OptionalText({ longest: 200, description: 'Both names in one; used when the two parts are absent.' }) name?: string;
  @OptionalUsername() username?: string;
  @SubmittedMetadata('Answers to the sign-up form of the environment; without a form, values of your own.')
  metadata?: Record<string, unknown>;
  @OptionalText({
    longest: 128,
    description:
      'The token of a mailed invitation to this address. It opens sign-up where that is closed, verifies the address, and makes the new user a member.',
  })
  invitation_token?: string;
  @OptionalId('app', 'Names the app when no X-Publishable-Key is sent.') app_id?: string;
}

export function toSignUpInput(request: SignUpRequest): SignUpRequested {
  const { email, password, username, metadata, invitation_token: invitationToken } = request;
  const canonical = username ? canonicalUsername(username) : undefined;
  return {
    email,
    password,
    ...nameFrom(request),
    ...(username && canonical ? { username: { canonical, display: displayUsername(username) } } : {}),
    ...(metadata ? { metadata } : {}),
    ...(invitationToken ? { invitationToken } : {}),
  };
}

/** The new user, and a session unless the address must be verified first. */
export class SignedUpResponse {
  @ApiProperty() user: UserResponse;
  @ApiPropertyOptional({ description: 'Absent while the address must be verified, and in cookie mode.' })
  session_token?: string;
  @ApiPropertyOptional() refresh_token?: string;
  @ApiPropertyOptional({ format: 'date-time' }) expires_at?: string;
  @ApiPropertyOptional({ format: 'date-time' }) refresh_token_expires_at?: string;
  @ApiPropertyOptional() device_token?: string;
  @ApiPropertyOptional({ description: 'True when a session is given only after POST /v1/verify-email.' })
  verification_required?: boolean;
}
