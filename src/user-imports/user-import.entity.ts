import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';
import type { ConflictPolicy } from '../users/bulk-users.service.js';

export const IMPORT_STATES = ['receiving', 'running', 'done', 'cancelled'] as const;
export type ImportState = (typeof IMPORT_STATES)[number];

/** Users that come from elsewhere: first their rows are received, then a job makes accounts of them. */
@Entity('user_imports')
@Unique('user_imports_app_id_env_id_id_key', ['appId', 'envId', 'id'])
@Index('user_imports_created_at_idx', ['createdAt'])
export class UserImportEntity {
  @PrimaryColumn('text') id: Id<'user_import'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'created_by', update: false }) createdBy: Id<'user'>;
  @Column({ type: 'text', update: false }) mapping: string;
  @Column({ type: 'text', name: 'on_conflict', update: false }) onConflict: ConflictPolicy;
  @Column({ type: 'boolean', name: 'dry_run', update: false }) dryRun: boolean;
  /** What hashes of the source need besides themselves. */
  @Column({ type: 'bytea', name: 'parameters_sealed', nullable: true, update: false }) parametersSealed: Buffer | null;
  @Column('text') state: ImportState;
  @Column('integer') total: number;
  @Column('integer') created: number;
  @Column('integer') updated: number;
  @Column('integer') skipped: number;
  @Column('integer') failed: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
  @Column({ type: 'timestamptz', name: 'finished_at', nullable: true }) finishedAt: Date | null;
}
