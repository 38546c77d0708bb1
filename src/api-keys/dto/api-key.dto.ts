import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayUnique, IsArray, IsIn } from 'class-validator';
import { versioned } from '../../http/etag.js';
import { PageQuery } from '../../http/paging/page.query.js';
import { isFreeMetadata, type Metadata, SubmittedMetadata } from '../../http/validation/metadata.js';
import {
  IfPresent,
  OptionalChoice,
  OptionalId,
  OptionalInteger,
  OptionalText,
  Text,
} from '../../http/validation/text.decorators.js';
import { OptionalTime, toTime } from '../../http/validation/time.decorator.js';
import { invalidFields } from '../../http/validation/validation.pipe.js';
import type { Id } from '../../kernel/ids/id.js';
import {
  type CreateKeyInput,
  type KeyInfo,
  KEY_OWNER_KINDS,
  type KeyOwner,
  type KeyResult,
  ROTATION_REASONS,
  type RotatedKey,
  type RotationReason,
  type UpdateKeyInput,
} from '../../keys-bridge/key-manager.js';
import {
  ScopeList,
  KeyRestrictionsDto,
  KeyLimitsDto,
  KeyCreditsDto,
  Nested,
  toLimits,
  toAllow,
  toLimitsDto,
} from './key-terms.dto.js';

const SHOWN_OF_PUBLIC_KEY = 12;
const STATES = ['active', 'suspended', 'revoked'] as const;

class ApiKeySettings {
  @ScopeList('What the key may do; none when empty.') scopes?: string[];
  @OptionalTime('Until when it works.') expires_at?: string;
  @Nested(() => KeyLimitsDto, 'How often it may be used.') limits?: KeyLimitsDto | null;
  @Nested(() => KeyCreditsDto, 'How many calls it has left.') credits?: KeyCreditsDto | null;
  @Nested(() => KeyRestrictionsDto, 'Where it works; everywhere when absent.') allow?: KeyRestrictionsDto | null;
  @SubmittedMetadata('Texts of your own.') metadata?: Metadata;
  @OptionalId('api_key_policy', 'A policy that it stands under; for those who manage keys.')
  policy_id?: Id<'api_key_policy'>;
}

const CLEARABLE = ['expires_at', 'limits', 'credits', 'allow', 'policy_id'] as const;

export class UpdateApiKeyRequest extends ApiKeySettings {
  @ApiPropertyOptional({
    enum: CLEARABLE,
    isArray: true,
    description: 'What is taken away: a field that is null or absent stays as it is.',
  })
  @IfPresent()
  @IsArray({ message: '$property must be a list' })
  @ArrayUnique({ message: '$property must name every field once' })
  @IsIn(CLEARABLE, { each: true, message: `$property must name fields of ${CLEARABLE.join(', ')}` })
  clear?: (typeof CLEARABLE)[number][];
  @OptionalText({ longest: 100 }) name?: string;
}

export class CreateServiceAccountKeyRequest extends ApiKeySettings {
  @Text({ longest: 100, example: 'CI pipeline' }) name: string;
}

export class CreateApiKeyRequest extends CreateServiceAccountKeyRequest {
  @OptionalId('user', 'Whose it is; yours when absent. Another’s needs `manage` on `apikey`.') user_id?: Id<'user'>;
  @OptionalId('organization', 'Of an organization instead: for its admins.') org_id?: Id<'organization'>;
}

/** @throws ValidationFailed */
function metadataOf({ metadata = {} }: ApiKeySettings): Record<string, string> {
  const texts = isFreeMetadata(metadata) && Object.values(metadata).every((value) => typeof value === 'string');
  if (texts) return metadata as Record<string, string>;
  throw invalidFields([
    { path: 'metadata', code: 'metadata', message: 'metadata must hold texts of up to 1,024 characters' },
  ]);
}

/** @throws ValidationFailed */
export function toKeyChanges(request: UpdateApiKeyRequest): UpdateKeyInput {
  const cleared = Object.assign({}, ...(request.clear || []).map((field) => CLEARED[field])) as UpdateKeyInput;
  return { ...toKeySettings(request), ...cleared };
}

const CLEARED = {
  expires_at: { expiresAt: null },
  limits: { limits: {} },
  credits: { credits: null },
  allow: { allow: {} },
  policy_id: { policyId: null },
} as const;

/** @throws ValidationFailed */
function toKeySettings(
  request: ApiKeySettings & { readonly name?: string },
): Omit<UpdateKeyInput, 'policyId'> & { policyId?: string } {
  const { name, scopes, expires_at, limits, credits, allow, metadata, policy_id } = request;
  return {
    ...(name ? { name } : {}),
    ...(scopes ? { scopes } : {}),
    ...(expires_at ? { expiresAt: toTime(expires_at, 'expires_at') ?? null } : {}),
    ...(limits ? { limits: toLimits(limits) } : {}),
    ...(credits
      ? { credits: { remaining: credits.remaining, ...(credits.refill && { refill: { ...credits.refill } }) } }
      : {}),
    ...(allow ? { allow: toAllow(allow) } : {}),
    ...(metadata ? { metadata: metadataOf(request) } : {}),
    ...(policy_id ? { policyId: policy_id } : {}),
  };
}

/** @throws ValidationFailed */
export function toNewKey(request: CreateServiceAccountKeyRequest, owner: KeyOwner): CreateKeyInput {
  const { expiresAt, credits, policyId, ...rest } = toKeySettings(request);
  const optional = { ...(expiresAt && { expiresAt }), ...(credits && { credits }), ...(policyId && { policyId }) };
  return { ...rest, name: request.name, owner, ...optional };
}

