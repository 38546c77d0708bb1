import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { versioned } from '../../http/etag.js';
import type { Metadata } from '../../http/validation/metadata.js';
import type { UserEntity } from '../user.entity.js';
import { joinName } from '../user.rules.js';

/** A user as everybody entitled to see one sees it. An allow list: what is not named here does not leave. */
export class UserResponse {
  @ApiProperty({ example: 'ausr_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiProperty({ format: 'idn-email' }) email: string;
  @ApiProperty() email_verified: boolean;
  @ApiPropertyOptional() phone?: string;
  @ApiProperty() phone_verified: boolean;
  @ApiPropertyOptional() username?: string;
  @ApiPropertyOptional() display_username?: string;
  @ApiPropertyOptional() name?: string;
  @ApiProperty() first_name: string;
  @ApiProperty() last_name: string;
  @ApiPropertyOptional() image?: string;
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'Values of the app’s own.' })
  metadata?: Metadata;
  @ApiPropertyOptional({ format: 'date-time' }) password_changed_at?: string;
  @ApiProperty() banned: boolean;
  @ApiPropertyOptional() ban_reason?: string;
  @ApiPropertyOptional({ format: 'date-time' }) ban_expires?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export function toUserResponse(user: UserEntity): UserResponse {
  const name = joinName(user);
  return versioned(
    {
      id: user.id,
      app_id: user.appId,
      env_id: user.envId,
      email: user.email ?? '',
      email_verified: user.emailVerified,
      ...(user.phone === null ? {} : { phone: user.phone }),
      phone_verified: user.phoneVerified,
      ...(user.username === null ? {} : { username: user.username }),
      ...(user.displayUsername === null ? {} : { display_username: user.displayUsername }),
      ...(name === '' ? {} : { name }),
      first_name: user.firstName,
      last_name: user.lastName,
      ...(user.image === null ? {} : { image: user.image }),
      ...(Object.keys(user.metadata).length === 0 ? {} : { metadata: user.metadata }),
      ...(user.passwordChangedAt === null ? {} : { password_changed_at: user.passwordChangedAt.toISOString() }),
      banned: user.banned,
      ...(user.banReason === null ? {} : { ban_reason: user.banReason }),
      ...(user.banExpires === null ? {} : { ban_expires: user.banExpires.toISOString() }),
      created_at: user.createdAt.toISOString(),
      updated_at: user.updatedAt.toISOString(),
    },
    user.version,
  );
}
