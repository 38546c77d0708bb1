import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy, type ValidationArguments } from 'class-validator';

/** More bytes than this would only keep a hash slot busy (R004). */
export const LONGEST_PASSWORD_BYTES = 1_024;

/** A password as typed: never trimmed, never folded (R008). Whether a new one is good enough is the policy's business. */
export const PasswordText = () =>
  applyDecorators(
    ApiProperty({
      format: 'password',
      description: `At most ${LONGEST_PASSWORD_BYTES} bytes.`,
      example: 'correct horse battery staple',
    }),
    ValidateBy({
      name: 'password',
      validator: {
        validate: (value) =>
          typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= LONGEST_PASSWORD_BYTES,
        defaultMessage: (args?: ValidationArguments) =>
          typeof args?.value === 'string' && args.value !== ''
            ? `$property must have at most ${LONGEST_PASSWORD_BYTES} bytes`
            : '$property is required',
      },
    }),
  );
