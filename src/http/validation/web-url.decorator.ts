import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { IfPresent } from './text.decorators.js';

export function isWebUrl(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 2_048 || !URL.canParse(value)) return false;
  return ['http:', 'https:'].includes(new URL(value).protocol);
}

/** An optional http or https URL: clients put it into pages, so no other scheme is let in. Null and the empty text clear it. */
export const OptionalWebUrl = (description: string) =>
  applyDecorators(
    ApiPropertyOptional({ type: String, format: 'uri', maxLength: 2_048, description, nullable: true }),
    IfPresent(),
    ValidateBy({
      name: 'webUrl',
      validator: { validate: isWebUrl, defaultMessage: () => '$property must be an http or https URL' },
    }),
  );
