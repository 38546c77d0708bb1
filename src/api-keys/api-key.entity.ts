import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';
import type { KeyCredits, KeyLimits, KeyOwnerKind, KeyRestrictions, KeyState } from '../keys-bridge/key-manager.js';

/** A key that machines call with. What opens it are its secrets. */
@Entity('api_keys')
@Unique('api_keys_app_id_env_id_id_key', ['appId', 'envId', 'id'])
@Index('api_keys_owner_id_idx', ['appId', 'envId', 'ownerId', 'id'])
@Index('api_keys_policy_id_idx', ['appId', 'envId', 'policyId'], { where: 'policy_id IS NOT NULL' })
@Index('api_keys_expires_at_idx', ['expiresAt'], { where: "state = 'active' AND expiry_warned_at IS NULL" })
export class ApiKeyEntity {
  @PrimaryColumn('text') id: Id<'api_key'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'owner_kind' }) ownerKind: KeyOwnerKind;
  @Column({ type: 'text', name: 'owner_id' }) ownerId: string;
  @Column('text') name: string;
  @Column({ type: 'text', name: 'policy_id', nullable: true }) policyId: Id<'api_key_policy'> | null;
  @Column('text') state: KeyState;
  @Column({ type: 'text', array: true }) scopes: string[];
  @Column('jsonb') metadata: Record<string, string>;
  @Column({ type: 'timestamptz', name: 'expires_at', nullable: true }) expiresAt: Date | null;
  /** When somebody was told that it is going to. */
  @Column({ type: 'timestamptz', name: 'expiry_warned_at', nullable: true }) expiryWarnedAt: Date | null;
  @Column('jsonb') limits: KeyLimits;
  @Column({ type: 'bigint', nullable: true }) credits: string | null;
  @Column({ type: 'jsonb', nullable: true }) refill: NonNullable<KeyCredits['refill']> | null;
  @Column({ type: 'timestamptz', name: 'refilled_at', nullable: true }) refilledAt: Date | null;
  @Column('jsonb') allow: KeyRestrictions;
  @Column({ type: 'timestamptz', name: 'last_used_at', nullable: true }) lastUsedAt: Date | null;
  @Column({ type: 'timestamptz', name: 'revoked_at', nullable: true }) revokedAt: Date | null;
  @Column({ type: 'text', name: 'revoke_reason', nullable: true }) revokeReason: string | null;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
