import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

export const DEVICE_TYPES = ['desktop', 'mobile', 'tablet', 'unknown'] as const;
export type DeviceType = (typeof DEVICE_TYPES)[number];

/**
 * A browser or program a user signed in with. It is recognised by a secret the server issued to it; the fingerprint is what the
 * client says about itself and only groups sign-ins for display (R091).
 */
@Entity('devices')
@Unique('devices_app_id_env_id_id_key', ['appId', 'envId', 'id'])
@Unique('devices_secret_hash_key', ['secretHash'])
@Index('devices_app_id_env_id_user_id_fingerprint_idx', ['appId', 'envId', 'userId', 'fingerprint'], {
  unique: true,
  where: 'NOT trusted',
})
@Index('devices_app_id_env_id_user_id_id_idx', ['appId', 'envId', 'userId', 'id'])
export class DeviceEntity {
  @PrimaryColumn('text') id: Id<'device'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'user_id', update: false }) userId: Id<'user'>;
  @Column('text') fingerprint: string;
  @Column({ type: 'bytea', name: 'secret_hash' }) secretHash: Buffer;
  @Column({ type: 'text', nullable: true }) name: string | null;
  @Column('text') type: DeviceType;
  @Column({ type: 'text', nullable: true }) browser: string | null;
  @Column({ type: 'text', nullable: true }) os: string | null;
  @Column({ type: 'text', name: 'ip_address', nullable: true }) ipAddress: string | null;
  @Column('boolean') trusted: boolean;
  @Column({ type: 'timestamptz', name: 'trusted_until', nullable: true }) trustedUntil: Date | null;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'last_seen_at' }) lastSeenAt: Date;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
