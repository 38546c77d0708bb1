import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { LockoutState } from '../../auth/sign-in/lockout.service.js';
import { versioned } from '../../http/etag.js';
import type { Page } from '../../kernel/persistence/page.js';
import { toUserResponse, UserResponse } from '../../users/dto/user.response.js';
import type { UserEntity } from '../../users/user.entity.js';

/** A user as operators see one. */
export class AdminUserResponse extends UserResponse {
  @ApiPropertyOptional({ description: 'What another system calls them.' }) external_id?: string;
  @ApiPropertyOptional({ description: 'True: the password opens nothing until it is replaced.' })
  password_reset_required?: boolean;
  @ApiPropertyOptional({ format: 'date-time', description: 'Since then they can be restored until retention ends.' })
  deleted_at?: string;
}

export class UserListResponse {
  @ApiProperty({ type: [AdminUserResponse] }) users: AdminUserResponse[];
  @ApiProperty({ description: 'How many the filters find; beyond 10,000 they are not counted.' })
  total: number;
  @ApiPropertyOptional({ description: 'True: there are more than total.' }) total_is_capped?: boolean;
  @ApiPropertyOptional() next_cursor?: string;
}

export class LockoutResponse {
  @ApiProperty() locked: boolean;
  @ApiProperty({ description: 'Wrong passwords on record, from devices that are not known.' }) failures: number;
  @ApiPropertyOptional({ format: 'date-time' }) last_failed_at?: string;
  @ApiPropertyOptional({ format: 'date-time' }) locked_until?: string;
}

export function toAdminUserResponse(user: UserEntity): AdminUserResponse {
  const { externalId, resetRequiredAt, deletedAt } = user;
  return versioned(
    {
      ...toUserResponse(user),
      ...(externalId === null ? {} : { external_id: externalId }),
      ...(resetRequiredAt === null ? {} : { password_reset_required: true }),
      ...(deletedAt === null ? {} : { deleted_at: deletedAt.toISOString() }),
    },
    user.version,
  );
}

export function toUserListResponse(
  { items, nextCursor }: Page<UserEntity>,
  { total, isCapped }: { readonly total: number; readonly isCapped: boolean },
): UserListResponse {
  return {
    users: items.map(toAdminUserResponse),
    total,
    ...(isCapped && { total_is_capped: true }),
    ...(nextCursor !== undefined && { next_cursor: nextCursor }),
  };
}

export function toLockoutResponse({ failures, lastFailedAt, lockedUntil }: LockoutState): LockoutResponse {
  return {
    locked: lockedUntil !== undefined,
    failures,
    ...(lastFailedAt && { last_failed_at: lastFailedAt.toISOString() }),
    ...(lockedUntil && { locked_until: lockedUntil.toISOString() }),
  };
}
