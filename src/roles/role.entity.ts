import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** A named set of permissions. It has those of the role it stands under, too. */
@Entity('roles')
@Unique('roles_app_id_env_id_id_key', ['appId', 'envId', 'id'])
@Unique('roles_app_id_env_id_slug_key', ['appId', 'envId', 'slug'])
@Index('roles_parent_id_idx', ['appId', 'envId', 'parentId'], { where: 'parent_id IS NOT NULL' })
export class RoleEntity {
  @PrimaryColumn('text') id: Id<'role'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'parent_id', nullable: true }) parentId: Id<'role'> | null;
  @Column({ type: 'text', update: false }) slug: string;
  @Column('text') name: string;
  @Column({ type: 'text', nullable: true }) description: string | null;
  /** Made with the environment: it cannot be deleted or moved, and keeps what it was made with. */
  @Column({ type: 'boolean', update: false }) system: boolean;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