export class RotateApiKeyRequest {
  @OptionalInteger(0, 30 * 86_400, 'How long the secret before works too; a day when absent.') grace_seconds?:
    number | null;
  @OptionalChoice(ROTATION_REASONS, '`manual` when absent; `compromise` leaves no grace.')
  reason?: RotationReason | null;
}

export class RevokeApiKeyQuery {
  @OptionalText({ longest: 500, description: 'For the audit trail.' }) reason?: string;
}

export class ListApiKeysQuery extends PageQuery {
  @OptionalId('user', 'Only of that user.') user_id?: Id<'user'>;
  @OptionalId('organization', 'Only of that organization: for its admins too.') org_id?: Id<'organization'>;
  @OptionalChoice(STATES, 'Only those in that state.') state?: (typeof STATES)[number];
}

export class ApiKeyResponse {
  @ApiProperty({ example: 'akey_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() name: string;
  @ApiProperty({ enum: KEY_OWNER_KINDS }) owner_kind: string;
  @ApiProperty() owner_id: string;
  @ApiProperty({ description: 'How the key begins.', example: 'ath_live_4fGh' }) key_prefix: string;
  @ApiProperty({ description: 'How it ends.' }) last_four: string;
  @ApiProperty({ enum: STATES }) state: string;
  @ApiProperty() revoked: boolean;
  @ApiProperty({ type: [String] }) scopes: string[];
  @ApiPropertyOptional({ type: KeyLimitsDto }) limits?: KeyLimitsDto;
  @ApiPropertyOptional({
    description: 'The policy that it stands under: its limits and lists hold beside the key’s own.',
  })
  policy_id?: string;
  @ApiPropertyOptional({ type: KeyCreditsDto }) credits?: KeyCreditsDto;
  @ApiPropertyOptional({ type: KeyRestrictionsDto }) allow?: KeyRestrictionsDto;
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } }) metadata?: Record<string, string>;
  @ApiPropertyOptional({ format: 'date-time' }) expires_at?: string;
  @ApiPropertyOptional({ format: 'date-time' }) last_used_at?: string;
  @ApiPropertyOptional({ format: 'date-time', description: 'Until when the secret before works too.' })
  grace_ends_at?: string;
  @ApiPropertyOptional({ format: 'date-time' }) revoked_at?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
}

export function toApiKeyResponse(key: KeyInfo): ApiKeyResponse {
  const limits = toLimitsDto(key.limits);
  return versioned(
    {
      id: key.id,
      name: key.name,
      owner_kind: key.owner.kind,
      owner_id: key.owner.id,
      key_prefix: key.start,
      last_four: key.lastFour,
      state: key.state,
      revoked: key.state === 'revoked',
      scopes: [...key.scopes],
      ...(limits === undefined ? {} : { limits }),
      ...(key.policyId === null ? {} : { policy_id: key.policyId }),
      ...(key.credits === null ? {} : { credits: key.credits as KeyCreditsDto }),
      ...(Object.keys(key.allow).length === 0 ? {} : { allow: key.allow as KeyRestrictionsDto }),
      ...(Object.keys(key.metadata).length === 0 ? {} : { metadata: { ...key.metadata } }),
      ...(key.expiresAt === null ? {} : { expires_at: key.expiresAt.toISOString() }),
      ...(key.lastUsedAt === null ? {} : { last_used_at: key.lastUsedAt.toISOString() }),
      ...(key.graceEndsAt === null ? {} : { grace_ends_at: key.graceEndsAt.toISOString() }),
      ...(key.revokedAt === null ? {} : { revoked_at: key.revokedAt.toISOString() }),
      created_at: key.createdAt.toISOString(),
    },
    key.version,
  );
}

export class ApiKeyListResponse {
  @ApiProperty({ type: [ApiKeyResponse] }) keys: ApiKeyResponse[];
  @ApiProperty({ type: 'integer', description: 'Of all pages, up to 10,000.' }) total: number;
  @ApiPropertyOptional() next_cursor?: string;
}

export class CreatedApiKeyResponse extends ApiKeyResponse {
  @ApiProperty({ description: 'The key itself: shown now, and never again.' }) key: string;
  @ApiPropertyOptional({ description: 'A publishable key of the environment, for browsers. It opens nothing.' })
  public_key?: string;
  @ApiPropertyOptional({ description: 'How that begins.' }) public_key_prefix?: string;
}

export function toCreatedApiKeyResponse(
  info: KeyInfo,
  { rawKey }: KeyResult,
  publicKey: string | undefined,
): CreatedApiKeyResponse {
  return { ...toApiKeyResponse(info), key: rawKey, ...publicKeyOf(publicKey) };
}

function publicKeyOf(key: string | undefined): { public_key?: string; public_key_prefix?: string } {
  return key === undefined ? {} : { public_key: key, public_key_prefix: key.slice(0, SHOWN_OF_PUBLIC_KEY) };
}

export class RotatedApiKeyResponse {
  @ApiProperty() id: string;
  @ApiProperty({ description: 'The new secret: shown now, and never again.' }) key: string;
  @ApiProperty() key_prefix: string;
  @ApiPropertyOptional({ format: 'date-time', description: 'Until when the secret before works too.' })
  grace_ends_at?: string;
}

export function toRotatedApiKeyResponse({ id, rawKey, start, graceEndsAt }: RotatedKey): RotatedApiKeyResponse {
  return {
    id,
    key: rawKey,
    key_prefix: start,
    ...(graceEndsAt === null ? {} : { grace_ends_at: graceEndsAt.toISOString() }),
  };
}
