import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { versioned } from '../../http/etag.js';
import { PageQuery } from '../../http/paging/page.query.js';
import {
  OptionalChoice,
  OptionalFlag,
  OptionalInteger,
  OptionalText,
  RequiredId,
  Text,
} from '../../http/validation/text.decorators.js';
import type { Id } from '../../kernel/ids/id.js';
import { tenantIdOf } from '../billed-callers.js';
import { isoDay, TenantField } from '../dto-parts.js';
import {
  type AfterTrial,
  SUBSCRIPTION_STATUSES,
  type SubscriptionEntity,
  type SubscriptionStatus,
} from '../subscriptions/subscription.entity.js';

export class CreateSubscriptionRequest {
  @TenantField() tenant_id: string;
  @RequiredId('plan') plan_id: Id<'plan'>;
  @OptionalInteger(0, 3_650, 'Days of trial; the plan’s own when absent. A subject has one trial.') trial_days?:
    number | null;
  @OptionalChoice(['expire', 'activate'], 'What becomes of it after a trial; `expire` when absent.')
  after_trial?: AfterTrial | null;
}

export class ChangePlanRequest {
  @RequiredId('plan', 'Another plan, or the same one for its newest version.') new_plan_id: Id<'plan'>;
}

export class CancelSubscriptionRequest {
  @OptionalFlag('Whether it ends now; at the end of its period (or trial) otherwise.') immediately?: boolean | null;
}

export class RedeemCouponRequest {
  @Text({ longest: 64, description: 'The coupon’s code.', example: 'WELCOME10' }) code: string;
}

export class ListSubscriptionsQuery extends PageQuery {
  @OptionalText({
    longest: 64,
    description: 'Only of that organization, user or app; who manages billing may leave it out.',
  })
  tenant_id?: string;
  @OptionalChoice(SUBSCRIPTION_STATUSES, 'Only those in that state.') status?: SubscriptionStatus;
}

export class SubscriptionResponse {
  @ApiProperty({ example: 'asub_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiProperty({ description: 'Who is billed: an organization’s, a user’s or the app’s id.' }) tenant_id: string;
  @ApiProperty() plan_id: string;
  @ApiProperty({ type: 'integer' }) plan_version: number;
  @ApiProperty({ enum: SUBSCRIPTION_STATUSES }) status: string;
  @ApiProperty() is_addon: boolean;
  @ApiProperty({ format: 'date', description: 'The day (UTC).' }) current_period_start: string;
  @ApiProperty({ format: 'date' }) current_period_end: string;
  @ApiProperty({ format: 'date-time', description: 'The instant at which usage counts anew.' }) renews_at: string;
  @ApiPropertyOptional({ format: 'date-time' }) trial_start?: string;
  @ApiPropertyOptional({ format: 'date-time' }) trial_end?: string;
  @ApiPropertyOptional({ format: 'date-time', description: 'When it is going to end.' }) cancel_at?: string;
  @ApiPropertyOptional({ format: 'date-time' }) canceled_at?: string;
  @ApiPropertyOptional({ format: 'date-time' }) ended_at?: string;
  @ApiPropertyOptional({
    format: 'date-time',
    description: 'Until when it stays in force although something is not paid.',
  })
  grace_until?: string;
  @ApiPropertyOptional({ description: 'The coupon whose discount is due.' }) coupon_id?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class SubscriptionListResponse {
  @ApiProperty({ type: [SubscriptionResponse] }) subscriptions: SubscriptionResponse[];
  @ApiProperty({ type: 'integer', description: 'Of all pages, up to 10,000.' }) total: number;
  @ApiPropertyOptional() next_cursor?: string;
}

export function toSubscriptionResponse(s: SubscriptionEntity): SubscriptionResponse {
  return versioned(
    {
      id: s.id,
      app_id: s.appId,
      env_id: s.envId,
      tenant_id: tenantIdOf(s.subjectKey),
      plan_id: s.planId,
      plan_version: s.planVersion,
      status: s.status,
      is_addon: s.addon,
      current_period_start: isoDay(s.currentPeriodStart),
      current_period_end: isoDay(s.currentPeriodEnd),
      renews_at: s.currentPeriodEnd.toISOString(),
      ...(s.trialStart === null ? {} : { trial_start: s.trialStart.toISOString() }),
      ...(s.trialEnd === null ? {} : { trial_end: s.trialEnd.toISOString() }),
      ...(s.cancelAt === null ? {} : { cancel_at: s.cancelAt.toISOString() }),
      ...(s.canceledAt === null ? {} : { canceled_at: s.canceledAt.toISOString() }),
      ...(s.endedAt === null ? {} : { ended_at: s.endedAt.toISOString() }),
      ...(s.graceUntil === null ? {} : { grace_until: s.graceUntil.toISOString() }),
      ...(s.couponId === null ? {} : { coupon_id: s.couponId }),
      created_at: s.createdAt.toISOString(),
      updated_at: s.updatedAt.toISOString(),
    },
    s.version,
  );
}
