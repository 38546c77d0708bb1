import { OptionalId, Text } from '../../../http/validation/text.decorators.js';
import { Email } from '../../../users/dto/identity.decorators.js';
import { PasswordText } from '../password.decorator.js';

export class ForgotPasswordRequest {
  @Email() email: string;
  @OptionalId('app', 'Names the app when no X-Publishable-Key is sent.') app_id?: string;
}

export class ResetPasswordRequest {
  @Text({ longest: 128, description: 'The token of the mailed link.' }) token: string;
  @PasswordText() new_password: string;
}

export class ChangePasswordRequest {
  @PasswordText() current_password: string;
  @PasswordText() new_password: string;
}

export class ReauthenticateRequest {
  @PasswordText() password: string;
}
