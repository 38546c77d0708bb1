import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { LONGEST_SCOPE, SCOPE } from '../../http/access/scopes.js';
import { IfPresent, OptionalInteger, Text } from '../../http/validation/text.decorators.js';
import { type KeyLimits } from '../../keys-bridge/key-manager.js';
import ipaddr from 'ipaddr.js';

const MOST_SCOPES = 50;
const MOST_ENTRIES = 50;
const MOST_CUSTOM = 5;
/** The service counts its own windows under `minute` and `day`. */
const OWN_WINDOW = /^(?!(minute|day)$)[a-z][a-z0-9_-]*$/;
const MOST_CALLS = 1_000_000_000;

export const ScopeList = (description: string): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ type: [String], maxItems: MOST_SCOPES, description, example: ['read:users'] }),
    IfPresent(),
    IsArray({ message: '$property must be a list' }),
    ArrayMaxSize(MOST_SCOPES, { message: `$property must hold at most ${MOST_SCOPES} scopes` }),
    ArrayUnique({ message: '$property must name every scope once' }),
    MaxLength(LONGEST_SCOPE, {
      each: true,
      message: `$property must hold scopes of at most ${LONGEST_SCOPE} characters`,
    }),
    Matches(SCOPE, { each: true, message: '$property must hold scopes such as read:users' }),
  );

const TextList = (pattern: RegExp, description: string, message: string): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ type: [String], maxItems: MOST_ENTRIES, description }),
    IfPresent(),
    IsArray({ message: '$property must be a list' }),
    ArrayMaxSize(MOST_ENTRIES, { message: `$property must hold at most ${MOST_ENTRIES} entries` }),
    Matches(pattern, { each: true, message: `$property must hold ${message}` }),
  );

function isAddressOrRange(value: unknown): boolean {
  return typeof value === 'string' && (ipaddr.isValid(value) || ipaddr.isValidCIDR(value));
}

export class KeyRestrictionsDto {
  @ApiPropertyOptional({ type: [String], maxItems: MOST_ENTRIES, description: 'Addresses or CIDR ranges.' })
  @IfPresent()
  @IsArray({ message: '$property must be a list' })
  @ArrayMaxSize(MOST_ENTRIES, { message: `$property must hold at most ${MOST_ENTRIES} entries` })
  @ValidateBy(
    {
      name: 'addresses',
      validator: { validate: isAddressOrRange, defaultMessage: () => '$property must hold addresses or CIDR ranges' },
    },
    { each: true, message: '$property must hold addresses or CIDR ranges' },
  )
  ips?: string[];
  @TextList(/^https?:\/\/[^\s/]{1,250}$/, 'Browser origins.', 'origins such as https://example.com') origins?: string[];
  @TextList(/^(GET|POST|PUT|PATCH|DELETE)$/, 'HTTP methods.', 'GET, POST, PUT, PATCH or DELETE') methods?: string[];
  @TextList(/^\/[^\s*?]{0,200}(\*)?$/, 'Paths; `/v1/*` is everything below.', 'paths such as /v1/users or /v1/*')
  paths?: string[];
}

export class WindowLimitDto {
  @Text({ longest: 30, example: 'burst' })
  @Matches(OWN_WINDOW, { message: '$property must be a word, and neither minute nor day' })
  name: string;
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MOST_CALLS }) @IsInt() @Min(1) @Max(MOST_CALLS) limit: number;
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 86_400 }) @IsInt() @Min(1) @Max(86_400) seconds: number;
}

export class KeyLimitsDto {
  @OptionalInteger(1, MOST_CALLS, 'Calls a minute, sliding, over all replicas.') per_minute?: number | null;
  @OptionalInteger(1, MOST_CALLS, 'Calls a day (UTC).') per_day?: number | null;
  @ApiPropertyOptional({ type: [WindowLimitDto], maxItems: MOST_CUSTOM })
  @IfPresent()
  @IsArray({ message: '$property must be a list' })
  @ArrayMaxSize(MOST_CUSTOM, { message: `$property must hold at most ${MOST_CUSTOM} windows` })
  @ArrayUnique(({ name }: WindowLimitDto) => name, { message: '$property must name every window once' })
  @IsObject({ each: true, message: 'each of $property must be an object' })
  @ValidateNested({ each: true })
  @Type(() => WindowLimitDto)
  custom?: WindowLimitDto[];
}

export class KeyRefillDto {
  @ApiProperty({ enum: ['daily', 'monthly'] })
  @IsIn(['daily', 'monthly'], { message: '$property must be daily or monthly' })
  interval: 'daily' | 'monthly';
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MOST_CALLS }) @IsInt() @Min(1) @Max(MOST_CALLS) amount: number;
}

export class KeyCreditsDto {
  @ApiProperty({ type: 'integer', minimum: 0, maximum: MOST_CALLS })
  @IsInt()
  @Min(0)
  @Max(MOST_CALLS)
  remaining: number;
  @ApiPropertyOptional({ type: KeyRefillDto, description: 'Sets the balance; never adds to it.' })
  @IfPresent()
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => KeyRefillDto)
  refill?: KeyRefillDto;
}

export const Nested = (type: () => new () => object, description: string): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ type: type(), description, nullable: true }),
    IsOptional(),
    IsObject({ message: '$property must be an object' }),
    ValidateNested(),
    Type(type),
  );

export function toLimits({ per_minute, per_day, custom }: KeyLimitsDto) {
  return {
    ...(per_minute ? { perMinute: per_minute } : {}),
    ...(per_day ? { perDay: per_day } : {}),
    ...(custom?.length ? { custom: custom.map(({ name, limit, seconds }) => ({ name, limit, seconds })) } : {}),
  };
}

export function toAllow({ ips, origins, methods, paths }: KeyRestrictionsDto) {
  return {
    ...(ips?.length ? { ips } : {}),
    ...(origins?.length ? { origins } : {}),
    ...(methods?.length ? { methods } : {}),
    ...(paths?.length ? { paths } : {}),
  };
}

/** @returns undefined for no limits. */
export function toLimitsDto({ perMinute, perDay, custom }: KeyLimits): KeyLimitsDto | undefined {
  const limits = {
    ...(perMinute && { per_minute: perMinute }),
    ...(perDay && { per_day: perDay }),
    ...(custom && { custom: [...custom] }),
  };
  return Object.keys(limits).length === 0 ? undefined : limits;
}
