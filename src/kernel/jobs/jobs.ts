import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { SealedBox } from '../crypto/sealed-box.js';
import { IdGenerator, type Id } from '../ids/id.js';
import { Database } from '../persistence/database.js';
import { JOBS } from './job.entity.js';

export interface NewJob {
  readonly kind: string;
  readonly payload?: Readonly<Record<string, unknown>>;
  /** JSON value to seal: for text that holds codes, links or tokens. */
  readonly sealed?: unknown;
  readonly subjectId?: Id<'user'>;
  /** Default: now. */
  readonly runAt?: Date;
}

/** Notification that wakes the workers of every replica. */
export const JOBS_ADDED = 'jobs:added';

export const jobPlace = (id: Id<'job'>): string => `jobs/sealed/${id}`;

/** Enqueues work in the transaction that asks for it: it runs if and only if that transaction commits. */
@Injectable()
export class Jobs {
  constructor(
    private readonly database: Database,
    private readonly box: SealedBox,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** @throws Error outside a transaction. */
  enqueue(job: NewJob): Id<'job'> {
    const id = this.ids.next('job');
    const now = this.clock.now();
    const sealed = job.sealed === undefined ? null : this.box.seal(JSON.stringify(job.sealed), jobPlace(id));
    this.database.defer(JOBS, {
      id,
      kind: job.kind,
      payload: job.payload ?? {},
      sealed: sealed === null ? null : `\\x${sealed.toString('hex')}`,
      subject_id: job.subjectId ?? null,
      state: 'ready',
      attempts: 0,
      run_at: (job.runAt ?? now).toISOString(),
      created_at: now.toISOString(),
    });
    this.database.announce(JOBS_ADDED);
    return id;
  }
}
