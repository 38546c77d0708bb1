import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../ids/id.js';
import type { DeferredTable } from '../persistence/deferred-writes.js';

/** Work to do after a commit. Done jobs are deleted; a job that keeps failing is parked as `dead` with its reason. */
@Entity('jobs')
@Index('jobs_run_at_idx', ['runAt'], { where: "state = 'ready'" })
@Index('jobs_subject_id_idx', ['subjectId'], { where: 'subject_id IS NOT NULL' })
export class JobEntity {
  @PrimaryColumn('text') id: Id<'job'>;
  @Column('text') kind: string;
  /** Ids and plain values only. */
  @Column('jsonb') payload: Record<string, unknown>;
  /** What must not lie in the database in clear (the text of a mail with a code in it), sealed for this job. */
  @Column({ type: 'bytea', nullable: true }) sealed: Buffer | null;
  /** Whose personal data the job holds: erasing the person deletes it. */
  @Column({ type: 'text', name: 'subject_id', nullable: true }) subjectId: string | null;
  @Column('text') state: 'ready' | 'dead';
  @Column('integer') attempts: number;
  @Column({ type: 'timestamptz', name: 'run_at' }) runAt: Date;
  @Column({ type: 'timestamptz', name: 'leased_until', nullable: true }) leasedUntil: Date | null;
  @Column({ type: 'text', name: 'last_error', nullable: true }) lastError: string | null;
  @Column({ type: 'timestamptz', name: 'created_at' }) createdAt: Date;
}

export const JOBS: DeferredTable = {
  name: 'jobs',
  columns: {
    id: 'text',
    kind: 'text',
    payload: 'jsonb',
    sealed: 'bytea',
    subject_id: 'text',
    state: 'text',
    attempts: 'integer',
    run_at: 'timestamptz',
    created_at: 'timestamptz',
  },
};
