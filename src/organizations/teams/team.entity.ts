import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';

/** A group of an organization's members; teams may lie in teams. */
@Entity('teams')
@Unique('teams_app_id_env_id_org_id_id_key', ['appId', 'envId', 'orgId', 'id'])
@Unique('teams_app_id_env_id_org_id_slug_key', ['appId', 'envId', 'orgId', 'slug'])
@Index('teams_parent_id_idx', ['appId', 'envId', 'orgId', 'parentId'], { where: 'parent_id IS NOT NULL' })
export class TeamEntity {
  @PrimaryColumn('text') id: Id<'team'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'org_id', update: false }) orgId: Id<'organization'>;
  @Column({ type: 'text', name: 'parent_id', nullable: true }) parentId: Id<'team'> | null;
  @Column('text') name: string;
  @Column('text') slug: string;
  @Column({ type: 'text', nullable: true }) description: string | null;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
