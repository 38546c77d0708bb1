import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';
import type { KeyOwnerKind, KeyState } from '../key-manager.js';

/** Which keys at Unkey are one of ours. */
@Entity('unkey_keys')
@Index('unkey_keys_owner_id_idx', ['appId', 'envId', 'ownerId', 'id'])
export class UnkeyKeyEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn('text') id: Id<'api_key'>;
  @Column({ type: 'text', name: 'unkey_key_id' }) unkeyKeyId: string;
  @Column({ type: 'text', name: 'previous_unkey_key_id', nullable: true }) previousUnkeyKeyId: string | null;
  @Column({ type: 'timestamptz', name: 'grace_ends_at', nullable: true }) graceEndsAt: Date | null;
  @Column({ type: 'timestamptz', name: 'rotating_until', nullable: true }) rotatingUntil: Date | null;
  @Column({ type: 'text', name: 'owner_kind' }) ownerKind: KeyOwnerKind;
  @Column({ type: 'text', name: 'owner_id' }) ownerId: string;
  @Column('text') state: KeyState;
  @Column('text') start: string;
  @Column({ type: 'text', name: 'last_four' }) lastFour: string;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'revoked_at', nullable: true }) revokedAt: Date | null;
  @Column({ type: 'text', name: 'revoke_reason', nullable: true }) revokeReason: string | null;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
