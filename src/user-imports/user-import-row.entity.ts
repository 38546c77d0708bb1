import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** A row of an import, and what became of it. What it held is forgotten with the outcome. */
@Entity('user_import_rows')
@Index('user_import_rows_waiting_idx', ['appId', 'envId', 'importId', 'line'], { where: 'outcome IS NULL' })
export class UserImportRowEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn({ type: 'text', name: 'import_id' }) importId: Id<'user_import'>;
  /** Counts the rows from 1, in the order they were received. */
  @PrimaryColumn('integer') line: number;
  @Column({ type: 'jsonb', nullable: true }) document: Readonly<Record<string, unknown>> | null;
  @Column({ type: 'text', nullable: true }) outcome: 'created' | 'updated' | 'skipped' | 'failed' | null;
  @Column({ type: 'text', name: 'user_id', nullable: true }) userId: Id<'user'> | null;
  /** Why it was skipped or has failed: a code. */
  @Column({ type: 'text', nullable: true }) reason: string | null;
}
