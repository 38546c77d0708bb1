import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsString, MaxLength, ValidateBy } from 'class-validator';
import { IfPresent } from '../../http/validation/text.decorators.js';
import { canonicalEmail } from '../../users/user.rules.js';

const MOST_PATTERNS = 100;
const LONGEST_PATTERN = 100;
const LONGEST_URL = 2_048;

const PATTERNS: ApiPropertyOptions = {
  type: [String],
  minItems: 1,
  maxItems: MOST_PATTERNS,
  description: 'Names of events, `user.*` for all of a noun, `*` for all.',
  example: ['user.*', 'org.member.added'],
};

const arePatterns = (): PropertyDecorator =>
  applyDecorators(
    IsArray({ message: '$property must be a list of texts' }),
    ArrayMinSize(1, { message: '$property must name at least one event' }),
    ArrayMaxSize(MOST_PATTERNS, { message: `$property must have at most ${MOST_PATTERNS} entries` }),
    ArrayUnique({ message: '$property must not name an event twice' }),
    IsString({ each: true, message: '$property must be a list of texts' }),
    MaxLength(LONGEST_PATTERN, {
      each: true,
      message: `$property must hold texts of at most ${LONGEST_PATTERN} characters`,
    }),
  );

/** Which events. Whether they exist is the service’s question. */
export const EventPatterns = (): PropertyDecorator => applyDecorators(ApiProperty(PATTERNS), arePatterns());

export const OptionalEventPatterns = (): PropertyDecorator =>
  applyDecorators(ApiPropertyOptional(PATTERNS), IfPresent(), arePatterns());

/** Where to. Whether it may be called is the service’s question. */
export const OptionalEndpoint = (): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ type: String, format: 'uri', maxLength: LONGEST_URL, description: 'An https address.' }),
    IfPresent(),
    IsString({ message: '$property must be a text' }),
    MaxLength(LONGEST_URL, { message: `$property must have at most ${LONGEST_URL} characters` }),
  );

/** Null and the empty text count as absent or clear it. */
export const ContactEmail = (description: string): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ type: String, format: 'idn-email', maxLength: 254, nullable: true, description }),
    IfPresent(),
    ValidateBy({
      name: 'email',
      validator: {
        validate: (value) => typeof value === 'string' && canonicalEmail(value) !== undefined,
        defaultMessage: () => '$property must be one e-mail address',
      },
    }),
  );
