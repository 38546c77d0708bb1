import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

export const ENVIRONMENT_TYPES = ['development', 'staging', 'production'] as const;
export type EnvironmentType = (typeof ENVIRONMENT_TYPES)[number];

/** An isolated set of users, sessions and configuration within an app. */
@Entity('environments')
@Unique('environments_app_id_slug_key', ['appId', 'slug'])
@Unique('environments_app_id_id_key', ['appId', 'id'])
@Index('environments_app_id_default_idx', ['appId'], { unique: true, where: 'is_default' })
export class EnvironmentEntity {
  @PrimaryColumn('text') id: Id<'environment'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column('text') name: string;
  @Column('text') slug: string;
  @Column('text') type: EnvironmentType;
  @Column({ type: 'boolean', name: 'is_default' }) isDefault: boolean;
  @Column({ type: 'text', nullable: true }) color: string | null;
  @Column({ type: 'text', nullable: true }) description: string | null;
  /** The environment that this one was cloned from. */
  @Column({ type: 'text', name: 'cloned_from', nullable: true }) clonedFrom: Id<'environment'> | null;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
  /** From then on it answers to nobody; what is in it is deleted bit by bit. */
  @Column({ type: 'timestamptz', name: 'deleted_at', nullable: true }) deletedAt: Date | null;
}
