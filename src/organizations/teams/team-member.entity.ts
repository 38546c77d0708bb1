import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';

/** A member of an organization in one of its teams. Goes with either. */
@Entity('team_members')
@Index('team_members_member_id_idx', ['appId', 'envId', 'orgId', 'memberId'])
export class TeamMemberEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn({ type: 'text', name: 'org_id' }) orgId: Id<'organization'>;
  @PrimaryColumn({ type: 'text', name: 'team_id' }) teamId: Id<'team'>;
  @PrimaryColumn({ type: 'text', name: 'member_id' }) memberId: Id<'member'>;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
}
