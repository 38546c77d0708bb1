import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsObject, IsOptional, Matches, ValidateBy, ValidateNested } from 'class-validator';
import { TOKEN_FORMATS, type TokenFormat } from '../../apps/tenant-settings.js';
import { versioned } from '../../http/etag.js';
import { isOriginEntry } from '../../http/security/origins.js';
import { Slug } from '../../http/validation/slug.decorator.js';
import {
  Choice,
  ClearableText,
  IfPresent,
  OptionalChoice,
  OptionalFlag,
  OptionalId,
  OptionalInteger,
  OptionalText,
  Text,
} from '../../http/validation/text.decorators.js';
import { ENVIRONMENT_TYPES, type EnvironmentEntity, type EnvironmentType } from '../environment.entity.js';
import type { EnvironmentSettings } from '../environment-settings.js';
import type { ExplainedEnvironmentSettings } from '../environment-settings.service.js';
import type { NewEnvironment } from '../environments.service.js';

const MOST_ORIGINS = 100;
const DAY_SECONDS = 86_400;

/** What an environment has of its own. Null inherits again. */
export class EnvironmentSettingsDto {
  @OptionalFlag('Give sessions to users whose address is not verified. Default: only in development environments.')
  skip_email_verification?: boolean | null;
  @OptionalInteger(1, DAY_SECONDS, 'Life of an access token, in seconds.') token_ttl_seconds?: number | null;
  @OptionalInteger(1, 365 * DAY_SECONDS, 'Life of an unused refresh token, in seconds.')
  refresh_token_ttl_seconds?: number | null;
  @OptionalInteger(0, 10_000, 'Live sessions per user; the oldest ends when one more starts. 0: no cap.')
  max_active_sessions?: number | null;
  @OptionalFlag('Whether a refresh replaces the refresh token too.') rotate_refresh_token?: boolean | null;
  @OptionalFlag('Refuse a session from another address than it started from.') bind_to_ip?: boolean | null;
  @OptionalFlag('Refuse a session from another device or agent than it started from.') bind_to_device?: boolean | null;
  @OptionalChoice(TOKEN_FORMATS, 'Form of access tokens.') token_format?: TokenFormat | null;
  @OptionalFlag('Whether strangers may sign up.') signup_enabled?: boolean | null;
  @OptionalFlag('Whether passwords open sessions.') password_enabled?: boolean | null;
  @OptionalInteger(8, 128, 'Shortest password, in characters.') password_min_length?: number | null;
  @OptionalInteger(1, 100, 'Wrong passwords before an account must wait.') lockout_max_attempts?: number | null;
  @OptionalInteger(0, 1_000_000, 'Sign-ins from one address within the window. 0: the deployment’s limit alone.')
  signin_rate_limit?: number | null;
  @OptionalInteger(0, 1_000_000, 'Sign-ups from one address within the window. 0: the deployment’s limit alone.')
  signup_rate_limit?: number | null;
  @OptionalInteger(1, DAY_SECONDS, 'Window of the two limits, in seconds.') rate_limit_window_seconds?: number | null;
  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    description:
      'Browser origins that may call: exact ones, or with * as the whole first label (https://*.example.com) or as the port (http://localhost:*).',
  })
  @IsOptional()
  @IsArray({ message: '$property must be a list' })
  @ArrayMaxSize(MOST_ORIGINS, { message: `$property must have at most ${MOST_ORIGINS} entries` })
  @ValidateBy(
    {
      name: 'origin',
      validator: {
        validate: (value) => typeof value === 'string' && isOriginEntry(value),
        defaultMessage: () => '$property must hold origins such as https://app.example.com',
      },
    },
    { each: true },
  )
  allowed_origins?: string[] | null;
}

/** A part of a request that holds settings. */
function Settings(): PropertyDecorator {
  return (target, property) => {
    ApiPropertyOptional({ type: EnvironmentSettingsDto })(target, property);
    IfPresent()(target, property);
    // A list passes @ValidateNested, member by member.
    IsObject({ message: '$property must be an object' })(target, property);
    ValidateNested()(target, property);
    Type(() => EnvironmentSettingsDto)(target, property);
  };
}

const COLOR = /^#[0-9a-f]{6}$/i;
const COLOR_MESSAGE = { message: '$property must look like #22c55e' };

