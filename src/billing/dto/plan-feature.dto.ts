import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { Allow, ArrayMaxSize, IsArray, IsInt, IsObject, IsOptional, Max, Min, ValidateNested } from 'class-validator';
import { IfPresent, OptionalChoice, OptionalFlag, OptionalText } from '../../http/validation/text.decorators.js';
import { invalidFields } from '../../http/validation/validation.pipe.js';
import { FeatureKeyField, MOST_AMOUNT, MOST_LIMIT, OptionalFeatureKey, WholeNumber } from '../dto-parts.js';
import { type FeaturePeriod, FEATURE_PERIODS, PERIOD_NAMES } from '../periods.js';
import {
  OVERAGES,
  type Overage,
  PLAN_FEATURE_KINDS,
  type PlanFeature,
  type PlanFeatureKind,
  TIER_MODES,
  type TierMode,
} from '../plans/plan-features.js';
import type { FeatureInput } from '../plans/plans.service.js';

const MOST_TIERS = 20;
const LONGEST_CONFIG = 4_096;

export class PriceTierDto {
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'The last unit of the tier; null: no end.' })
  @IsOptional()
  @IsInt({ message: '$property must be an integer' })
  @Min(1)
  @Max(MOST_LIMIT)
  up_to?: number | null;
  @WholeNumber(0, MOST_AMOUNT, 'Minor units (cents) for each unit.') unit_amount: number;
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: MOST_AMOUNT,
    description: 'Minor units for reaching the tier.',
  })
  @IfPresent()
  @IsInt({ message: '$property must be an integer' })
  @Min(0)
  @Max(MOST_AMOUNT)
  flat_amount?: number;
}

const PERIOD_OPTIONS = [...FEATURE_PERIODS, ...Object.keys(PERIOD_NAMES)];

export class PlanFeatureDto {
  @FeatureKeyField() key: string;
  @OptionalText({ longest: 100, description: 'The key when absent.' }) name?: string;
  @OptionalChoice(PLAN_FEATURE_KINDS, '`boolean` when absent.') type?: PlanFeatureKind | null;
  @ApiPropertyOptional({
    type: 'integer',
    nullable: true,
    minimum: -1,
    maximum: MOST_LIMIT,
    description: 'Units in a period; -1 or null: no limit. Of a boolean feature: 0 is off, 1 (when absent) is on.',
  })
  @IsOptional()
  @IsInt({ message: '$property must be an integer' })
  @Min(-1)
  @Max(MOST_LIMIT)
  limit?: number | null;
  @OptionalChoice(PERIOD_OPTIONS, 'Of a metered feature; the plan’s own when absent.') period?: string | null;
  @OptionalFlag('The same as an overage of `allow`.') soft_limit?: boolean | null;
  @OptionalChoice(OVERAGES, 'What happens at the limit; `deny` when absent.') overage?: Overage | null;
  @OptionalFeatureKey('The meter that a metered feature reads; the key when absent.') meter?: string;
  @ApiPropertyOptional({
    description: 'What a static feature says: any JSON.',
    type: 'object',
    additionalProperties: true,
  })
  @Allow()
  config?: unknown;
  @OptionalChoice(TIER_MODES, '`graduated` when absent.') tier_mode?: TierMode | null;
  @ApiPropertyOptional({ type: [PriceTierDto], maxItems: MOST_TIERS, description: 'Prices of billed overage.' })
  @IfPresent()
  @IsArray({ message: '$property must be a list' })
  @ArrayMaxSize(MOST_TIERS, { message: `$property must hold at most ${MOST_TIERS} tiers` })
  @IsObject({ each: true, message: 'each of $property must be an object' })
  @ValidateNested({ each: true })
  @Type(() => PriceTierDto)
  tiers?: PriceTierDto[];
}

export function toFeatureInput(feature: PlanFeatureDto, index: number): FeatureInput {
  const kind = feature.type ?? 'boolean';
  const config = feature.config ?? null;
  if (JSON.stringify(config).length > LONGEST_CONFIG) {
    const message = `config must have at most ${LONGEST_CONFIG} characters as JSON`;
    throw invalidFields([{ path: `features.${index}.config`, code: 'max_length', message }]);
  }
  return {
    key: feature.key,
    name: feature.name || feature.key,
    kind,
    limit: limitOf(kind, feature.limit),
    period: periodOf(kind, feature.period),
    overage: feature.overage ?? (feature.soft_limit === true ? 'allow' : 'deny'),
    meter: feature.meter || null,
    config: kind === 'static' ? config : null,
    tierMode: feature.tier_mode ?? 'graduated',
    tiers: (feature.tiers || []).map(({ up_to, unit_amount, flat_amount }) => ({
      upTo: up_to ?? null,
      unitAmount: unit_amount,
      flatAmount: flat_amount || 0,
    })),
  };
}

function limitOf(kind: PlanFeatureKind, limit: number | null | undefined): number | null {
  if (kind === 'boolean') return limit === undefined || limit === null ? 1 : limit === 0 ? 0 : 1;
  return limit === undefined || limit === -1 ? null : limit;
}

function periodOf(kind: PlanFeatureKind, period: string | null | undefined): FeaturePeriod | null {
  if (!period || kind !== 'metered') return null;
  return PERIOD_NAMES[period] ?? (period as FeaturePeriod);
}

export class PlanFeatureResponse {
  @ApiProperty() key: string;
  @ApiProperty() name: string;
  @ApiProperty({ enum: PLAN_FEATURE_KINDS }) type: string;
  @ApiProperty({ type: 'integer', nullable: true, description: 'null: no limit.' }) limit: number | null;
  @ApiPropertyOptional({ enum: FEATURE_PERIODS }) period?: string;
  @ApiProperty() soft_limit: boolean;
  @ApiProperty({ enum: OVERAGES }) overage: string;
  @ApiPropertyOptional() meter?: string;
  @ApiPropertyOptional({ type: 'object', additionalProperties: true }) config?: unknown;
  @ApiPropertyOptional({ enum: TIER_MODES }) tier_mode?: string;
  @ApiPropertyOptional({ type: [PriceTierDto] }) tiers?: PriceTierDto[];
}

export function toPlanFeatureResponse(feature: PlanFeature): PlanFeatureResponse {
  const { key, name, kind, limit, period, overage, meter, config, tierMode, tiers } = feature;
  return {
    key,
    name,
    type: kind,
    limit,
    ...(period === null ? {} : { period }),
    soft_limit: overage !== 'deny',
    overage,
    ...(meter === null ? {} : { meter }),
    ...(kind === 'static' ? { config } : {}),
    ...(tiers.length === 0
      ? {}
      : {
          tier_mode: tierMode,
          tiers: tiers.map(({ upTo, unitAmount, flatAmount }) => ({
            up_to: upTo,
            unit_amount: unitAmount,
            flat_amount: flatAmount,
          })),
        }),
  };
}
