import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { versioned } from '../../http/etag.js';
import { Slug } from '../../http/validation/slug.decorator.js';
import { OptionalText, Text } from '../../http/validation/text.decorators.js';
import { OptionalWebUrl } from '../../http/validation/web-url.decorator.js';
import type { AppEntity } from '../app.entity.js';

export class CreateAppRequest {
  @Text({ longest: 100, example: 'Acme' }) name: string;
  @Slug() slug: string;
  @OptionalText({ longest: 500 }) description?: string;
  @OptionalWebUrl('A picture.') logo?: string;
}

export class AppResponse {
  @ApiProperty() id: string;
  @ApiProperty() name: string;
  @ApiProperty() slug: string;
  @ApiPropertyOptional() description?: string;
  @ApiPropertyOptional() logo?: string;
  @ApiPropertyOptional({ type: 'object', additionalProperties: true }) settings?: object;
  @ApiProperty() active: boolean;
  @ApiProperty({ description: 'Whether its users operate the service.' }) is_platform: boolean;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class AppListResponse {
  @ApiProperty({ type: [AppResponse] }) apps: AppResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export function toAppResponse(app: AppEntity): AppResponse {
  return versioned(
    {
      id: app.id,
      name: app.name,
      slug: app.slug,
      ...(app.description === null ? {} : { description: app.description }),
      ...(app.logo === null ? {} : { logo: app.logo }),
      ...(Object.keys(app.settings).length === 0 ? {} : { settings: app.settings }),
      active: app.active,
      is_platform: app.isPlatform,
      created_at: app.createdAt.toISOString(),
      updated_at: app.updatedAt.toISOString(),
    },
    app.version,
  );
}