export class CreateEnvironmentRequest {
  @OptionalId('app', 'The app; its operator may leave it to the path or query.') app_id?: string;
  @Text({ longest: 100, example: 'Preview' }) name: string;
  @Slug() slug: string;
  @Choice(ENVIRONMENT_TYPES, 'What it is for: decides defaults and the marker of its publishable keys.')
  type: EnvironmentType;
  @ApiPropertyOptional({ pattern: COLOR.source }) @IfPresent() @Matches(COLOR, COLOR_MESSAGE) color?: string;
  @OptionalText({ longest: 500 }) description?: string;
  @Settings() settings?: EnvironmentSettingsDto;
}

/** Absent and null leave a field as it is; the empty text clears it. */
export class UpdateEnvironmentRequest {
  @OptionalText({ longest: 100 }) name?: string;
  @ClearableText({ longest: 500 }) description?: string | null;
  @ApiPropertyOptional({ pattern: COLOR.source }) @IfPresent() @Matches(COLOR, COLOR_MESSAGE) color?: string;
}

/** A new environment with the configuration of another one. */
export class CloneEnvironmentRequest {
  @Text({ longest: 100, example: 'Preview' }) name: string;
  @Slug() slug: string;
  @Choice(ENVIRONMENT_TYPES, 'What the new environment is for.') type: EnvironmentType;
  @OptionalText({ longest: 500 }) description?: string;
  @Settings() settings?: EnvironmentSettingsDto;
}

export class EnvironmentResponse {
  @ApiProperty() id: string;
  @ApiProperty() app_id: string;
  @ApiProperty() name: string;
  @ApiProperty() slug: string;
  @ApiProperty({ enum: ENVIRONMENT_TYPES }) type: string;
  @ApiProperty() is_default: boolean;
  @ApiPropertyOptional() color?: string;
  @ApiPropertyOptional() description?: string;
  @ApiPropertyOptional({ description: 'The environment that this one was cloned from.' }) cloned_from?: string;
  @ApiPropertyOptional({ type: EnvironmentSettingsDto, description: 'What is set on the environment itself.' })
  settings?: EnvironmentSettingsDto;
  @ApiPropertyOptional({ type: [String], description: 'Keys in force.' }) publishable_keys?: string[];
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class EnvironmentListResponse {
  @ApiProperty({ type: [EnvironmentResponse] }) environments: EnvironmentResponse[];
  @ApiProperty() total: number;
}

export class ExplainedEnvironmentSettingsResponse {
  @ApiProperty({ description: 'What holds.' }) settings: EnvironmentSettingsDto;
  @ApiProperty({ description: 'What would hold by the type of the environment alone.' })
  type_defaults: EnvironmentSettingsDto;
  @ApiProperty({ description: 'What is set on the environment itself.' }) overrides: EnvironmentSettingsDto;
}

/** An environment with what lies in other tables. */
export interface ShownEnvironment {
  readonly environment: EnvironmentEntity;
  readonly keys: readonly string[];
  readonly settings: EnvironmentSettings | undefined;
}

export function toEnvironmentResponse({ environment, keys, settings }: ShownEnvironment): EnvironmentResponse {
  return versioned(
    {
      id: environment.id,
      app_id: environment.appId,
      name: environment.name,
      slug: environment.slug,
      type: environment.type,
      is_default: environment.isDefault,
      ...(environment.color === null ? {} : { color: environment.color }),
      ...(environment.description === null ? {} : { description: environment.description }),
      ...(environment.clonedFrom === null ? {} : { cloned_from: environment.clonedFrom }),
      ...(settings === undefined ? {} : { settings: toSettingsDto(settings) }),
      publishable_keys: [...keys],
      created_at: environment.createdAt.toISOString(),
      updated_at: environment.updatedAt.toISOString(),
    },
    environment.version,
  );
}

export function toExplainedResponse({
  settings,
  typeDefaults,
  overrides,
}: ExplainedEnvironmentSettings): ExplainedEnvironmentSettingsResponse {
  return {
    settings: toSettingsDto(settings),
    type_defaults: toSettingsDto(typeDefaults),
    overrides: toSettingsDto(overrides),
  };
}

function toSettingsDto(settings: EnvironmentSettings): EnvironmentSettingsDto {
  const { allowed_origins: origins, ...rest } = settings;
  return { ...rest, ...(origins === undefined ? {} : { allowed_origins: [...origins] }) };
}

export function toNewEnvironment(body: Omit<CreateEnvironmentRequest, 'app_id'>): NewEnvironment {
  const { name, slug, type, color, description, settings } = body;
  return {
    name,
    slug,
    type,
    ...(color && { color }),
    ...(description && { description }),
    ...(settings && { settings: { ...settings } }),
  };
}
