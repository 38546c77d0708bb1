import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
  type ValidationArguments,
} from 'class-validator';
import { ID_PREFIXES, type IdKind } from '../../kernel/ids/id-prefixes.js';
import { isId } from '../../kernel/ids/id.js';

interface TextSettings {
  readonly longest: number;
  /** Default 1: an empty text counts as missing. */
  readonly shortest?: number;
  readonly description?: string;
  readonly example?: string;
  readonly format?: string;
}

/** A required text of `shortest` to `longest` characters. */
export function Text(settings: TextSettings): PropertyDecorator {
  return applyDecorators(ApiProperty(textSchema(settings)), isText(settings));
}

/** An optional text; when present it follows the rules of {@link Text}. */
export function OptionalText(settings: TextSettings): PropertyDecorator {
  return applyDecorators(ApiPropertyOptional(textSchema(settings)), IfPresent(), isText(settings));
}

/** An optional text that may be null: null and the empty text clear the field. */
export function ClearableText(settings: TextSettings): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ ...textSchema({ ...settings, shortest: 0 }), nullable: true }),
    IsOptional(),
    isText({ ...settings, shortest: 0 }),
  );
}

export function OptionalInteger(least: number, most: number, description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: 'integer', minimum: least, maximum: most, description, nullable: true }),
    IsOptional(),
    IsInt({ message: '$property must be an integer' }),
    Min(least, { message: `$property must be at least ${least}` }),
    Max(most, { message: `$property must be at most ${most}` }),
  );
}

export function OptionalFlag(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: 'boolean', description, nullable: true }),
    IsOptional(),
    IsBoolean({ message: '$property must be true or false' }),
  );
}

export function OptionalChoice(options: readonly string[], description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ enum: [...options], description, nullable: true }),
    IsOptional(),
    IsIn(options, { message: `$property must be one of ${options.join(', ')}` }),
  );
}

export function Choice(options: readonly string[], description: string): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ enum: [...options], description }),
    IsIn(options, { message: `$property must be one of ${options.join(', ')}` }),
  );
}

export function OptionalId(kind: IdKind, description?: string): PropertyDecorator {
  return applyDecorators(ApiPropertyOptional(idSchema(kind, description)), IfPresent(), isIdOf(kind));
}

export function RequiredId(kind: IdKind, description?: string): PropertyDecorator {
  return applyDecorators(ApiProperty(idSchema(kind, description)), isIdOf(kind));
}

function idSchema(kind: IdKind, description: string | undefined) {
  return { type: 'string', pattern: `^${ID_PREFIXES[kind]}_`, ...(description && { description }) } as const;
}

function isIdOf(kind: IdKind): PropertyDecorator {
  return ValidateBy({
    name: 'malformedId',
    validator: {
      validate: (value) => isId(kind, value),
      defaultMessage: () => `$property must be an identifier that starts with ${ID_PREFIXES[kind]}_`,
    },
  });
}

/** Integers in query strings arrive as text; anything but plain digits is refused (R336). */
export function QueryInteger(least: number, most: number, description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: 'integer', minimum: least, maximum: most, description }),
    IfPresent(),
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value,
    ),
    IsInt({ message: '$property must be an integer' }),
    Min(least, { message: `$property must be at least ${least}` }),
    Max(most, { message: `$property must be at most ${most}` }),
  );
}

export function QueryFlag(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: 'boolean', description }),
    IfPresent(),
    Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value)),
    IsBoolean({ message: '$property must be true or false' }),
  );
}

/** Null and the empty text count as absent, as they do for clients written for the Go server. */
export function IfPresent(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined && value !== null && value !== '');
}

function isText(settings: TextSettings): PropertyDecorator {
  const shortest = settings.shortest ?? 1;
  return ValidateBy({
    name: 'text',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' &&
        !value.includes('\0') &&
        characters(value) >= shortest &&
        characters(value) <= settings.longest,
      defaultMessage: (args?: ValidationArguments) => {
        const value: unknown = args?.value;
        if (value === undefined || value === null || value === '') return '$property is required';
        if (typeof value !== 'string') return '$property must be a text';
        // A body has been searched for it already; a query has not, and PostgreSQL cannot store it (R330).
        if (value.includes('\0')) return '$property must not contain the NUL character';
        return `$property must have ${shortest} to ${settings.longest} characters`;
      },
    },
  });
}

function characters(value: string): number {
  return [...value].length;
}

function textSchema({ longest, shortest = 1, description, example, format }: TextSettings) {
  return {
    type: 'string',
    minLength: shortest,
    maxLength: longest,
    ...(description === undefined ? {} : { description }),
    ...(example === undefined ? {} : { example }),
    ...(format === undefined ? {} : { format }),
  } as const;
}
