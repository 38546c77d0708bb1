import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { versioned } from '../../http/etag.js';
import { PageQuery } from '../../http/paging/page.query.js';
import { Slug } from '../../http/validation/slug.decorator.js';
import { ClearableText, OptionalId, OptionalText, RequiredId, Text } from '../../http/validation/text.decorators.js';
import type { Id } from '../../kernel/ids/id.js';
import { ACTION, LONGEST_ACTION, LONGEST_RESOURCE, RESOURCE } from '../permission.rules.js';
import type { RoleOfUser } from '../role-assignments.repository.js';
import type { RolePermissionEntity } from '../role-permission.entity.js';
import type { RoleEntity } from '../role.entity.js';
import type { RoleChanges } from '../roles.repository.js';
import type { RoleInput } from '../roles.service.js';

const Action = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({
      maxLength: LONGEST_ACTION,
      pattern: ACTION.source,
      example: 'delete',
      description: '`*`: every action.',
    }),
    Matches(ACTION, {
      message: '$property must be * or 1 to 64 lower-case letters, digits, dots, dashes or underscores',
    }),
  );

const Resource = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({
      maxLength: LONGEST_RESOURCE,
      pattern: RESOURCE.source,
      example: 'invoices',
      description: '`*`: every resource; `invoices:*`: everything below `invoices:`.',
    }),
    Matches(RESOURCE, {
      message: '$property must be *, or names between colons of which the last may be *, at most 128 characters',
    }),
  );

export class CreateRoleRequest {
  @Text({ longest: 100, example: 'Accountant' }) name: string;
  @Slug() slug: string;
  @OptionalText({ longest: 500 }) description?: string;
  @OptionalId('role', 'The role whose permissions it has, too.') parent_id?: Id<'role'>;
}

/** Absent and null leave a field as it is; the empty text clears it. */
export class UpdateRoleRequest {
  @OptionalText({ longest: 100 }) name?: string;
  @ClearableText({ longest: 500 }) description?: string | null;
  @OptionalId('role', 'The role whose permissions it has, too; empty: none.') parent_id?: Id<'role'> | '' | null;
}

export class AddPermissionRequest {
  @Action() action: string;
  @Resource() resource: string;
}

export class AssignRoleRequest {
  @RequiredId('user') user_id: Id<'user'>;
  @OptionalId('organization', 'Where the role holds; everywhere when absent.') org_id?: Id<'organization'>;
}

export class ListUserRolesQuery extends PageQuery {
  @OptionalId('organization', 'Only those given within that organization.') org_id?: Id<'organization'>;
}

export class RoleResponse {
  @ApiProperty({ example: 'arol_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiPropertyOptional() parent_id?: string;
  @ApiProperty() name: string;
  @ApiProperty() slug: string;
  @ApiPropertyOptional() description?: string;
  @ApiProperty({ description: 'Made with the environment; it cannot be deleted or moved.' }) system: boolean;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class RoleListResponse {
  @ApiProperty({ type: [RoleResponse] }) roles: RoleResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export class UserRoleResponse extends RoleResponse {
  @ApiPropertyOptional({ description: 'Where it holds; everywhere when absent.' }) org_id?: string;
  @ApiProperty({ format: 'date-time' }) assigned_at: string;
  @ApiPropertyOptional({ description: 'Absent when an operator gave it.' }) assigned_by?: string;
}

export class UserRoleListResponse {
  @ApiProperty({ type: [UserRoleResponse] }) roles: UserRoleResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export class PermissionResponse {
  @ApiProperty({ example: 'aprm_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() role_id: string;
  @ApiProperty() action: string;
  @ApiProperty() resource: string;
}

export class PermissionListResponse {
  @ApiProperty({ type: [PermissionResponse] }) permissions: PermissionResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export function toRoleInput({ name, slug, description, parent_id: parentId }: CreateRoleRequest): RoleInput {
  return { name, slug, description: description || null, parentId: parentId || null };
}

export function toRoleChanges({ name, description, parent_id: parentId }: UpdateRoleRequest): RoleChanges {
  return {
    ...(name && { name }),
    ...(description == null ? {} : { description: description || null }),
    ...(parentId == null ? {} : { parentId: parentId || null }),
  };
}

export function toRoleResponse(role: RoleEntity): RoleResponse {
  return versioned(
    {
      id: role.id,
      app_id: role.appId,
      env_id: role.envId,
      ...(role.parentId === null ? {} : { parent_id: role.parentId }),
      name: role.name,
      slug: role.slug,
      ...(role.description === null ? {} : { description: role.description }),
      system: role.system,
      created_at: role.createdAt.toISOString(),
      updated_at: role.updatedAt.toISOString(),
    },
    role.version,
  );
}

export function toUserRoleResponse(role: RoleOfUser): UserRoleResponse {
  return {
    ...toRoleResponse(role),
    ...(role.orgId === null ? {} : { org_id: role.orgId }),
    assigned_at: role.assignedAt.toISOString(),
    ...(role.assignedBy === null ? {} : { assigned_by: role.assignedBy }),
  };
}

export function toPermissionResponse({ id, roleId, action, resource }: RolePermissionEntity): PermissionResponse {
  return { id, role_id: roleId, action, resource };
}
