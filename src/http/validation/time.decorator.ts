import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { IfPresent } from './text.decorators.js';
import { invalidFields } from './validation.pipe.js';

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

const isTime = (): PropertyDecorator => Matches(RFC_3339, { message: '$property must be an RFC 3339 time' });

/** A required instant, to be read with {@link toTime}. */
export const Time = (description: string): PropertyDecorator =>
  applyDecorators(ApiProperty({ type: String, format: 'date-time', description }), isTime());

export const OptionalTime = (description: string): PropertyDecorator =>
  applyDecorators(ApiPropertyOptional({ type: String, format: 'date-time', description }), IfPresent(), isTime());

/** @throws ValidationFailed for a day that no calendar has. */
export function toTime(text: string | undefined, path: string): Date | undefined {
  if (!text) return undefined;
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw invalidFields([{ path, code: 'matches', message: `${path} must be an RFC 3339 time` }]);
}
