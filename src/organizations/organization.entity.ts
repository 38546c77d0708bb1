import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Metadata } from '../http/validation/metadata.js';
import type { Id } from '../kernel/ids/id.js';

/** People of one environment who work together: a tenant within an app. */
@Entity('organizations')
@Unique('organizations_app_id_env_id_id_key', ['appId', 'envId', 'id'])
@Unique('organizations_app_id_env_id_slug_key', ['appId', 'envId', 'slug'])
@Index('organizations_created_by_idx', ['appId', 'envId', 'createdBy'])
export class OrganizationEntity {
  @PrimaryColumn('text') id: Id<'organization'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column('text') name: string;
  @Column('text') slug: string;
  @Column({ type: 'text', nullable: true }) logo: string | null;
  @Column({ type: 'text', nullable: true }) description: string | null;
  @Column('jsonb') metadata: Metadata;
  /** While it is not, nobody acts in it; its administrators can still manage it. */
  @Column('boolean') active: boolean;
  /** Kept by a trigger of the members table. */
  @Column({ type: 'integer', name: 'member_count' }) memberCount: number;
  /** Null when an operator made it. */
  @Column({ type: 'text', name: 'created_by', nullable: true, update: false }) createdBy: Id<'user'> | null;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
