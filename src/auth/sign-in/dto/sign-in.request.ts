import { invalidFields } from '../../../http/validation/validation.pipe.js';
import { SubmittedMetadata } from '../../../http/validation/metadata.js';
import { OptionalId, OptionalText } from '../../../http/validation/text.decorators.js';
import { OptionalEmail } from '../../../users/dto/identity.decorators.js';
import { canonicalUsername } from '../../../users/user.rules.js';
import { PasswordText } from '../../password/password.decorator.js';
import type { Identifier } from '../sign-in.service.js';

export class SignInRequest {
  @OptionalEmail() email?: string;
  @OptionalText({ longest: 128, description: 'Instead of email.' }) username?: string;
  @PasswordText() password: string;
  @SubmittedMetadata('Answers to the sign-in form of the environment, if it has one.') metadata?: Record<
    string,
    unknown
  >;
  @OptionalId('app', 'Names the app when no X-Publishable-Key is sent.') app_id?: string;
}

/** @throws ValidationFailed when neither is given. */
export function toIdentifier({ email, username }: SignInRequest): Identifier {
  if (email) return { email };
  // A text that cannot be a username names nobody; it is looked up all the same, so that it costs the same.
  if (username) return { username: canonicalUsername(username) ?? username.slice(0, 64) };
  throw invalidFields([{ path: 'email', code: 'required', message: 'email or username is required' }]);
}
