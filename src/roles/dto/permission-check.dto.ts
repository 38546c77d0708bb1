import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsObject, ValidateNested } from 'class-validator';
import { IfPresent, OptionalFlag, OptionalId, OptionalText, Text } from '../../http/validation/text.decorators.js';
import { invalidFields } from '../../http/validation/validation.pipe.js';
import type { Id } from '../../kernel/ids/id.js';
import { type EffectivePermissions, type HeldRole, LONGEST_ACTION, LONGEST_RESOURCE } from '../permission.rules.js';
import type { Decision, PermissionQuestion } from '../permissions.service.js';

const MOST_CHECKS = 100;
const SOURCES = ['assignment', 'organization_assignment', 'everyone', 'member_role'];
const SOURCE =
  'How the person has it: given everywhere, given within the organization, as everybody has it, or by their place in the organization.';

export class PermissionCheck {
  @Text({ longest: LONGEST_ACTION, example: 'delete', description: 'Taken literally.' }) action: string;
  @Text({ longest: LONGEST_RESOURCE, example: 'invoices', description: 'Taken literally.' }) resource: string;
  @OptionalId('user', 'The caller when absent.') user_id?: Id<'user'>;
  @OptionalId('organization', 'What the user has in that organization counts too.') org_id?: Id<'organization'>;
}

export class CheckPermissionRequest {
  @OptionalText({ longest: LONGEST_ACTION, example: 'delete', description: 'Taken literally.' }) action?: string;
  @OptionalText({ longest: LONGEST_RESOURCE, example: 'invoices', description: 'Taken literally.' }) resource?: string;
  @OptionalId('user', 'The caller when absent.') user_id?: Id<'user'>;
  @OptionalId('organization', 'What the user has in that organization counts too.') org_id?: Id<'organization'>;
  @ApiPropertyOptional({ type: [PermissionCheck], minItems: 1, maxItems: MOST_CHECKS, description: 'Several at once.' })
  @IfPresent()
  @IsArray({ message: '$property must be a list' })
  @ArrayMinSize(1, { message: '$property must not be empty' })
  @ArrayMaxSize(MOST_CHECKS, { message: `$property must hold at most ${MOST_CHECKS} checks` })
  @IsObject({ each: true, message: 'each of $property must be an object' })
  @ValidateNested({ each: true })
  @Type(() => PermissionCheck)
  checks?: PermissionCheck[] | null;
  @OptionalFlag('Whether to say what decided.') explain?: boolean | null;
}

export class RoleNameResponse {
  @ApiProperty() id: string;
  @ApiProperty() slug: string;
}

export class HeldRoleResponse extends RoleNameResponse {
  @ApiProperty({ enum: SOURCES, description: SOURCE }) source: string;
}

export class DecidingPermissionResponse {
  @ApiProperty() id: string;
  @ApiProperty() action: string;
  @ApiProperty() resource: string;
}

export class ExplanationResponse {
  @ApiProperty({ enum: ['granted', 'no_matching_permission', 'no_such_user'] }) reason: string;
  @ApiPropertyOptional({ description: 'The permission that decided.' }) permission?: DecidingPermissionResponse;
  @ApiPropertyOptional({ description: 'The role that has the permission.' }) role?: RoleNameResponse;
  @ApiPropertyOptional({ description: 'The role that the user has.' }) held_role?: RoleNameResponse;
  @ApiPropertyOptional({
    type: [String],
    description: 'From the role the user has up to the one that decided, as slugs.',
  })
  path?: string[];
  @ApiPropertyOptional({ enum: SOURCES, description: SOURCE }) source?: string;
  @ApiProperty({ type: [HeldRoleResponse], description: 'Every role that was looked at.' }) roles: HeldRoleResponse[];
}

export class DecisionResponse {
  @ApiProperty() allowed: boolean;
  @ApiPropertyOptional() explanation?: ExplanationResponse;
}

export class CheckPermissionResponse {
  @ApiPropertyOptional({ description: 'Of a single check.' }) allowed?: boolean;
  @ApiPropertyOptional() explanation?: ExplanationResponse;
  @ApiPropertyOptional({ type: [DecisionResponse], description: 'Of several, in their order.' })
  results?: DecisionResponse[];
}

export class OwnPermissionResponse {
  @ApiProperty() action: string;
  @ApiProperty() resource: string;
  @ApiProperty({ description: 'The slug of the role that has it.' }) role: string;
  @ApiProperty({ enum: SOURCES, description: SOURCE }) source: string;
}

export class OwnPermissionsResponse {
  @ApiProperty({ type: [HeldRoleResponse] }) roles: HeldRoleResponse[];
  @ApiProperty({ type: [OwnPermissionResponse] }) permissions: OwnPermissionResponse[];
}

export class OwnPermissionsQuery {
  @OptionalId('organization', 'What you have in that organization counts too.') org_id?: Id<'organization'>;
}

/** @throws ValidationFailed when neither one nor several checks are asked for. */
export function toQuestions(request: CheckPermissionRequest, caller: Id<'user'>): PermissionQuestion[] {
  const { action, resource, user_id, org_id, checks } = request;
  if (checks) return checks.map((check) => toQuestion(check, caller));
  const missing = Object.entries({ action, resource }).filter(([, value]) => !value);
  if (!action || !resource) {
    throw invalidFields(
      missing.map(([path]) => ({ path, code: 'required', message: `${path} is required, or checks` })),
    );
  }
  return [toQuestion({ action, resource, ...(user_id && { user_id }), ...(org_id && { org_id }) }, caller)];
}

function toQuestion({ action, resource, user_id, org_id }: PermissionCheck, caller: Id<'user'>): PermissionQuestion {
  return { action, resource, userId: user_id || caller, orgId: org_id || undefined };
}

export function toDecisionResponse({ allowed, grant, roles }: Decision, explain: boolean): DecisionResponse {
  if (!explain) return { allowed };
  const considered = roles.map(toHeldRole);
  if (grant === undefined) {
    const reason = roles.length === 0 ? 'no_such_user' : 'no_matching_permission';
    return { allowed, explanation: { reason, roles: considered } };
  }
  const { permissionId, action, resource, role, held, path, source } = grant;
  return {
    allowed,
    explanation: {
      reason: 'granted',
      permission: { id: permissionId, action, resource },
      role: { ...role },
      held_role: { ...held },
      path: [...path],
      source,
      roles: considered,
    },
  };
}

export function toOwnPermissionsResponse({ roles, grants }: EffectivePermissions): OwnPermissionsResponse {
  return {
    roles: roles.map(toHeldRole),
    permissions: grants.map(({ action, resource, role, source }) => ({ action, resource, role: role.slug, source })),
  };
}

function toHeldRole({ id, slug, source }: HeldRole): HeldRoleResponse {
  return { id, slug, source };
}
