import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { versioned } from '../../http/etag.js';
import { OptionalSlug, Slug } from '../../http/validation/slug.decorator.js';
import { ClearableText, OptionalFlag, OptionalText, Text } from '../../http/validation/text.decorators.js';
import { OptionalWebUrl } from '../../http/validation/web-url.decorator.js';
import type { AppEntity } from '../app.entity.js';
import type { AppChanges } from '../apps.system-repository.js';

export class CreateAppRequest {
  @Text({ longest: 100, example: 'Acme' }) name: string;
  @Slug() slug: string;
  @OptionalText({ longest: 500 }) description?: string;
  @OptionalWebUrl('A picture.') logo?: string;
}

/** Absent and null leave a field as it is; the empty text clears it. */
export class UpdateAppRequest {
  @OptionalText({ longest: 100 }) name?: string;
  @OptionalSlug() slug?: string;
  @ClearableText({ longest: 500 }) description?: string | null;
  @OptionalWebUrl('A picture.') logo?: string | null;
  @OptionalFlag('Whether it takes requests at all. Its sessions are dead while it does not.') active?: boolean;
}

export function toAppChanges({ name, slug, description, logo, active }: UpdateAppRequest): AppChanges {
  return {
    ...(name && { name }),
    ...(slug && { slug }),
    ...(description == null ? {} : { description: description || null }),
    ...(logo == null ? {} : { logo: logo || null }),
    ...(typeof active === 'boolean' ? { active } : {}),
  };
}

export class AppResponse {
  @ApiProperty() id: string;
  @ApiProperty() name: string;
  @ApiProperty() slug: string;
  @ApiPropertyOptional() description?: string;
  @ApiPropertyOptional() logo?: string;
  @ApiPropertyOptional({ description: 'Of the default environment; when the app is created.' })
  publishable_key?: string;
  @ApiProperty() active: boolean;
  @ApiProperty({ description: 'Whether its users operate the service.' }) is_platform: boolean;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class AppListResponse {
  @ApiProperty({ type: [AppResponse] }) apps: AppResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

/** @param key in force, of the default environment. */
export function toAppResponse(app: AppEntity, key?: string): AppResponse {
  return versioned(
    {
      id: app.id,
      name: app.name,
      slug: app.slug,
      ...(app.description === null ? {} : { description: app.description }),
      ...(app.logo === null ? {} : { logo: app.logo }),
      ...(key === undefined ? {} : { publishable_key: key }),
      active: app.active,
      is_platform: app.isPlatform,
      created_at: app.createdAt.toISOString(),
      updated_at: app.updatedAt.toISOString(),
    },
    app.version,
  );
}
