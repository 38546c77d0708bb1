import { Injectable } from '@nestjs/common';
import { Database } from '../persistence/database.js';
import { columnsOf } from '../persistence/columns.js';
import { statement } from '../persistence/statement.js';
import { SystemRepository } from '../persistence/system.repository.js';
import type { Id } from '../ids/id.js';
import { JobEntity } from './job.entity.js';

/** Uses jobs_run_at_idx. SKIP LOCKED hands disjoint batches to workers that claim at the same moment. */
const CLAIM = statement(
  'jobs.claim',
  `UPDATE jobs SET leased_until = $2, attempts = attempts + 1
   WHERE id IN (
     SELECT id FROM jobs
     WHERE state = 'ready' AND run_at <= $1 AND (leased_until IS NULL OR leased_until <= $1) AND kind = ANY ($4)
     ORDER BY run_at LIMIT $3 FOR UPDATE SKIP LOCKED)
   RETURNING ${columnsOf(JobEntity)}`,
);
/** The attempt number is the claim: a worker that outlived its lease changes nothing. */
const FINISH = statement('jobs.finish', 'DELETE FROM jobs WHERE id = $1 AND attempts = $2');
const RETRY = statement(
  'jobs.retry',
  `UPDATE jobs SET leased_until = NULL, run_at = $3, last_error = $4, state = $5 WHERE id = $1 AND attempts = $2`,
);
const TAKE_TURN = statement(
  'job_schedules.take_turn',
  `INSERT INTO job_schedules (name, next_run_at) VALUES ($1, $3)
   ON CONFLICT (name) DO UPDATE SET next_run_at = $3 WHERE job_schedules.next_run_at <= $2`,
);
const DELETE_OF_SUBJECT = statement('jobs.delete_of_subject', 'DELETE FROM jobs WHERE subject_id = $1');

@Injectable()
export class JobsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /** @param kinds what the caller can run: a kind that only a newer replica knows is left to that one. */
  async anyTenantClaim(kinds: readonly string[], now: Date, leasedUntil: Date, most: number): Promise<JobEntity[]> {
    return (await this.query<JobEntity>(CLAIM, [now, leasedUntil, most, kinds])).rows;
  }

  async anyTenantFinish(job: JobEntity): Promise<void> {
    await this.query(FINISH, [job.id, job.attempts]);
  }

  async anyTenantRetry(job: JobEntity, runAt: Date, error: string, state: JobEntity['state']): Promise<void> {
    await this.query(RETRY, [job.id, job.attempts, runAt, error, state]);
  }

  /** @returns whether this caller is the one to run the task now. */
  async anyTenantTakeTurn(name: string, now: Date, next: Date): Promise<boolean> {
    return (await this.query(TAKE_TURN, [name, now, next])).count === 1;
  }

  async anyTenantDeleteOfSubject(subjectId: Id<'user'>): Promise<number> {
    return (await this.query(DELETE_OF_SUBJECT, [subjectId])).count;
  }
}
