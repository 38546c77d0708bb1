import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { TokenFormat } from '../apps/tenant-settings.js';
import type { Id } from '../kernel/ids/id.js';

export const END_REASONS = [
  'sign_out',
  'revoked',
  'replayed',
  'password',
  'ban',
  'deleted',
  'evicted',
  'device',
  'stopped',
  'impersonator',
] as const;
/** Why a session ended before its time. */
export type EndReason = (typeof END_REASONS)[number];

/**
 * A signed-in session and its token family. One row per family, updated in place: ending it always wins against a refresh that runs at
 * the same moment (R068). Neither token is stored: the access token as a hash, the refresh token not at all (see SessionTokens).
 */
@Entity('sessions')
@Unique('sessions_access_hash_key', ['accessHash'])
@Unique('sessions_locator_key', ['locator'])
@Index('sessions_app_id_env_id_user_id_id_idx', ['appId', 'envId', 'userId', 'id'])
@Index('sessions_impersonated_by_idx', ['impersonatedBy'], { where: 'impersonated_by IS NOT NULL' })
@Index('sessions_absolute_expires_at_idx', ['absoluteExpiresAt'], { type: 'brin' })
@Index('sessions_ended_at_idx', ['endedAt'], { where: 'ended_at IS NOT NULL' })
export class SessionEntity {
  @PrimaryColumn('text') id: Id<'session'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'user_id', update: false }) userId: Id<'user'>;
  @Column({ type: 'text', name: 'family_id', update: false }) familyId: Id<'session_family'>;
  /** The organization the session acts for. */
  @Column({ type: 'text', name: 'org_id', nullable: true }) orgId: Id<'organization'> | null;
  @Column({ type: 'text', name: 'device_id', nullable: true }) deviceId: Id<'device'> | null;
  @Column({ type: 'text', name: 'impersonated_by', nullable: true }) impersonatedBy: Id<'user'> | null;
  /** The operator's own session: when it ends, this one does. */
  @Column({ type: 'text', name: 'impersonator_session_id', nullable: true, update: false })
  impersonatorSessionId: Id<'session'> | null;
  @Column({ type: 'text', name: 'impersonation_reason', nullable: true, update: false })
  impersonationReason: string | null;
  @Column({ type: 'text', name: 'token_format' }) tokenFormat: TokenFormat;
  /** SHA-256 of the opaque access token, or of the JWT's `jti`. */
  @Column({ type: 'bytea', name: 'access_hash' }) accessHash: Buffer;
  /** 16 random bytes that refresh tokens carry to find their family. */
  @Column({ type: 'bytea', update: false }) locator: Buffer;
  @Column({ type: 'integer', name: 'access_generation' }) accessGeneration: number;
  @Column({ type: 'integer', name: 'refresh_generation' }) refreshGeneration: number;
  /** Which master key the current tokens were derived with. */
  @Column({ type: 'text', name: 'key_id' }) keyId: string;
  @Column({ type: 'timestamptz', name: 'expires_at' }) expiresAt: Date;
  @Column({ type: 'timestamptz', name: 'refresh_token_expires_at' }) refreshTokenExpiresAt: Date;
  @Column({ type: 'timestamptz', name: 'absolute_expires_at' }) absoluteExpiresAt: Date;
  @Column({ type: 'timestamptz', name: 'rotated_at' }) rotatedAt: Date;
  @Column({ type: 'timestamptz', name: 'last_activity_at' }) lastActivityAt: Date;
  /** When identity was last proved with a credential. */
  @Column({ type: 'timestamptz', name: 'authenticated_at' }) authenticatedAt: Date;
  /** How, as RFC 8176 values. */
  @Column({ type: 'text', array: true, name: 'authentication_methods' }) authenticationMethods: string[];
  @Column({ type: 'text', name: 'ip_address', nullable: true }) ipAddress: string | null;
  @Column({ type: 'text', name: 'user_agent', nullable: true }) userAgent: string | null;
  @Column({ type: 'timestamptz', name: 'ended_at', nullable: true }) endedAt: Date | null;
  @Column({ type: 'text', name: 'end_reason', nullable: true }) endReason: EndReason | null;
  /** When a rotated-out refresh token of the family first came back: the alert is raised once. */
  @Column({ type: 'timestamptz', name: 'replayed_at', nullable: true }) replayedAt: Date | null;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
