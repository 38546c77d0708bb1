import { ClearableText } from '../../http/validation/text.decorators.js';
import { SubmittedMetadata } from '../../http/validation/metadata.js';
import { OptionalWebUrl } from '../../http/validation/web-url.decorator.js';
import type { ProfileChanges } from '../users.repository.js';
import { canonicalUsername, displayUsername, splitName } from '../user.rules.js';
import { OptionalUsername } from './identity.decorators.js';

/** Absent and null leave a field as it is; the empty text clears it. */
export class UpdateMeRequest {
  @ClearableText({ longest: 100 }) first_name?: string | null;
  @ClearableText({ longest: 100 }) last_name?: string | null;
  @ClearableText({ longest: 200, description: 'Both names in one; used when the two parts are absent.' })
  name?: string | null;
  @OptionalWebUrl('A picture.') image?: string | null;
  @OptionalUsername() username?: string | null;
  @SubmittedMetadata('Answers to the profile form of the environment; null and the empty text clear one.')
  metadata?: Record<string, unknown> | null;
}

export function toProfileChanges(request: UpdateMeRequest): ProfileChanges {
  const { first_name: first, last_name: last, name, image, username } = request;
  const wholeName = first == null && last == null && name != null ? splitName(name) : {};
  return {
    ...wholeName,
    ...(first == null ? {} : { firstName: first.trim() }),
    ...(last == null ? {} : { lastName: last.trim() }),
    ...(image == null ? {} : { image: image === '' ? null : image }),
    ...(username == null
      ? {}
      : {
          username: username === '' ? null : (canonicalUsername(username) ?? null),
          displayUsername: displayUsername(username) || null,
        }),
  };
}
