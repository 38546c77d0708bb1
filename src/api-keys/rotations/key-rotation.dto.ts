import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ROTATION_REASONS } from '../../keys-bridge/key-manager.js';
import type { ApiKeyRotationEntity } from './api-key-rotation.entity.js';

export class KeyRotationResponse {
  @ApiProperty() id: string;
  @ApiProperty({ enum: ROTATION_REASONS }) reason: string;
  @ApiPropertyOptional({ description: 'Whose call it was; absent when it was the service’s own.' }) rotated_by?: string;
  @ApiProperty({ description: 'How the secret began that was replaced.' }) key_prefix: string;
  @ApiProperty({ description: 'How it ended.' }) last_four: string;
  @ApiPropertyOptional({ format: 'date-time', description: 'Until when it worked too.' }) grace_ends_at?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
}

export class KeyRotationListResponse {
  @ApiProperty({ type: [KeyRotationResponse], description: 'Newest first, a hundred at most.' })
  rotations: KeyRotationResponse[];
}

export function toRotationListResponse(rotations: readonly ApiKeyRotationEntity[]): KeyRotationListResponse {
  return {
    rotations: rotations.map(({ id, reason, rotatedBy, start, lastFour, graceEndsAt, createdAt }) => ({
      id,
      reason,
      ...(rotatedBy === null ? {} : { rotated_by: rotatedBy }),
      key_prefix: start,
      last_four: lastFour,
      ...(graceEndsAt === null ? {} : { grace_ends_at: graceEndsAt.toISOString() }),
      created_at: createdAt.toISOString(),
    })),
  };
}
