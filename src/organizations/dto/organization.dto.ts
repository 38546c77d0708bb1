import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { MEMBER_ROLES } from '../../http/access/memberships.js';
import { versioned } from '../../http/etag.js';
import { PageQuery } from '../../http/paging/page.query.js';
import { isFreeMetadata, type Metadata, SubmittedMetadata } from '../../http/validation/metadata.js';
import { OptionalSlug, Slug } from '../../http/validation/slug.decorator.js';
import {
  ClearableText,
  OptionalFlag,
  OptionalText,
  QueryFlag,
  RequiredId,
  Text,
} from '../../http/validation/text.decorators.js';
import { invalidFields } from '../../http/validation/validation.pipe.js';
import { OptionalWebUrl } from '../../http/validation/web-url.decorator.js';
import type { Id } from '../../kernel/ids/id.js';
import type { OrganizationEntity } from '../organization.entity.js';
import type { OrganizationChanges, OrganizationFilter, OrganizationOfUser } from '../organizations.repository.js';
import type { OrganizationInput } from '../organizations.service.js';

const METADATA = 'At most 50 keys with texts, numbers or booleans. Replaces what was there.';

export class CreateOrganizationRequest {
  @Text({ longest: 100, example: 'Analytical Engines' }) name: string;
  @OptionalSlug() slug?: string;
  @OptionalWebUrl('A picture.') logo?: string | null;
  @OptionalText({ longest: 500 }) description?: string;
  @SubmittedMetadata(METADATA) metadata?: Record<string, unknown>;
}

export class AdminCreateOrganizationRequest extends CreateOrganizationRequest {
  @RequiredId('user', 'Who owns it.') owner_id: Id<'user'>;
}

/** Absent and null leave a field as it is; the empty text clears it. */
export class UpdateOrganizationRequest {
  @OptionalText({ longest: 100 }) name?: string;
  @OptionalSlug() slug?: string;
  @OptionalWebUrl('A picture.') logo?: string | null;
  @ClearableText({ longest: 500 }) description?: string | null;
  @SubmittedMetadata(METADATA) metadata?: Record<string, unknown>;
}

export class AdminUpdateOrganizationRequest extends UpdateOrganizationRequest {
  @OptionalFlag('While it is false nobody acts in the organization.') active?: boolean | null;
}

export class CheckSlugQuery {
  @Slug() slug: string;
}

export class SlugAvailableResponse {
  @ApiProperty() available: boolean;
}

export class AdminListOrganizationsQuery extends PageQuery {
  @OptionalText({ longest: 63, description: 'How the slug begins.' }) q?: string;
  @QueryFlag('Only those that are active, or are not.') active?: boolean;
}

export class OrganizationResponse {
  @ApiProperty({ example: 'aorg_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiProperty() name: string;
  @ApiProperty() slug: string;
  @ApiPropertyOptional() logo?: string;
  @ApiPropertyOptional() description?: string;
  @ApiPropertyOptional({ type: 'object', additionalProperties: true }) metadata?: Metadata;
  @ApiProperty() active: boolean;
  @ApiProperty({ type: 'integer' }) member_count: number;
  @ApiProperty({ description: 'Empty when an operator made it.' }) created_by: string;
  @ApiPropertyOptional({ enum: MEMBER_ROLES, description: 'The caller’s, in lists of their own.' }) role?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class OrganizationListResponse {
  @ApiProperty({ type: [OrganizationResponse] }) organizations: OrganizationResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

/** @throws ValidationFailed for metadata that holds more than texts, numbers and booleans. */
export function toOrganizationInput(request: CreateOrganizationRequest): OrganizationInput {
  return {
    name: request.name,
    ...(request.slug && { slug: request.slug }),
    logo: request.logo || null,
    description: request.description || null,
    metadata: metadataOf(request.metadata) ?? {},
  };
}

/** @throws ValidationFailed for metadata that holds more than texts, numbers and booleans. */
export function toOrganizationChanges(request: AdminUpdateOrganizationRequest): OrganizationChanges {
  const { name, slug, logo, description, active } = request;
  const metadata = metadataOf(request.metadata);
  return {
    ...(name && { name }),
    ...(slug && { slug }),
    ...(logo == null ? {} : { logo: logo || null }),
    ...(description == null ? {} : { description: description || null }),
    ...(metadata && { metadata }),
    ...(active == null ? {} : { active }),
  };
}

export function toOrganizationFilter({ q, active }: AdminListOrganizationsQuery): OrganizationFilter {
  return { ...(q ? { prefix: q.toLowerCase() } : {}), ...(typeof active === 'boolean' ? { active } : {}) };
}

export function toOrganizationResponse(organization: OrganizationEntity | OrganizationOfUser): OrganizationResponse {
  const { metadata } = organization;
  return versioned(
    {
      id: organization.id,
      app_id: organization.appId,
      env_id: organization.envId,
      name: organization.name,
      slug: organization.slug,
      ...(organization.logo === null ? {} : { logo: organization.logo }),
      ...(organization.description === null ? {} : { description: organization.description }),
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
      active: organization.active,
      member_count: organization.memberCount,
      created_by: organization.createdBy ?? '',
      ...('role' in organization ? { role: organization.role } : {}),
      created_at: organization.createdAt.toISOString(),
      updated_at: organization.updatedAt.toISOString(),
    },
    organization.version,
  );
}

function metadataOf(submitted: Record<string, unknown> | null | undefined): Metadata | undefined {
  if (submitted === undefined || submitted === null) return undefined;
  if (isFreeMetadata(submitted)) return submitted;
  const message = 'metadata must hold texts of up to 1,024 characters, numbers and booleans';
  throw invalidFields([{ path: 'metadata', code: 'metadata', message }]);
}
