import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** What a role permits: an action on a resource, either of which may be a wildcard. */
@Entity('role_permissions')
@Unique('role_permissions_grant_key', ['appId', 'envId', 'roleId', 'action', 'resource'])
export class RolePermissionEntity {
  @PrimaryColumn('text') id: Id<'permission'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'role_id', update: false }) roleId: Id<'role'>;
  @Column({ type: 'text', update: false }) action: string;
  @Column({ type: 'text', update: false }) resource: string;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
}
