import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import { type MetadataJson, parsePhoneNumberFromString } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/min/metadata';
import { IfPresent } from '../http/validation/text.decorators.js';

/** The one form in which numbers are stored and compared: E.164. @returns undefined when the text is no international number. */
export function canonicalPhone(raw: string): string | undefined {
  const text = raw.normalize('NFKC').trim();
  if (!text.startsWith('+') || text.length > 32) return undefined;
  const number = parsePhoneNumberFromString(text, metadata as MetadataJson);
  return number?.isValid() === true ? number.number : undefined;
}

/** A telephone number with its country code, in E.164 once validated. */
export const OptionalPhone = () =>
  applyDecorators(
    ApiPropertyOptional({
      type: String,
      maxLength: 32,
      example: '+442079460958',
      description: 'With the country code.',
    }),
    IfPresent(),
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && value ? (canonicalPhone(value) ?? '?') : value,
    ),
    ValidateBy({
      name: 'phone',
      validator: {
        validate: (value) => typeof value === 'string' && value !== '?',
        defaultMessage: () => '$property must be a telephone number that begins with + and its country code',
      },
    }),
  );
