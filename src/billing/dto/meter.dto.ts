import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayUnique, IsArray, Matches } from 'class-validator';
import { Choice, IfPresent, OptionalText } from '../../http/validation/text.decorators.js';
import { invalidFields } from '../../http/validation/validation.pipe.js';
import { FeatureKeyField, OptionalFeatureKey } from '../dto-parts.js';
import type { MeterEntity } from '../meters/meter.entity.js';
import { AGGREGATIONS, type Aggregation, type MeterDefinition } from '../meters/meter.rules.js';

const MOST_GROUPS = 3;

export class CreateMeterRequest {
  @FeatureKeyField('The meter’s own key.') key: string;
  @OptionalFeatureKey('The feature key of the usage it takes; its own when absent.') event_key?: string;
  @Choice(AGGREGATIONS, 'How quantities add up in a period.') aggregation: Aggregation;
  @OptionalText({ longest: 128, description: 'Of `unique`: the dimension whose values are counted.' })
  value_dimension?: string;
  @ApiPropertyOptional({ type: [String], maxItems: MOST_GROUPS, description: 'Dimensions that are counted apart.' })
  @IfPresent()
  @IsArray({ message: '$property must be a list' })
  @ArrayMaxSize(MOST_GROUPS, { message: `$property must name at most ${MOST_GROUPS} dimensions` })
  @ArrayUnique({ message: '$property must name every dimension once' })
  @Matches(/^[\w.-]{1,64}$/, {
    each: true,
    message: '$property must hold names of letters, digits, dots, dashes or underscores',
  })
  group_by?: string[];
}

/** @throws ValidationFailed */
export function toMeter({
  key,
  event_key,
  aggregation,
  value_dimension,
  group_by,
}: CreateMeterRequest): MeterDefinition {
  if ((aggregation === 'unique') !== Boolean(value_dimension)) {
    const message = 'value_dimension is required for unique, and for nothing else';
    throw invalidFields([{ path: 'value_dimension', code: 'required', message }]);
  }
  const groupBy = aggregation === 'unique' ? [] : group_by || [];
  return { key, eventKey: event_key || key, aggregation, valueDimension: value_dimension || null, groupBy };
}

export class MeterResponse {
  @ApiPropertyOptional({ description: 'Absent for a meter that is built in.' }) id?: string;
  @ApiProperty() key: string;
  @ApiProperty() event_key: string;
  @ApiProperty({ enum: AGGREGATIONS }) aggregation: string;
  @ApiPropertyOptional() value_dimension?: string;
  @ApiProperty({ type: [String] }) group_by: string[];
}

export class MeterListResponse {
  @ApiProperty({ type: [MeterResponse] }) meters: MeterResponse[];
}

export function toMeterResponse(meter: MeterDefinition | MeterEntity): MeterResponse {
  return {
    ...('id' in meter ? { id: meter.id } : {}),
    key: meter.key,
    event_key: meter.eventKey,
    aggregation: meter.aggregation,
    ...(meter.valueDimension === null ? {} : { value_dimension: meter.valueDimension }),
    group_by: [...meter.groupBy],
  };
}
