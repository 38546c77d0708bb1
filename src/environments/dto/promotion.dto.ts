import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsString, MaxLength } from 'class-validator';
import { IfPresent, OptionalFlag, RequiredId, Text } from '../../http/validation/text.decorators.js';
import type { Id } from '../../kernel/ids/id.js';
import type { PlannedChange, PromotionPlan } from '../promotion.rules.js';
import type { ClonedEnvironment, PromotionRequest } from '../promotions.service.js';
import { EnvironmentResponse } from './environment.dto.js';

const MOST_EXCEPTIONS = 500;

function Texts(description: string): PropertyDecorator {
  return (target, property) => {
    ApiPropertyOptional({ type: [String], description })(target, property);
    IfPresent()(target, property);
    IsArray({ message: '$property must be a list' })(target, property);
    ArrayMaxSize(MOST_EXCEPTIONS, { message: `$property must have at most ${MOST_EXCEPTIONS} entries` })(
      target,
      property,
    );
    IsString({ each: true, message: '$property must hold texts' })(target, property);
    MaxLength(200, { each: true, message: '$property must hold texts of at most 200 characters' })(target, property);
  };
}

export class PlanPromotionRequest {
  @RequiredId('environment', 'The environment to change.') target_env_id: string;
  @Texts('Kinds of configuration, for example setting or form; all when absent.') kinds?: string[];
  @Texts('Items to leave as they are, each as <kind>/<key>.') except?: string[];
  @OptionalFlag('Whether what the target has alone is deleted. Default: it stays.') prune?: boolean | null;
}

export class PromoteRequest extends PlanPromotionRequest {
  @Text({ longest: 64, description: 'plan_id of the plan that was looked at.' }) plan_id: string;
}

export class PlannedChangeResponse {
  @ApiProperty({ example: 'setting' }) kind: string;
  @ApiProperty({ example: 'session.token_ttl_seconds' }) key: string;
  @ApiProperty({ enum: ['create', 'update', 'delete'] }) action: string;
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'As the target has it.' })
  before?: object;
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'As the source has it.' })
  after?: object;
}

export class PromotionPlanResponse {
  @ApiProperty({ description: 'Names the plan and what it was made from; send it to apply the plan.' }) plan_id: string;
  @ApiProperty() source_env_id: string;
  @ApiProperty() target_env_id: string;
  @ApiProperty({ type: [PlannedChangeResponse], description: 'In the order they are applied. Empty: nothing to do.' })
  changes: PlannedChangeResponse[];
}

export class ClonedEnvironmentResponse {
  @ApiProperty() environment: EnvironmentResponse;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'How many items of each kind came along.',
  })
  cloned: Record<string, number>;
  @ApiProperty() roles_cloned: number;
  @ApiProperty() permissions_cloned: number;
  @ApiProperty() webhooks_cloned: number;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'New role ids by the old ones.',
  })
  role_id_map: Record<string, string>;
}

export function toPromotionRequest(source: Id<'environment'>, body: PlanPromotionRequest): PromotionRequest {
  const { target_env_id, kinds, except, prune } = body;
  return {
    source,
    target: target_env_id as Id<'environment'>,
    ...(kinds && { kinds }),
    ...(except && { except }),
    ...(typeof prune === 'boolean' ? { prune } : {}),
  };
}

export function toPlanResponse(
  { source, target }: PromotionRequest,
  { planId, changes }: PromotionPlan,
): PromotionPlanResponse {
  return {
    plan_id: planId,
    source_env_id: source,
    target_env_id: target,
    changes: changes.map(toChangeResponse),
  };
}

function toChangeResponse({ kind, key, action, before, after }: PlannedChange): PlannedChangeResponse {
  return { kind, key, action, ...(before && { before }), ...(after && { after }) };
}

export function toClonedResponse(
  environment: EnvironmentResponse,
  { cloned, ids, documents }: ClonedEnvironment,
): ClonedEnvironmentResponse {
  return {
    environment,
    cloned: { ...cloned },
    roles_cloned: cloned.role ?? 0,
    permissions_cloned: (documents.role ?? []).flatMap(({ permissions }) => permissions as string[]).length,
    webhooks_cloned: cloned.webhook ?? 0,
    role_id_map: { ...ids.role },
  };
}
