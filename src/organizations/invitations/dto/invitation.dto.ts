import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsObject, Matches, ValidateNested } from 'class-validator';
import { MEMBER_ROLES, type MemberRole } from '../../../http/access/memberships.js';
import { PageQuery } from '../../../http/paging/page.query.js';
import { IfPresent, OptionalChoice, Text } from '../../../http/validation/text.decorators.js';
import { ID_PREFIXES } from '../../../kernel/ids/id-prefixes.js';
import type { Id } from '../../../kernel/ids/id.js';
import { Email } from '../../../users/dto/identity.decorators.js';
import type { ShownInvitation } from '../invitation-answers.service.js';
import type { InvitationEntity } from '../invitation.entity.js';
import { SHOWN_STATES, type ShownState } from '../invitations.repository.js';
import type { InvitationInput, InvitationOutcome } from '../invitations.service.js';

const MOST_TEAMS = 20;
const MOST_AT_ONCE = 100;

const TeamIds = (): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ type: [String], maxItems: MOST_TEAMS, description: 'Teams to join with the organization.' }),
    IfPresent(),
    IsArray({ message: '$property must be a list of team ids' }),
    ArrayMaxSize(MOST_TEAMS, { message: `$property must hold at most ${MOST_TEAMS} teams` }),
    ArrayUnique({ message: '$property must name every team once' }),
    Matches(new RegExp(`^${ID_PREFIXES.team}_[0-9a-z]{26}$`), {
      each: true,
      message: `$property must hold identifiers that start with ${ID_PREFIXES.team}_`,
    }),
  );

export class CreateInvitationRequest {
  @Email() email: string;
  @OptionalChoice(MEMBER_ROLES, '`member` when absent. Not above the caller’s own.') role?: MemberRole | null;
  @TeamIds() team_ids?: Id<'team'>[];
}

export class CreateInvitationsRequest {
  @ApiProperty({ type: [CreateInvitationRequest], minItems: 1, maxItems: MOST_AT_ONCE })
  @IsArray({ message: '$property must be a list' })
  @ArrayMinSize(1, { message: '$property must not be empty' })
  @ArrayMaxSize(MOST_AT_ONCE, { message: `$property must hold at most ${MOST_AT_ONCE} invitations` })
  @IsObject({ each: true, message: 'each of $property must be an object' })
  @ValidateNested({ each: true })
  @Type(() => CreateInvitationRequest)
  invitations: CreateInvitationRequest[];
}

export class InvitationTokenRequest {
  @Text({ longest: 128, description: 'The token of the mailed link.' }) token: string;
}

export class ListInvitationsQuery extends PageQuery {
  @OptionalChoice(SHOWN_STATES, 'Only those in that state.') status?: ShownState;
}

export class InvitationResponse {
  @ApiProperty({ example: 'ainv_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() org_id: string;
  @ApiProperty({ description: 'The same as org_id.' }) organization_id: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiProperty({ format: 'idn-email' }) email: string;
  @ApiProperty({ enum: MEMBER_ROLES }) role: string;
  @ApiPropertyOptional({ type: [String] }) team_ids?: string[];
  @ApiProperty({ description: 'Who answers for it; empty for an operator.' }) inviter_id: string;
  @ApiProperty({ description: 'The same as inviter_id.' }) invited_by: string;
  @ApiProperty({ enum: SHOWN_STATES }) status: string;
  @ApiProperty({ format: 'date-time' }) expires_at: string;
  @ApiPropertyOptional({ format: 'date-time' }) accepted_at?: string;
  @ApiProperty({ format: 'date-time' }) sent_at: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
}

export class InvitationListResponse {
  @ApiProperty({ type: [InvitationResponse] }) invitations: InvitationResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export class InvitationOutcomeResponse {
  @ApiProperty({ format: 'idn-email' }) email: string;
  @ApiProperty({ enum: ['invited', 'refused'] }) status: string;
  @ApiPropertyOptional() invitation?: InvitationResponse;
  @ApiPropertyOptional({ description: 'The type of the problem, as a single invitation would have answered it.' })
  type?: string;
  @ApiPropertyOptional() detail?: string;
}

export class InvitationOutcomesResponse {
  @ApiProperty({ type: [InvitationOutcomeResponse] }) results: InvitationOutcomeResponse[];
  @ApiProperty({ type: 'integer' }) invited: number;
  @ApiProperty({ type: 'integer' }) refused: number;
}

export class ShownInvitationResponse {
  @ApiProperty() org_name: string;
  @ApiPropertyOptional() org_logo?: string;
  @ApiProperty() app_name: string;
  @ApiProperty({ format: 'idn-email' }) email: string;
  @ApiProperty({ enum: MEMBER_ROLES }) role: string;
  @ApiProperty({ format: 'date-time' }) expires_at: string;
  @ApiPropertyOptional({ description: 'Names the environment to sign up or in to.' }) publishable_key?: string;
}

export function toInvitationInput({ email, role, team_ids }: CreateInvitationRequest): InvitationInput {
  return { email, role: role ?? 'member', teamIds: team_ids ?? [] };
}

export function toInvitationResponse(invitation: InvitationEntity, now: Date): InvitationResponse {
  const { status, expiresAt, answeredAt, teamIds, inviterId } = invitation;
  return {
    id: invitation.id,
    org_id: invitation.orgId,
    organization_id: invitation.orgId,
    app_id: invitation.appId,
    env_id: invitation.envId,
    email: invitation.email,
    role: invitation.role,
    ...(teamIds.length === 0 ? {} : { team_ids: teamIds }),
    inviter_id: inviterId ?? '',
    invited_by: inviterId ?? '',
    status: status === 'pending' && expiresAt <= now ? 'expired' : status,
    expires_at: expiresAt.toISOString(),
    ...(status === 'accepted' && answeredAt !== null ? { accepted_at: answeredAt.toISOString() } : {}),
    sent_at: invitation.sentAt.toISOString(),
    created_at: invitation.createdAt.toISOString(),
  };
}

export function toOutcomesResponse(outcomes: readonly InvitationOutcome[], now: Date): InvitationOutcomesResponse {
  const results = outcomes.map((outcome): InvitationOutcomeResponse => {
    const { email } = outcome;
    return 'invitation' in outcome
      ? { email, status: 'invited', invitation: toInvitationResponse(outcome.invitation, now) }
      : { email, status: 'refused', type: outcome.refused.code, detail: outcome.refused.message };
  });
  const invited = results.filter(({ status }) => status === 'invited').length;
  return { results, invited, refused: results.length - invited };
}

export function toShownInvitationResponse(shown: ShownInvitation): ShownInvitationResponse {
  const { invitation, organization, appName, publishableKey } = shown;
  return {
    org_name: organization.name,
    ...(organization.logo === null ? {} : { org_logo: organization.logo }),
    app_name: appName,
    email: invitation.email,
    role: invitation.role,
    expires_at: invitation.expiresAt.toISOString(),
    ...(publishableKey === undefined ? {} : { publishable_key: publishableKey }),
  };
}
