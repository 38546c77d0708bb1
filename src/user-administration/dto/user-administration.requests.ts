import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { PasswordText } from '../../auth/password/password.decorator.js';
import { PageQuery } from '../../http/paging/page.query.js';
import { isFreeMetadata, SubmittedMetadata } from '../../http/validation/metadata.js';
import {
  ClearableText,
  IfPresent,
  OptionalFlag,
  OptionalId,
  OptionalText,
  QueryFlag,
  RequiredId,
} from '../../http/validation/text.decorators.js';
import { invalidFields } from '../../http/validation/validation.pipe.js';
import { OptionalWebUrl } from '../../http/validation/web-url.decorator.js';
import type { Metadata, MetadataChanges } from '../../http/validation/metadata.js';
import type { Id } from '../../kernel/ids/id.js';
import { Email, OptionalEmail, OptionalUsername } from '../../users/dto/identity.decorators.js';
import { toProfileChanges } from '../../users/dto/update-me.request.js';
import { OptionalPhone } from '../../users/phone-number.js';
import { canonicalUsername, displayUsername, nameFrom } from '../../users/user.rules.js';
import type { UserSearch } from '../../users/user-search.repository.js';
import type { ProfileChanges } from '../../users/users.repository.js';
import type { CreatedUser } from '../user-administration.service.js';

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

function OptionalTime(description: string): PropertyDecorator {
  return (target, property) => {
    ApiPropertyOptional({ type: String, format: 'date-time', description })(target, property);
    IfPresent()(target, property);
    Matches(RFC_3339, { message: '$property must be an RFC 3339 time' })(target, property);
  };
}

export class ListUsersQuery extends PageQuery {
  @OptionalEmail() email?: string;
  @OptionalPhone() phone?: string;
  @OptionalText({ longest: 128, description: 'Whole; case does not matter.' }) username?: string;
  @OptionalText({ longest: 255, description: 'Whole.' }) external_id?: string;
  @OptionalText({
    shortest: 2,
    longest: 128,
    description: 'How the address or the username begins; of more than 10,000 such users, 10,000 are found.',
  })
  q?: string;
  @OptionalText({
    longest: 2_000,
    description:
      'Members that the metadata must have, as a JSON object; of more than 10,000 such users, the newest 10,000 are found.',
    example: '{"plan":"pro"}',
  })
  metadata?: string;
  @QueryFlag('Only those who are banned now, or who are not.') banned?: boolean;
  @QueryFlag('Only those whose address is verified, or is not.') verified?: boolean;
  @QueryFlag('Those who were deleted and can be restored, instead of those who live.') deleted?: boolean;
  @OptionalTime('Created then or later.') created_from?: string;
  @OptionalTime('Created before then.') created_to?: string;
  @ApiPropertyOptional({ enum: ['newest', 'oldest'], description: 'Which come first; the newest when absent.' })
  @IfPresent()
  @IsIn(['newest', 'oldest'], { message: '$property must be newest or oldest' })
  order?: 'newest' | 'oldest';
}

/** @throws ValidationFailed */
export function toSearch(query: ListUsersQuery): UserSearch {
  const { email, phone, username, external_id: externalId, q, banned, verified } = query;
  const metadata = query.metadata ? toMembers(query.metadata) : undefined;
  const createdFrom = toTime(query.created_from, 'created_from');
  const createdTo = toTime(query.created_to, 'created_to');
  return {
    filter: {
      ...(email && { email }),
      ...(phone && { phone }),
      // What can be no username names nobody.
      ...(username && { username: canonicalUsername(username) ?? '' }),
      ...(externalId && { externalId }),
      ...(q && { prefix: q.normalize('NFKC').trim().toLowerCase() }),
      ...(metadata && { metadata }),
      ...(typeof banned === 'boolean' && { banned }),
      ...(typeof verified === 'boolean' && { verified }),
      ...(createdFrom && { createdFrom }),
      ...(createdTo && { createdTo }),
    },
    deleted: query.deleted === true,
    oldestFirst: query.order === 'oldest',
  };
}

function toMembers(json: string): Metadata {
  let members: unknown;
  try {
    members = JSON.parse(json);
  } catch {
    members = undefined;
  }
  if (isFreeMetadata(members) && Object.keys(members).length > 0) return members;
  const message = 'metadata must be a JSON object of texts, numbers and booleans';
  throw invalidFields([{ path: 'metadata', code: 'metadata', message }]);
}

