import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** An application registered with the service. Everything else belongs to one. */
@Entity('apps')
@Unique('apps_slug_key', ['slug'])
@Index('apps_platform_idx', ['isPlatform'], { unique: true, where: 'is_platform' })
export class AppEntity {
  @PrimaryColumn('text') id: Id<'app'>;
  @Column('text') name: string;
  @Column('text') slug: string;
  @Column({ type: 'text', nullable: true }) description: string | null;
  @Column({ type: 'text', nullable: true }) logo: string | null;
  /** The one app whose users operate the service. */
  @Column({ type: 'boolean', name: 'is_platform' }) isPlatform: boolean;
  @Column('boolean') active: boolean;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
  /** From then on it answers to nobody; what is in it is deleted bit by bit. */
  @Column({ type: 'timestamptz', name: 'deleted_at', nullable: true }) deletedAt: Date | null;
}
