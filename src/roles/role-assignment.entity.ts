import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** A role that a user has: everywhere in the environment, or within an organization for as long as they belong to it. */
@Entity('role_assignments')
@Index('role_assignments_app_wide_idx', ['appId', 'envId', 'userId', 'roleId'], {
  unique: true,
  where: 'org_id IS NULL',
})
@Index('role_assignments_in_org_idx', ['appId', 'envId', 'userId', 'orgId', 'roleId'], {
  unique: true,
  where: 'org_id IS NOT NULL',
})
@Index('role_assignments_org_id_idx', ['appId', 'envId', 'orgId', 'userId'], { where: 'org_id IS NOT NULL' })
@Index('role_assignments_role_id_idx', ['appId', 'envId', 'roleId'])
export class RoleAssignmentEntity {
  @PrimaryColumn('text') id: Id<'role_assignment'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'role_id', update: false }) roleId: Id<'role'>;
  @Column({ type: 'text', name: 'user_id', update: false }) userId: Id<'user'>;
  @Column({ type: 'text', name: 'org_id', nullable: true, update: false }) orgId: Id<'organization'> | null;
  /** Null when an operator or the service itself assigned it. */
  @Column({ type: 'text', name: 'assigned_by', nullable: true, update: false }) assignedBy: Id<'user'> | null;
  @Column({ type: 'timestamptz', name: 'assigned_at', update: false }) assignedAt: Date;
}
