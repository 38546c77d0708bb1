import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import { OptionalInteger } from '../../http/validation/text.decorators.js';
import { OptionalTime, toTime } from '../../http/validation/time.decorator.js';
import { invalidFields } from '../../http/validation/validation.pipe.js';
import { tenantIdOf } from '../billed-callers.js';
import {
  FeatureKeyField,
  MOST_LIMIT,
  OptionalFeatureKey,
  TenantField,
  TenantPageQuery,
  WholeNumber,
} from '../dto-parts.js';
import type { GrantEntity } from '../grants/grant.entity.js';
import type { NewGrant } from '../grants/grants.repository.js';
import type { OverrideEntity } from '../grants/override.entity.js';
import type { ReservationEntity } from '../grants/reservation.entity.js';

export class CreateGrantRequest {
  @TenantField() tenant_id: string;
  @FeatureKeyField('A metered feature.') feature: string;
  @WholeNumber(1, MOST_LIMIT, 'Units.') amount: number;
  @OptionalInteger(0, 1_000, 'The lower, the earlier it is used; 100 when absent.') priority?: number | null;
  @OptionalTime('From when on; now when absent.') effective_at?: string;
  @OptionalTime('Until when; for good when absent.') expires_at?: string;
  @OptionalInteger(0, MOST_LIMIT, 'Units it has at least when a period begins; 0 when absent.') least_rollover?:
    number | null;
  @OptionalInteger(0, MOST_LIMIT, 'Units it keeps at most when a period ends; all of them when absent.')
  most_rollover?: number | null;
}

/** @throws ValidationFailed */
export function toNewGrant(request: CreateGrantRequest, subjectKey: SubjectKey, now: Date): Omit<NewGrant, 'id'> {
  const leastRollover = request.least_rollover ?? 0;
  const mostRollover = request.most_rollover ?? Math.max(request.amount, leastRollover);
  if (leastRollover > mostRollover) {
    const message = 'least_rollover must not be above most_rollover';
    throw invalidFields([{ path: 'least_rollover', code: 'range', message }]);
  }
  return {
    subjectKey,
    featureKey: request.feature,
    amount: request.amount,
    priority: request.priority ?? 100,
    effectiveAt: toTime(request.effective_at, 'effective_at') ?? now,
    expiresAt: toTime(request.expires_at, 'expires_at') ?? null,
    leastRollover,
    mostRollover,
  };
}

export class ListGrantsQuery extends TenantPageQuery {
  @OptionalFeatureKey('Only of that feature.') feature?: string;
}

export class GrantResponse {
  @ApiProperty({ example: 'agrt_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() tenant_id: string;
  @ApiProperty() feature: string;
  @ApiProperty({ type: 'integer' }) amount: number;
  @ApiProperty({ type: 'integer', description: 'As of the end of the last period.' }) remaining: number;
  @ApiProperty({ type: 'integer' }) priority: number;
  @ApiProperty({ format: 'date-time' }) effective_at: string;
  @ApiPropertyOptional({ format: 'date-time' }) expires_at?: string;
  @ApiPropertyOptional({ format: 'date-time' }) voided_at?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
}

export class GrantListResponse {
  @ApiProperty({ type: [GrantResponse] }) grants: GrantResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export function toGrantResponse(grant: GrantEntity): GrantResponse {
  return {
    id: grant.id,
    tenant_id: tenantIdOf(grant.subjectKey),
    feature: grant.featureKey,
    amount: Number(grant.amount),
    remaining: Number(grant.remaining),
    priority: grant.priority,
    effective_at: grant.effectiveAt.toISOString(),
    ...(grant.expiresAt === null ? {} : { expires_at: grant.expiresAt.toISOString() }),
    ...(grant.voidedAt === null ? {} : { voided_at: grant.voidedAt.toISOString() }),
    created_at: grant.createdAt.toISOString(),
  };
}

export class SetOverrideRequest {
  @TenantField() tenant_id: string;
  @FeatureKeyField() feature: string;
  @ApiPropertyOptional({
    type: 'integer',
    nullable: true,
    minimum: -1,
    maximum: MOST_LIMIT,
    description: '-1 or null: no limit. Of a boolean feature: 0 is off, 1 is on.',
  })
  @IsOptional()
  @IsInt({ message: '$property must be an integer' })
  @Min(-1)
  @Max(MOST_LIMIT)
  limit?: number | null;
  @OptionalTime('Until when; for good when absent.') expires_at?: string;
}

export class OverrideQuery {
  @TenantField() tenant_id: string;
  @FeatureKeyField() feature: string;
}

export class OverrideResponse {
  @ApiProperty() tenant_id: string;
  @ApiProperty() feature: string;
  @ApiProperty({ type: 'integer', nullable: true, description: 'null: no limit.' }) limit: number | null;
  @ApiPropertyOptional({ format: 'date-time' }) expires_at?: string;
}

export function toOverrideResponse({ subjectKey, featureKey, units, expiresAt }: OverrideEntity): OverrideResponse {
  return {
    tenant_id: tenantIdOf(subjectKey),
    feature: featureKey,
    limit: units === null ? null : Number(units),
    ...(expiresAt === null ? {} : { expires_at: expiresAt.toISOString() }),
  };
}

export class CreateReservationRequest {
  @TenantField() tenant_id: string;
  @FeatureKeyField('A metered feature.') feature: string;
  @OptionalInteger(1, MOST_LIMIT, 'Units; 1 when absent.') quantity?: number | null;
  @OptionalInteger(1, 86_400, 'For how long they are held; 300 when absent.') ttl_seconds?: number | null;
}

export class ReservationResponse {
  @ApiProperty({ example: 'arsv_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() tenant_id: string;
  @ApiProperty() feature: string;
  @ApiProperty({ type: 'integer' }) quantity: number;
  @ApiProperty({ format: 'date-time' }) expires_at: string;
}

export function toReservationResponse({
  id,
  subjectKey,
  featureKey,
  quantity,
  expiresAt,
}: ReservationEntity): ReservationResponse {
  return {
    id,
    tenant_id: tenantIdOf(subjectKey),
    feature: featureKey,
    quantity: Number(quantity),
    expires_at: expiresAt.toISOString(),
  };
}
