import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { DeviceResponse, toDeviceResponse } from '../../../devices/dto/device.response.js';
import type { AuditEntryEntity } from '../../../kernel/audit/audit-entry.entity.js';
import type { UserPrincipal } from '../../../kernel/context/principal.js';
import type { Id } from '../../../kernel/ids/id.js';
import { MembershipResponse, toMembershipResponse } from '../../../organizations/members/dto/member.dto.js';
import { toUserRoleResponse, UserRoleResponse } from '../../../roles/dto/role.dto.js';
import { SessionResponse, toSessionResponse } from '../../../sessions/dto/session.response.js';
import { toUserResponse, UserResponse } from '../../../users/dto/user.response.js';
import type { AuthMethod, PersonalData } from '../account.service.js';

export class AuthMethodResponse {
  @ApiProperty({ example: 'password' }) type: string;
  @ApiProperty({ example: 'password' }) provider: string;
  @ApiProperty({ example: 'Password' }) label: string;
  @ApiPropertyOptional({ format: 'date-time' }) linked_at?: string;
}

export class AuthMethodListResponse {
  @ApiProperty({ type: [AuthMethodResponse] }) methods: AuthMethodResponse[];
}

export function toAuthMethodResponse(method: AuthMethod): AuthMethodResponse {
  const { type, provider, label, linkedAt } = method;
  return { type, provider, label, ...(linkedAt === null ? {} : { linked_at: linkedAt.toISOString() }) };
}

/** An entry of the audit trail as the person it concerns sees it. */
export class SecurityEventResponse {
  @ApiProperty() id: string;
  @ApiProperty({ example: 'auth.sign_in' }) action: string;
  @ApiProperty({ enum: ['success', 'failure'] }) outcome: string;
  @ApiPropertyOptional() ip_address?: string;
  @ApiPropertyOptional() user_agent?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
}

/** Where somebody else was who acted on the account — an operator — is that person's data, not the reader's (R294). */
function toSecurityEventResponse(entry: AuditEntryEntity, reader: Id<'user'>): SecurityEventResponse {
  const isForeign = entry.actorId !== null && entry.actorId !== reader;
  const { ip_address: ip, user_agent: agent } = isForeign ? {} : entry.personal;
  return {
    id: entry.id,
    action: entry.action,
    outcome: entry.outcome,
    ...(typeof ip === 'string' ? { ip_address: ip } : {}),
    ...(typeof agent === 'string' ? { user_agent: agent } : {}),
    created_at: entry.occurredAt.toISOString(),
  };
}

export class PersonalDataResponse {
  @ApiProperty() user: UserResponse;
  @ApiProperty({ type: [AuthMethodResponse] }) auth_methods: AuthMethodResponse[];
  @ApiProperty({ type: [SessionResponse] }) sessions: SessionResponse[];
  @ApiProperty({ type: [DeviceResponse] }) devices: DeviceResponse[];
  @ApiProperty({ type: [MembershipResponse], description: 'In organizations.' }) organizations: MembershipResponse[];
  @ApiProperty({ type: [UserRoleResponse] }) roles: UserRoleResponse[];
  @ApiProperty({ type: [SecurityEventResponse] }) security_events: SecurityEventResponse[];
}

export function toPersonalDataResponse(data: PersonalData, caller: UserPrincipal, now: Date): PersonalDataResponse {
  return {
    user: toUserResponse(data.user),
    auth_methods: data.authMethods.map(toAuthMethodResponse),
    sessions: data.sessions.map((session) => toSessionResponse(session, caller.sessionId)),
    devices: data.devices.map((device) => toDeviceResponse(device, caller.deviceId, now)),
    organizations: data.memberships.map(toMembershipResponse),
    roles: data.roles.map(toUserRoleResponse),
    security_events: data.events.map((entry) => toSecurityEventResponse(entry, caller.userId)),
  };
}
