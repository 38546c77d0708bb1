import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { versioned } from '../../http/etag.js';
import { DEVICE_TYPES, type DeviceEntity } from '../device.entity.js';

export class DeviceResponse {
  @ApiProperty() id: string;
  @ApiProperty() user_id: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiPropertyOptional({ example: 'Chrome on macOS' }) name?: string;
  @ApiProperty({ enum: DEVICE_TYPES }) type: string;
  @ApiPropertyOptional() browser?: string;
  @ApiPropertyOptional() os?: string;
  @ApiPropertyOptional() ip_address?: string;
  @ApiProperty({ description: 'What the client says about itself, hashed. Never enough to be trusted.' })
  fingerprint: string;
  @ApiProperty() trusted: boolean;
  @ApiPropertyOptional({ format: 'date-time' }) trusted_until?: string;
  @ApiProperty({ description: 'Whether this request comes from the device.' }) current: boolean;
  @ApiProperty({ format: 'date-time' }) last_seen_at: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class DeviceListResponse {
  @ApiProperty({ type: [DeviceResponse] }) devices: DeviceResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export class TrustedDeviceResponse extends DeviceResponse {
  @ApiPropertyOptional({
    description: 'The secret by which the device is recognised from now on; send it as X-Device-Token. Shown once.',
  })
  device_token?: string;
}

/** @param currentId the device of the caller's session. */
export function toDeviceResponse(device: DeviceEntity, currentId: string | null, now: Date): DeviceResponse {
  const trusted = device.trusted && (device.trustedUntil === null || device.trustedUntil > now);
  return versioned(
    {
      id: device.id,
      user_id: device.userId,
      app_id: device.appId,
      env_id: device.envId,
      ...(device.name === null ? {} : { name: device.name }),
      type: device.type,
      ...(device.browser === null ? {} : { browser: device.browser }),
      ...(device.os === null ? {} : { os: device.os }),
      ...(device.ipAddress === null ? {} : { ip_address: device.ipAddress }),
      fingerprint: device.fingerprint,
      trusted,
      ...(trusted && device.trustedUntil !== null ? { trusted_until: device.trustedUntil.toISOString() } : {}),
      current: device.id === currentId,
      last_seen_at: device.lastSeenAt.toISOString(),
      created_at: device.createdAt.toISOString(),
      updated_at: device.updatedAt.toISOString(),
    },
    device.version,
  );
}
