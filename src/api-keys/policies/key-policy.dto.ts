import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { OptionalInteger, OptionalText, Text } from '../../http/validation/text.decorators.js';
import { versioned } from '../../http/etag.js';
import {
  KeyLimitsDto,
  KeyRestrictionsDto,
  Nested,
  ScopeList,
  toAllow,
  toLimits,
  toLimitsDto,
} from '../dto/key-terms.dto.js';
import type { ApiKeyPolicyEntity } from './api-key-policy.entity.js';
import type { KeyPolicyTerms } from './key-policies.repository.js';

const TEN_YEARS_S = 10 * 366 * 86_400;
const LONGEST_GRACE_S = 30 * 86_400;

export class KeyPolicyRequest {
  @Text({ longest: 100, example: 'Partners' }) name: string;
  @OptionalText({ longest: 500 }) description?: string;
  @Nested(() => KeyLimitsDto, 'Of every key for itself; a key’s own limits hold beside them.')
  limits?: KeyLimitsDto | null;
  @Nested(() => KeyRestrictionsDto, 'Where its keys work; a key’s own lists hold beside them.')
  allow?: KeyRestrictionsDto | null;
  @ScopeList('Beyond which none of its keys goes; any when empty.') allowed_scopes?: string[];
  @OptionalInteger(60, TEN_YEARS_S, 'After how many seconds its keys have expired at the latest.')
  max_lifetime_seconds?: number | null;
  @OptionalInteger(60, TEN_YEARS_S, 'After how many seconds a secret is to be rotated: `api_key.rotation_due` says so.')
  rotation_period_seconds?: number | null;
  @OptionalInteger(0, LONGEST_GRACE_S, 'How long a secret that was rotated out works, where the rotation does not say.')
  grace_seconds?: number | null;
}

export class KeyPolicyResponse {
  @ApiProperty({ example: 'akpl_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() name: string;
  @ApiProperty() description: string;
  @ApiPropertyOptional({ type: KeyLimitsDto }) limits?: KeyLimitsDto;
  @ApiPropertyOptional({ type: KeyRestrictionsDto }) allow?: KeyRestrictionsDto;
  @ApiProperty({ type: [String] }) allowed_scopes: string[];
  @ApiPropertyOptional({ type: 'integer' }) max_lifetime_seconds?: number;
  @ApiPropertyOptional({ type: 'integer' }) rotation_period_seconds?: number;
  @ApiPropertyOptional({ type: 'integer' }) grace_seconds?: number;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class KeyPolicyListResponse {
  @ApiProperty({ type: [KeyPolicyResponse], description: 'By name.' }) policies: KeyPolicyResponse[];
}

export function toPolicyTerms(request: KeyPolicyRequest): KeyPolicyTerms {
  const { name, description, limits, allow, allowed_scopes } = request;
  return {
    name,
    description: description || '',
    limits: limits ? toLimits(limits) : {},
    allow: allow ? toAllow(allow) : {},
    allowedScopes: allowed_scopes || [],
    maxLifetimeS: request.max_lifetime_seconds ?? null,
    rotationPeriodS: request.rotation_period_seconds ?? null,
    graceS: request.grace_seconds ?? null,
  };
}

export function toKeyPolicyResponse(policy: ApiKeyPolicyEntity): KeyPolicyResponse {
  const { maxLifetimeS, rotationPeriodS, graceS } = policy;
  const limits = toLimitsDto(policy.limits);
  return versioned(
    {
      id: policy.id,
      name: policy.name,
      description: policy.description,
      ...(limits === undefined ? {} : { limits }),
      ...(Object.keys(policy.allow).length === 0 ? {} : { allow: policy.allow as KeyRestrictionsDto }),
      allowed_scopes: policy.allowedScopes,
      ...(maxLifetimeS === null ? {} : { max_lifetime_seconds: maxLifetimeS }),
      ...(rotationPeriodS === null ? {} : { rotation_period_seconds: rotationPeriodS }),
      ...(graceS === null ? {} : { grace_seconds: graceS }),
      created_at: policy.createdAt.toISOString(),
      updated_at: policy.updatedAt.toISOString(),
    },
    policy.version,
  );
}
