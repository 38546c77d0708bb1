import { Text } from '../../../http/validation/text.decorators.js';
import { Email } from '../../../users/dto/identity.decorators.js';

export class ChangeEmailRequest {
  @Email() email: string;
}

export class EmailChangeTokenRequest {
  @Text({ longest: 128, description: 'The token of the mailed link.' }) token: string;
}
