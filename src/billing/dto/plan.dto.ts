import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsObject, ValidateNested } from 'class-validator';
import { versioned } from '../../http/etag.js';
import { PageQuery } from '../../http/paging/page.query.js';
import { isFreeMetadata, type Metadata, SubmittedMetadata } from '../../http/validation/metadata.js';
import { Slug } from '../../http/validation/slug.decorator.js';
import {
  IfPresent,
  OptionalChoice,
  OptionalFlag,
  OptionalInteger,
  OptionalText,
  Text,
} from '../../http/validation/text.decorators.js';
import { invalidFields } from '../../http/validation/validation.pipe.js';
import { MOST_AMOUNT, OptionalCurrency } from '../dto-parts.js';
import { majorUnits } from '../money.js';
import { PERIOD_NAMES, PLAN_PERIODS, type PlanPeriod } from '../periods.js';
import { PLAN_STATUSES, type PlanStatus } from '../plans/plan.entity.js';
import type { NewPlan, PublishedPlan } from '../plans/plans.repository.js';
import type { TermsInput } from '../plans/plans.service.js';
import { PlanFeatureDto, PlanFeatureResponse, toFeatureInput, toPlanFeatureResponse } from './plan-feature.dto.js';

const MOST_FEATURES = 100;
const PERIOD_OPTIONS = [...PLAN_PERIODS, ...Object.keys(PERIOD_NAMES)];

export class PublishPlanVersionRequest {
  @OptionalInteger(0, MOST_AMOUNT, 'Minor units (cents) a period; 0 when absent.') base_amount?: number | null;
  @OptionalChoice(PERIOD_OPTIONS, '`monthly` when absent.') period?: string | null;
  @ApiPropertyOptional({ type: [PlanFeatureDto], maxItems: MOST_FEATURES })
  @IfPresent()
  @IsArray({ message: '$property must be a list' })
  @ArrayMaxSize(MOST_FEATURES, { message: `$property must hold at most ${MOST_FEATURES} features` })
  @IsObject({ each: true, message: 'each of $property must be an object' })
  @ValidateNested({ each: true })
  @Type(() => PlanFeatureDto)
  features?: PlanFeatureDto[];
}

export class CreateBillingPlanRequest extends PublishPlanVersionRequest {
  @Text({ longest: 100, example: 'Business' }) name: string;
  @Slug() slug: string;
  @OptionalText({ longest: 1_000 }) description?: string;
  @OptionalCurrency() currency?: string;
  @OptionalFlag('Subscribed to beside a plan: what it holds is added.') is_addon?: boolean | null;
  @OptionalInteger(0, 3_650, 'Days a first subscription costs nothing; 0 when absent.') trial_days?: number | null;
  @OptionalChoice(['active', 'draft'], 'Whether it can be subscribed to; `active` when absent.') status?:
    'active' | 'draft' | null;
  @SubmittedMetadata('Values of your own.') metadata?: Metadata;
}

/** @throws ValidationFailed */
export function toNewPlan(request: CreateBillingPlanRequest): Omit<NewPlan, 'id'> {
  const { metadata = {} } = request;
  if (!isFreeMetadata(metadata)) {
    const message = 'metadata must hold texts of up to 1,024 characters, numbers or booleans';
    throw invalidFields([{ path: 'metadata', code: 'metadata', message }]);
  }
  return {
    slug: request.slug,
    name: request.name,
    description: request.description ?? '',
    currency: (request.currency || 'usd').toLowerCase(),
    status: request.status ?? 'active',
    isAddon: request.is_addon ?? false,
    trialDays: request.trial_days ?? 0,
    metadata,
  };
}

export function toTerms({ base_amount, period, features }: PublishPlanVersionRequest): TermsInput {
  const named = period || 'month';
  return {
    period: (PERIOD_NAMES[named] ?? named) as PlanPeriod,
    baseAmount: base_amount ?? 0,
    // An empty text counts as absent.
    features: (features || []).map(toFeatureInput),
  };
}

export class ListPlansQuery extends PageQuery {
  @OptionalChoice(PLAN_STATUSES, 'Only those in that state. Who may not manage billing sees active plans only.')
  status?: PlanStatus;
}

export class BillingPlanResponse {
  @ApiProperty({ example: 'apln_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiProperty() slug: string;
  @ApiProperty() name: string;
  @ApiProperty() description: string;
  @ApiProperty() currency: string;
  @ApiProperty({ enum: PLAN_STATUSES }) status: string;
  @ApiProperty() is_addon: boolean;
  @ApiProperty({ type: 'integer' }) trial_days: number;
  @ApiProperty({ description: 'In major units.', example: '29.00' }) base_amount: string;
  @ApiProperty({ type: 'integer', description: 'In minor units.', example: 2900 }) base_amount_minor: number;
  @ApiProperty({ example: 'monthly' }) billing_period: string;
  @ApiProperty({ type: 'integer', description: 'The newest published version.' }) plan_version: number;
  @ApiProperty({ type: 'integer' }) features_count: number;
  @ApiProperty({ type: [PlanFeatureResponse] }) features: PlanFeatureResponse[];
  @ApiPropertyOptional({ type: 'object', additionalProperties: true }) metadata?: Metadata;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class BillingPlanListResponse {
  @ApiProperty({ type: [BillingPlanResponse] }) plans: BillingPlanResponse[];
  @ApiProperty({ type: 'integer', description: 'Of all pages, up to 10,000.' }) total: number;
  @ApiPropertyOptional() next_cursor?: string;
}

const PERIOD_WORDS = Object.fromEntries(Object.entries(PERIOD_NAMES).map(([word, period]) => [period, word]));

export function toBillingPlanResponse(plan: PublishedPlan): BillingPlanResponse {
  const { terms } = plan;
  return versioned(
    {
      id: plan.id,
      app_id: plan.appId,
      env_id: plan.envId,
      slug: plan.slug,
      name: plan.name,
      description: plan.description,
      currency: plan.currency,
      status: plan.status,
      is_addon: plan.isAddon,
      trial_days: plan.trialDays,
      base_amount: majorUnits(terms.baseAmount, plan.currency),
      base_amount_minor: terms.baseAmount,
      billing_period: PERIOD_WORDS[terms.period] ?? terms.period,
      plan_version: terms.number,
      features_count: terms.features.length,
      features: terms.features.map(toPlanFeatureResponse),
      ...(Object.keys(plan.metadata).length === 0 ? {} : { metadata: plan.metadata }),
      created_at: plan.createdAt.toISOString(),
      updated_at: plan.updatedAt.toISOString(),
    },
    plan.version,
  );
}
