import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { versioned } from '../../../http/etag.js';
import { PageQuery } from '../../../http/paging/page.query.js';
import { OptionalSlug, Slug } from '../../../http/validation/slug.decorator.js';
import { ClearableText, OptionalId, OptionalText, RequiredId, Text } from '../../../http/validation/text.decorators.js';
import type { Id } from '../../../kernel/ids/id.js';
import type { TeamEntity } from '../team.entity.js';
import type { TeamChanges } from '../teams.repository.js';
import type { TeamInput } from '../teams.service.js';

export class CreateTeamRequest {
  @Text({ longest: 100, example: 'Research' }) name: string;
  @Slug() slug: string;
  @OptionalText({ longest: 500 }) description?: string;
  @OptionalId('team', 'The team it lies in.') parent_id?: Id<'team'>;
}

/** Absent and null leave a field as it is; the empty text clears it. */
export class UpdateTeamRequest {
  @OptionalText({ longest: 100 }) name?: string;
  @OptionalSlug() slug?: string;
  @ClearableText({ longest: 500 }) description?: string | null;
  @OptionalId('team', 'The team it lies in; empty: in none.') parent_id?: Id<'team'> | '' | null;
}

export class AddTeamMemberRequest {
  @RequiredId('member') member_id: Id<'member'>;
}

export class ListTeamsQuery extends PageQuery {
  @OptionalId('team', 'Only the teams in that one.') parent_id?: Id<'team'>;
}

export class TeamResponse {
  @ApiProperty({ example: 'atm_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() org_id: string;
  @ApiPropertyOptional() parent_id?: string;
  @ApiProperty() name: string;
  @ApiProperty() slug: string;
  @ApiPropertyOptional() description?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class TeamListResponse {
  @ApiProperty({ type: [TeamResponse] }) teams: TeamResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export function toTeamInput({ name, slug, description, parent_id: parentId }: CreateTeamRequest): TeamInput {
  return { name, slug, description: description || null, parentId: parentId || null };
}

export function toTeamChanges({ name, slug, description, parent_id: parentId }: UpdateTeamRequest): TeamChanges {
  return {
    ...(name && { name }),
    ...(slug && { slug }),
    ...(description == null ? {} : { description: description || null }),
    ...(parentId == null ? {} : { parentId: parentId || null }),
  };
}

export function toTeamResponse(team: TeamEntity): TeamResponse {
  return versioned(
    {
      id: team.id,
      org_id: team.orgId,
      ...(team.parentId === null ? {} : { parent_id: team.parentId }),
      name: team.name,
      slug: team.slug,
      ...(team.description === null ? {} : { description: team.description }),
      created_at: team.createdAt.toISOString(),
      updated_at: team.updatedAt.toISOString(),
    },
    team.version,
  );
}
