import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { MemberRole } from '../../http/access/memberships.js';
import type { Id } from '../../kernel/ids/id.js';

/** A user's place in an organization. */
@Entity('members')
@Unique('members_app_id_env_id_org_id_id_key', ['appId', 'envId', 'orgId', 'id'])
@Unique('members_app_id_env_id_org_id_user_id_key', ['appId', 'envId', 'orgId', 'userId'])
@Index('members_user_id_idx', ['appId', 'envId', 'userId', 'id'])
@Index('members_owners_idx', ['appId', 'envId', 'orgId'], { where: "role = 'owner'" })
export class MemberEntity {
  @PrimaryColumn('text') id: Id<'member'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'org_id', update: false }) orgId: Id<'organization'>;
  @Column({ type: 'text', name: 'user_id', update: false }) userId: Id<'user'>;
  @Column('text') role: MemberRole;
  @Column({ type: 'timestamptz', name: 'joined_at', update: false }) joinedAt: Date;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
