import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Metadata } from '../http/validation/metadata.js';
import type { Id } from '../kernel/ids/id.js';

/** A person, within one environment. */
@Entity('users')
@Unique('users_app_id_env_id_id_key', ['appId', 'envId', 'id'])
@Unique('users_app_id_env_id_email_key', ['appId', 'envId', 'email'])
@Unique('users_app_id_env_id_username_key', ['appId', 'envId', 'username'])
@Index('users_external_id_idx', ['appId', 'envId', 'externalId'], { unique: true, where: 'external_id IS NOT NULL' })
@Index('users_phone_idx', ['appId', 'envId', 'phone'], { where: 'phone IS NOT NULL' })
@Index('users_created_at_idx', ['appId', 'envId', 'createdAt'])
@Index('users_email_verified_idx', ['appId', 'envId', 'emailVerified', 'id'], { where: 'deleted_at IS NULL' })
@Index('users_banned_idx', ['appId', 'envId', 'id'], { where: 'banned' })
@Index('users_deleted_idx', ['appId', 'envId', 'id'], { where: 'deleted_at IS NOT NULL AND erased_at IS NULL' })
export class UserEntity {
  @PrimaryColumn('text') id: Id<'user'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  /** In canonical form. Null once the person is erased. */
  @Column({ type: 'text', nullable: true }) email: string | null;
  @Column({ type: 'boolean', name: 'email_verified' }) emailVerified: boolean;
  @Column({ type: 'text', nullable: true }) phone: string | null;
  @Column({ type: 'boolean', name: 'phone_verified' }) phoneVerified: boolean;
  /** In canonical form: what is unique and looked up. */
  @Column({ type: 'text', nullable: true }) username: string | null;
  /** As it was typed: what is shown. */
  @Column({ type: 'text', name: 'display_username', nullable: true }) displayUsername: string | null;
  @Column({ type: 'text', name: 'first_name' }) firstName: string;
  @Column({ type: 'text', name: 'last_name' }) lastName: string;
  @Column({ type: 'text', nullable: true }) image: string | null;
  @Column('jsonb') metadata: Metadata;
  /** What another system calls the person; unique within the environment. */
  @Column({ type: 'text', name: 'external_id', nullable: true }) externalId: string | null;
  @Column({ type: 'timestamptz', name: 'password_changed_at', nullable: true }) passwordChangedAt: Date | null;
  /** Since then the password opens no session, until it is replaced. */
  @Column({ type: 'timestamptz', name: 'reset_required_at', nullable: true }) resetRequiredAt: Date | null;
  @Column('boolean') banned: boolean;
  @Column({ type: 'text', name: 'ban_reason', nullable: true }) banReason: string | null;
  @Column({ type: 'timestamptz', name: 'ban_expires', nullable: true }) banExpires: Date | null;
  /** Since then the account is nobody's; it can be restored until it is erased. */
  @Column({ type: 'timestamptz', name: 'deleted_at', nullable: true }) deletedAt: Date | null;
  /** Since then nothing personal is left. */
  @Column({ type: 'timestamptz', name: 'erased_at', nullable: true }) erasedAt: Date | null;
  /** Grows whenever what was proved before must not count any more (password change, ban): a sign-in begun before it fails. */
  @Column({ type: 'integer', name: 'auth_epoch' }) authEpoch: number;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
