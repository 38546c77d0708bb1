import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { SessionEntity } from '../session.entity.js';

/** A session as its user sees it. Tokens appear only in the answer that issues them (R030). */
export class SessionResponse {
  @ApiProperty() id: string;
  @ApiProperty() user_id: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiProperty() family_id: string;
  @ApiPropertyOptional() org_id?: string;
  @ApiPropertyOptional() device_id?: string;
  @ApiPropertyOptional() impersonated_by?: string;
  @ApiPropertyOptional() ip_address?: string;
  @ApiPropertyOptional() user_agent?: string;
  @ApiProperty({ description: 'Whether this is the session of the request.' }) current: boolean;
  @ApiProperty({ format: 'date-time' }) last_activity_at: string;
  @ApiProperty({ format: 'date-time' }) expires_at: string;
  @ApiProperty({ format: 'date-time' }) refresh_token_expires_at: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class SessionListResponse {
  @ApiProperty({ type: [SessionResponse] }) sessions: SessionResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export class SessionsRevokedResponse {
  @ApiProperty({ example: 'revoked' }) status: string;
  @ApiProperty({ description: 'How many sessions ended.' }) revoked: number;
}

export function toSessionResponse(session: SessionEntity, currentId: string | undefined): SessionResponse {
  return {
    id: session.id,
    user_id: session.userId,
    app_id: session.appId,
    env_id: session.envId,
    family_id: session.familyId,
    ...(session.orgId === null ? {} : { org_id: session.orgId }),
    ...(session.deviceId === null ? {} : { device_id: session.deviceId }),
    ...(session.impersonatedBy === null ? {} : { impersonated_by: session.impersonatedBy }),
    ...(session.ipAddress === null ? {} : { ip_address: session.ipAddress }),
    ...(session.userAgent === null ? {} : { user_agent: session.userAgent }),
    current: session.id === currentId,
    last_activity_at: session.lastActivityAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
    refresh_token_expires_at: session.refreshTokenExpiresAt.toISOString(),
    created_at: session.createdAt.toISOString(),
    updated_at: session.updatedAt.toISOString(),
  };
}
