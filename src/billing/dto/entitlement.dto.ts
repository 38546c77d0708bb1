import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, Matches } from 'class-validator';
import { FEATURE_KEY, LONGEST_FEATURE_KEY } from '../../billing-bridge/feature-keys.js';
import type { Entitlement } from '../../billing-bridge/ledger.js';
import { OptionalText } from '../../http/validation/text.decorators.js';

const MOST_KEYS = 50;
const KINDS = ['boolean', 'metered', 'seat', 'static', 'unknown'];
const REASONS = [
  'no_subscription',
  'subscription_inactive',
  'trial_expired',
  'feature_not_in_plan',
  'quota_exceeded',
  'over_soft_limit',
  'provider_unavailable',
];

export class CheckEntitlementsRequest {
  @ApiProperty({ type: [String], minItems: 1, maxItems: MOST_KEYS, example: ['authsome.feature.sso'] })
  @IsArray({ message: '$property must be a list of feature keys' })
  @ArrayMinSize(1, { message: '$property must not be empty' })
  @ArrayMaxSize(MOST_KEYS, { message: `$property must hold at most ${MOST_KEYS} keys` })
  @Matches(new RegExp(`^(?=.{1,${LONGEST_FEATURE_KEY}}$)${FEATURE_KEY.source.slice(1)}`), {
    each: true,
    message: '$property must hold lower-case words joined by dots or underscores',
  })
  features: string[];
  @OptionalText({ longest: 64, description: 'The id of an organization, a user, or the app. Yours when absent.' })
  tenant_id?: string;
}

export class EntitlementResponse {
  @ApiProperty() feature: string;
  @ApiProperty() allowed: boolean;
  @ApiProperty({ enum: KINDS }) type: string;
  @ApiPropertyOptional({ enum: REASONS }) reason?: string;
  @ApiProperty({ type: 'integer', description: 'Units used in the period; 0 where none are counted.' }) used: number;
  @ApiProperty({ type: 'integer', description: '-1: no limit.' }) limit: number;
  @ApiProperty({ type: 'integer', description: '-1: no limit.' }) remaining: number;
  @ApiPropertyOptional({ format: 'date-time', description: 'When usage counts anew.' }) resets_at?: string;
  @ApiPropertyOptional({ description: 'What a static feature says.', type: 'object', additionalProperties: true })
  config?: unknown;
  @ApiPropertyOptional({
    description: 'Whether the billing engine did not answer, and this is an earlier answer or a policy’s.',
  })
  stale?: boolean;
}

export class EntitlementListResponse {
  @ApiProperty({ type: [EntitlementResponse] }) entitlements: EntitlementResponse[];
}

export function toEntitlementResponse(entitlement: Entitlement): EntitlementResponse {
  const { featureKey, allowed, kind, reason, used, limit, remaining, resetsAt, config, stale } = entitlement;
  return {
    feature: featureKey,
    allowed,
    type: kind,
    ...(reason === undefined ? {} : { reason }),
    used: used ?? 0,
    limit: limit ?? -1,
    remaining: remaining ?? -1,
    ...(resetsAt === undefined ? {} : { resets_at: resetsAt.toISOString() }),
    ...(config === undefined ? {} : { config }),
    ...(stale === true ? { stale } : {}),
  };
}
