import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';

/** What opens a key: the current secret, and after a rotation the one before for a while. */
@Entity('api_key_secrets')
@Unique('api_key_secrets_secret_hash_key', ['secretHash'])
@Unique('api_key_secrets_kind_key', ['appId', 'envId', 'keyId', 'kind'])
export class ApiKeySecretEntity {
  @PrimaryColumn('text') id: Id<'api_key_secret'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'key_id' }) keyId: Id<'api_key'>;
  @Column({ type: 'bytea', name: 'secret_hash' }) secretHash: Buffer;
  @Column('text') kind: 'current' | 'grace';
  @Column({ type: 'timestamptz', name: 'not_after', nullable: true }) notAfter: Date | null;
  @Column('text') start: string;
  @Column({ type: 'text', name: 'last_four' }) lastFour: string;
  @Column({ type: 'text', name: 'rotation_reason', nullable: true }) rotationReason: string | null;
  /** When somebody was told that it is to be rotated. */
  @Column({ type: 'timestamptz', name: 'rotation_warned_at', nullable: true }) rotationWarnedAt: Date | null;
  /** When it was first reported as leaked. */
  @Column({ type: 'timestamptz', name: 'leaked_at', nullable: true }) leakedAt: Date | null;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
}
