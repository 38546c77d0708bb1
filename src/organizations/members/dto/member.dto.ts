import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { MEMBER_ROLES, type MemberRole } from '../../../http/access/memberships.js';
import { versioned } from '../../../http/etag.js';
import { PageQuery } from '../../../http/paging/page.query.js';
import { Choice, OptionalChoice, OptionalText, RequiredId } from '../../../http/validation/text.decorators.js';
import type { Id } from '../../../kernel/ids/id.js';
import { joinName } from '../../../users/user.rules.js';
import type { MemberEntity } from '../member.entity.js';
import type { MemberFilter, MemberWithUser } from '../members.repository.js';

export class AddMemberRequest {
  @RequiredId('user') user_id: Id<'user'>;
  @OptionalChoice(MEMBER_ROLES, '`member` when absent.') role?: MemberRole | null;
}

export class UpdateMemberRequest {
  @Choice(MEMBER_ROLES, 'Not above the caller’s own.') role: MemberRole;
}

export class TransferOwnershipRequest {
  @RequiredId('member', 'Who is to own the organization.') member_id: Id<'member'>;
}

export class ListMembersQuery extends PageQuery {
  @OptionalChoice(MEMBER_ROLES, 'Only those with that role.') role?: MemberRole;
  @OptionalText({ longest: 254, description: 'How the address begins.' }) q?: string;
}

export class MembershipResponse {
  @ApiProperty({ example: 'amem_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() org_id: string;
  @ApiProperty({ description: 'The same as org_id.' }) organization_id: string;
  @ApiProperty() user_id: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiProperty({ enum: MEMBER_ROLES }) role: string;
  @ApiProperty({ format: 'date-time' }) joined_at: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class MemberResponse extends MembershipResponse {
  @ApiPropertyOptional({ format: 'idn-email' }) email?: string;
  @ApiPropertyOptional() name?: string;
  @ApiPropertyOptional() image?: string;
}

export class MemberListResponse {
  @ApiProperty({ type: [MemberResponse] }) members: MemberResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export function toMemberFilter({ role, q }: ListMembersQuery): MemberFilter {
  return { ...(role && { role }), ...(q && { prefix: q.toLowerCase() }) };
}

export function toMembershipResponse(member: MemberEntity): MembershipResponse {
  return {
    id: member.id,
    org_id: member.orgId,
    organization_id: member.orgId,
    user_id: member.userId,
    app_id: member.appId,
    env_id: member.envId,
    role: member.role,
    joined_at: member.joinedAt.toISOString(),
    created_at: member.createdAt.toISOString(),
    updated_at: member.updatedAt.toISOString(),
  };
}

export function toMemberResponse(member: MemberWithUser): MemberResponse {
  const name = joinName(member);
  return versioned(
    {
      ...toMembershipResponse(member),
      ...(member.email === null ? {} : { email: member.email }),
      ...(name === '' ? {} : { name }),
      ...(member.image === null ? {} : { image: member.image }),
    },
    member.version,
  );
}
