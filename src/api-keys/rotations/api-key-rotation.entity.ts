import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';
import type { RotationReason } from '../../keys-bridge/key-manager.js';

/** That a secret of a key was replaced: which one, why and by whom. */
@Entity('api_key_rotations')
@Index('api_key_rotations_key_id_idx', ['appId', 'envId', 'keyId', 'id'])
export class ApiKeyRotationEntity {
  @PrimaryColumn('text') id: Id<'api_key_rotation'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'key_id' }) keyId: string;
  @Column('text') reason: RotationReason;
  /** Null: the service itself. */
  @Column({ type: 'text', name: 'rotated_by', nullable: true }) rotatedBy: string | null;
  /** Of the secret that was replaced. */
  @Column('text') start: string;
  @Column({ type: 'text', name: 'last_four' }) lastFour: string;
  @Column({ type: 'timestamptz', name: 'grace_ends_at', nullable: true }) graceEndsAt: Date | null;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
}
