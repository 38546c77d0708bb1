import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsObject, Matches, ValidateBy, ValidateNested } from 'class-validator';
import { versioned } from '../../http/etag.js';
import { isOriginEntry } from '../../http/security/origins.js';
import { Slug } from '../../http/validation/slug.decorator.js';
import {
  Choice,
  IfPresent,
  OptionalFlag,
  OptionalId,
  OptionalText,
  Text,
} from '../../http/validation/text.decorators.js';
import {
  ENVIRONMENT_TYPES,
  type EnvironmentEntity,
  type EnvironmentSettings,
  type EnvironmentType,
} from '../environment.entity.js';

const MOST_ORIGINS = 100;

export class EnvironmentSettingsDto {
  @OptionalFlag('Give sessions to users whose address is not verified. Default: only in development environments.')
  skip_email_verification?: boolean;

  @ApiPropertyOptional({
    type: [String],
    description:
      'Browser origins that may call: exact ones, or with * as the whole first label (https://*.example.com) or as the port (http://localhost:*).',
  })
  @IfPresent()
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
  allowed_origins?: string[];
}

/** Null and the empty text count as absent: only what was set is stored. */
export function toEnvironmentSettings(settings: EnvironmentSettingsDto): EnvironmentSettings {
  const { skip_email_verification, allowed_origins } = settings;
  return {
    ...(skip_email_verification == null ? {} : { skip_email_verification }),
    ...(allowed_origins ? { allowed_origins } : {}),
  };
}

export class CreateEnvironmentRequest {
  @OptionalId('app', 'The app; its operator may leave it to the path or query.') app_id?: string;
  @Text({ longest: 100, example: 'Preview' }) name: string;
  @Slug() slug: string;
  @Choice(ENVIRONMENT_TYPES, 'What it is for: decides defaults and the marker of its publishable keys.')
  type: EnvironmentType;
  @ApiPropertyOptional({ pattern: '^#[0-9a-f]{6}$' })
  @IfPresent()
  @Matches(/^#[0-9a-f]{6}$/i, { message: '$property must look like #22c55e' })
  color?: string;
  @OptionalText({ longest: 500 }) description?: string;
  @ApiPropertyOptional({ type: EnvironmentSettingsDto })
  @IfPresent()
  // A list passes @ValidateNested, member by member.
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => EnvironmentSettingsDto)
  settings?: EnvironmentSettingsDto;
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
  @ApiPropertyOptional({ type: EnvironmentSettingsDto }) settings?: EnvironmentSettingsDto;
  @ApiPropertyOptional({ type: [String], description: 'Keys in force.' }) publishable_keys?: string[];
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class EnvironmentListResponse {
  @ApiProperty({ type: [EnvironmentResponse] }) environments: EnvironmentResponse[];
  @ApiProperty() total: number;
}

export function toEnvironmentResponse(environment: EnvironmentEntity, keys: readonly string[]): EnvironmentResponse {
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
      ...(Object.keys(environment.settings).length === 0
        ? {}
        : { settings: environment.settings as EnvironmentSettingsDto }),
      publishable_keys: [...keys],
      created_at: environment.createdAt.toISOString(),
      updated_at: environment.updatedAt.toISOString(),
    },
    environment.version,
  );
}
