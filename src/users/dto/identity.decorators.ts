import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import { IfPresent } from '../../http/validation/text.decorators.js';
import { canonicalEmail, canonicalUsername } from '../user.rules.js';

const email = () =>
  applyDecorators(
    // Canonical before it is validated, so that nothing is checked in one form and used in another (R017).
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? (canonicalEmail(value) ?? '') : value)),
    ValidateBy({
      name: 'email',
      validator: {
        validate: (value) => typeof value === 'string' && value !== '',
        defaultMessage: (args) =>
          args?.value === undefined || args.value === null
            ? '$property is required'
            : '$property must be one e-mail address',
      },
    }),
  );

/** One e-mail address, in canonical form once validated. */
export const Email = () =>
  applyDecorators(ApiProperty({ format: 'idn-email', maxLength: 254, example: 'ada@example.com' }), email());

export const OptionalEmail = () =>
  applyDecorators(
    ApiPropertyOptional({ format: 'idn-email', maxLength: 254 }),
    ValidateBy({
      name: 'email',
      validator: {
        validate: (value) => value === undefined || value === null || (typeof value === 'string' && value !== ''),
        defaultMessage: () => '$property must be one e-mail address',
      },
    }),
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && value !== '' ? (canonicalEmail(value) ?? '') : value === '' ? undefined : value,
    ),
  );

/** A username as typed; its canonical form is computed by the service. */
export const OptionalUsername = () =>
  applyDecorators(
    ApiPropertyOptional({
      type: String,
      minLength: 2,
      maxLength: 64,
      description: 'Letters, digits, dots, dashes and underscores; case does not tell two usernames apart.',
    }),
    IfPresent(),
    ValidateBy({
      name: 'username',
      validator: {
        validate: (value) => typeof value === 'string' && canonicalUsername(value) !== undefined,
        defaultMessage: () => '$property must have 2 to 64 letters, digits, dots, dashes or underscores',
      },
    }),
  );
