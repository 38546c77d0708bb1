import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';
import type { KeyLimits, KeyRestrictions } from '../../keys-bridge/key-manager.js';

/** What several keys have in common: how much they may be used and where, what they may be given, how long they live. */
@Entity('api_key_policies')
@Unique('api_key_policies_app_id_env_id_id_key', ['appId', 'envId', 'id'])
@Unique('api_key_policies_app_id_env_id_name_key', ['appId', 'envId', 'name'])
export class ApiKeyPolicyEntity {
  @PrimaryColumn('text') id: Id<'api_key_policy'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column('text') name: string;
  @Column('text') description: string;
  @Column('jsonb') limits: KeyLimits;
  @Column('jsonb') allow: KeyRestrictions;
  /** Beyond which no key goes; empty: any. */
  @Column({ type: 'text', array: true, name: 'allowed_scopes' }) allowedScopes: string[];
  /** Seconds, as the two below. Null: for ever. */
  @Column({ type: 'integer', name: 'max_lifetime_s', nullable: true }) maxLifetimeS: number | null;
  /** After which a secret is to be rotated. Null: never. */
  @Column({ type: 'integer', name: 'rotation_period_s', nullable: true }) rotationPeriodS: number | null;
  /** How long a secret that was rotated out works, where the rotation does not say. Null: a day. */
  @Column({ type: 'integer', name: 'grace_s', nullable: true }) graceS: number | null;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
