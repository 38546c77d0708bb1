import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

export const TOKEN_FORMATS = ['opaque', 'jwt'] as const;
export type TokenFormat = (typeof TOKEN_FORMATS)[number];

/** How the sessions of an app behave. Null: as the deployment is configured. */
@Entity('app_session_configs')
@Unique('app_session_configs_app_id_key', ['appId'])
export class SessionConfigEntity {
  @PrimaryColumn('text') id: Id<'session_config'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'integer', name: 'token_ttl_seconds', nullable: true }) tokenTtlSeconds: number | null;
  @Column({ type: 'integer', name: 'refresh_token_ttl_seconds', nullable: true }) refreshTokenTtlSeconds: number | null;
  @Column({ type: 'integer', name: 'max_active_sessions', nullable: true }) maxActiveSessions: number | null;
  @Column({ type: 'boolean', name: 'rotate_refresh_token', nullable: true }) rotateRefreshToken: boolean | null;
  @Column({ type: 'boolean', name: 'bind_to_ip', nullable: true }) bindToIp: boolean | null;
  @Column({ type: 'boolean', name: 'bind_to_device', nullable: true }) bindToDevice: boolean | null;
  @Column({ type: 'text', name: 'token_format', nullable: true }) tokenFormat: TokenFormat | null;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
