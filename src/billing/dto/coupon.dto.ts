import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { OptionalTime, toTime } from '../../http/validation/time.decorator.js';
import { Choice, OptionalChoice, OptionalInteger, OptionalText, Text } from '../../http/validation/text.decorators.js';
import { invalidFields } from '../../http/validation/validation.pipe.js';
import type { CouponDuration, CouponEntity, CouponType } from '../coupons/coupon.entity.js';
import type { NewCoupon } from '../coupons/coupons.repository.js';
import { MOST_AMOUNT, OptionalCurrency } from '../dto-parts.js';
import { majorUnits } from '../money.js';

const TYPES = ['percentage', 'amount'] as const satisfies readonly CouponType[];
const DURATIONS = ['once', 'forever'] as const satisfies readonly CouponDuration[];

export class CreateCouponRequest {
  @Text({ longest: 64, description: 'What people type; upper and lower case are the same.', example: 'WELCOME10' })
  code: string;
  @OptionalText({ longest: 100, description: 'The code when absent.' }) name?: string;
  @Choice(TYPES, 'Off the total: a share of it, or a fixed amount.') type: CouponType;
  @OptionalInteger(1, 100, 'Of a percentage.') percentage?: number | null;
  @OptionalInteger(1, MOST_AMOUNT, 'Of an amount: minor units (cents).') amount?: number | null;
  @OptionalCurrency() currency?: string;
  @OptionalChoice(DURATIONS, 'Off the next invoice, or off every one; `once` when absent.')
  duration?: CouponDuration | null;
  @OptionalInteger(0, 1_000_000_000, 'How often it can be redeemed; 0 (when absent): no limit.') max_redemptions?:
    number | null;
  @OptionalTime('From when on.') valid_from?: string;
  @OptionalTime('Until when.') valid_until?: string;
}

/** @throws ValidationFailed */
export function toNewCoupon(request: CreateCouponRequest): Omit<NewCoupon, 'id'> {
  const { type, percentage, amount } = request;
  const wanted = type === 'percentage' ? percentage : amount;
  if (typeof wanted !== 'number') {
    throw invalidFields([{ path: type, code: 'required', message: `${type} is required for this type` }]);
  }
  return {
    voucher: request.code.toUpperCase(),
    name: request.name || request.code,
    type,
    percentage: type === 'percentage' ? wanted : 0,
    amount: type === 'amount' ? wanted : 0,
    currency: (request.currency || 'usd').toLowerCase(),
    duration: request.duration ?? 'once',
    maxRedemptions: request.max_redemptions ?? 0,
    validFrom: toTime(request.valid_from, 'valid_from') ?? null,
    validUntil: toTime(request.valid_until, 'valid_until') ?? null,
  };
}

export class CouponResponse {
  @ApiProperty({ example: 'acpn_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiProperty() code: string;
  @ApiProperty() name: string;
  @ApiProperty({ enum: TYPES }) type: string;
  @ApiPropertyOptional({ type: 'integer' }) percentage?: number;
  @ApiPropertyOptional({ description: 'In major units.', example: '5.00' }) amount?: string;
  @ApiProperty() currency: string;
  @ApiProperty({ enum: DURATIONS }) duration: string;
  @ApiProperty({ type: 'integer', description: '0: no limit.' }) max_redemptions: number;
  @ApiProperty({ type: 'integer' }) times_redeemed: number;
  @ApiPropertyOptional({ format: 'date-time' }) valid_from?: string;
  @ApiPropertyOptional({ format: 'date-time' }) valid_until?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
}

export class CouponListResponse {
  @ApiProperty({ type: [CouponResponse] }) coupons: CouponResponse[];
  @ApiProperty({ type: 'integer', description: 'Of all pages, up to 10,000.' }) total: number;
  @ApiPropertyOptional() next_cursor?: string;
}

export function toCouponResponse(coupon: CouponEntity): CouponResponse {
  return {
    id: coupon.id,
    app_id: coupon.appId,
    env_id: coupon.envId,
    code: coupon.voucher,
    name: coupon.name,
    type: coupon.type,
    ...(coupon.type === 'percentage'
      ? { percentage: coupon.percentage }
      : { amount: majorUnits(coupon.amount, coupon.currency) }),
    currency: coupon.currency,
    duration: coupon.duration,
    max_redemptions: coupon.maxRedemptions,
    times_redeemed: coupon.timesRedeemed,
    ...(coupon.validFrom === null ? {} : { valid_from: coupon.validFrom.toISOString() }),
    ...(coupon.validUntil === null ? {} : { valid_until: coupon.validUntil.toISOString() }),
    created_at: coupon.createdAt.toISOString(),
  };
}