/** @throws ValidationFailed for a day that no calendar has. */
export function toTime(text: string | undefined, path: string): Date | undefined {
  if (!text) return undefined;
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw invalidFields([{ path, code: 'matches', message: `${path} must be an RFC 3339 time` }]);
}

export class CreateUserRequest {
  @Email() email: string;
  @OptionalPassword() password?: string;
  @OptionalFlag('Whether the address is known to be theirs. Default: false.') email_verified?: boolean | null;
  @OptionalText({ longest: 100, example: 'Ada' }) first_name?: string;
  @OptionalText({ longest: 100, example: 'Lovelace' }) last_name?: string;
  @OptionalText({ longest: 200, description: 'Both names in one; used when the two parts are absent.' }) name?: string;
  @OptionalUsername() username?: string;
  @OptionalPhone() phone?: string;
  @OptionalWebUrl('A picture.') image?: string | null;
  @OptionalText({ longest: 255, description: 'What another system calls them; unique within the environment.' })
  external_id?: string;
  @SubmittedMetadata('Values of the app’s own. Forms do not apply to operators.') metadata?: Record<string, unknown>;
  @OptionalId('app', 'Names the app, as the query parameter does.') app_id?: string;
}

function OptionalPassword(): PropertyDecorator {
  return (target, property) => {
    IfPresent()(target, property);
    PasswordText()(target, property);
    ApiPropertyOptional({ type: String, description: 'Absent: they set one by POST /v1/forgot-password.' })(
      target,
      property,
    );
  };
}

export function toCreatedUser(request: CreateUserRequest): CreatedUser {
  const { email, password, username, phone, image, external_id: externalId, metadata } = request;
  const canonical = username ? canonicalUsername(username) : undefined;
  return {
    email,
    emailVerified: request.email_verified === true,
    ...nameFrom(request),
    ...(username && canonical ? { username: { canonical, display: displayUsername(username) } } : {}),
    ...(phone && { phone }),
    ...(image && { image }),
    ...(externalId && { externalId }),
    metadata: requireFree(metadata || {}),
    ...(password && { password }),
  };
}

/** Absent and null leave a field as it is; the empty text clears it. */
export class UpdateUserRequest {
  @ClearableText({ longest: 100 }) first_name?: string | null;
  @ClearableText({ longest: 100 }) last_name?: string | null;
  @ClearableText({ longest: 200, description: 'Both names in one; used when the two parts are absent.' })
  name?: string | null;
  @OptionalWebUrl('A picture.') image?: string | null;
  @OptionalUsername() username?: string | null;
  @OptionalFlag('Whether the address is known to be theirs.') email_verified?: boolean | null;
  @OptionalPhone() phone?: string | null;
  @ClearableText({ longest: 255, description: 'What another system calls them; unique within the environment.' })
  external_id?: string | null;
  @SubmittedMetadata('Members to set; null and the empty text clear one. The others stay.')
  metadata?: Record<string, unknown> | null;
}

export function toUserChanges(request: UpdateUserRequest): ProfileChanges {
  const { email_verified: emailVerified, phone, external_id: externalId, metadata } = request;
  return {
    ...toProfileChanges({ ...request, metadata: null }),
    ...(typeof emailVerified === 'boolean' && { emailVerified }),
    ...(phone != null && { phone: phone || null }),
    ...(externalId != null && { externalId: externalId || null }),
    ...(metadata && { metadata: toMetadataChanges(metadata) }),
  };
}

function toMetadataChanges(metadata: Readonly<Record<string, unknown>>): MetadataChanges {
  const said = Object.entries(metadata);
  const isCleared = (value: unknown): boolean => value === null || value === '';
  return {
    set: requireFree(Object.fromEntries(said.filter(([, value]) => !isCleared(value)))),
    cleared: said.filter(([, value]) => isCleared(value)).map(([key]) => key),
  };
}

function requireFree(metadata: Readonly<Record<string, unknown>>): Metadata {
  if (isFreeMetadata(metadata)) return metadata;
  const message = 'metadata must have texts of up to 1024 characters, numbers or booleans as values';
  throw invalidFields([{ path: 'metadata', code: 'metadata', message }]);
}

export class CopyUserRequest {
  @RequiredId('user', 'Who is copied.') source_user_id: Id<'user'>;
  @RequiredId('app', 'Where to.') target_app_id: Id<'app'>;
  @OptionalId('environment', 'An environment of that app; the default one when absent.') env_id?: Id<'environment'>;
}
