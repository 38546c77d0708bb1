import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { IfPresent } from './text.decorators.js';

type Scalar = string | number | boolean;
/** What an app keeps about a user under a key of its own: a value, several, or a list of small objects. */
export type MetadataValue =
  Scalar | readonly Scalar[] | readonly Readonly<Record<string, Scalar | readonly Scalar[]>>[];
export type Metadata = Readonly<Record<string, MetadataValue>>;

/** What becomes of metadata: these keys get these values, those go, the others stay. */
export interface MetadataChanges {
  readonly set: Metadata;
  readonly cleared: readonly string[];
}

export const METADATA_LIMITS = { mostKeys: 50, longestKey: 64, longestValue: 1_024 } as const;

const KEY = /^[\w.-]{1,64}$/;
const NO_KEYS: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** An object, whatever its values: what they may be depends on the environment's forms. */
export function SubmittedMetadata(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({
      type: 'object',
      additionalProperties: true,
      description,
      example: { company: 'Analytical Engines' },
    }),
    IfPresent(),
    ValidateBy({
      name: 'metadata',
      validator: {
        validate: isObjectOfKeys,
        defaultMessage: () =>
          '$property must be an object with at most 50 keys of up to 64 letters, digits, dots, dashes or underscores',
      },
    }),
  );
}

/** At most 50 keys of up to 64 characters with texts of up to 1,024 characters, numbers or booleans. */
export function isFreeMetadata(value: unknown): value is Metadata {
  return isObjectOfKeys(value) && Object.values(value).every(isShortScalar);
}

function isObjectOfKeys(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length <= METADATA_LIMITS.mostKeys && keys.every((key) => KEY.test(key) && !NO_KEYS.includes(key));
}

function isShortScalar(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= METADATA_LIMITS.longestValue;
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}
