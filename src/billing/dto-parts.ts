import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, Matches, Max, Min } from 'class-validator';
import { FEATURE_KEY, LONGEST_FEATURE_KEY } from '../billing-bridge/feature-keys.js';
import { IfPresent, OptionalText, Text } from '../http/validation/text.decorators.js';
import { PageQuery } from '../http/paging/page.query.js';

const KEY_MESSAGE = {
  message: '$property must be lower-case words joined by dots or underscores, 64 characters at most',
};
const KEY_SCHEMA = {
  type: 'string',
  pattern: FEATURE_KEY.source,
  maxLength: LONGEST_FEATURE_KEY,
  example: 'authsome.feature.sso',
} as const;
const KEY = new RegExp(`^(?=.{1,${LONGEST_FEATURE_KEY}}$)${FEATURE_KEY.source.slice(1)}`);

/** The key of a feature or a meter. */
export const FeatureKeyField = (description = 'A feature’s key.'): PropertyDecorator =>
  applyDecorators(ApiProperty({ ...KEY_SCHEMA, description }), Matches(KEY, KEY_MESSAGE));

export const OptionalFeatureKey = (description: string): PropertyDecorator =>
  applyDecorators(ApiPropertyOptional({ ...KEY_SCHEMA, description }), IfPresent(), Matches(KEY, KEY_MESSAGE));

export const WholeNumber = (least: number, most: number, description: string): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ type: 'integer', minimum: least, maximum: most, description }),
    IsInt({ message: '$property must be an integer' }),
    Min(least, { message: `$property must be at least ${least}` }),
    Max(most, { message: `$property must be at most ${most}` }),
  );

/** ISO 4217, in either case. */
export const OptionalCurrency = (): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({
      type: 'string',
      pattern: '^[A-Za-z]{3}$',
      description: 'ISO 4217; usd when absent.',
      example: 'usd',
    }),
    IfPresent(),
    Matches(/^[A-Za-z]{3}$/, { message: '$property must be a currency of three letters' }),
  );

const TENANT =
  'The id of an organization, a user, or the app. Yours when absent; anybody’s needs `manage` on `billing`.';

/** Whose billing it is about. */
export class TenantQuery {
  @OptionalText({ longest: 64, description: TENANT }) tenant_id?: string;
}

export class TenantPageQuery extends PageQuery {
  @OptionalText({ longest: 64, description: TENANT }) tenant_id?: string;
}

export const TenantField = (): PropertyDecorator =>
  Text({ longest: 64, description: 'Who is billed: the id of an organization, a user, or the app.' });

/** Large enough for any price; sums of thousands of these are exact. */
export const MOST_AMOUNT = 1_000_000_000_000;
export const MOST_LIMIT = 1_000_000_000_000;

/** A day as clients of the Go server read it. */
export function isoDay(at: Date): string {
  return at.toISOString().slice(0, 10);
}
