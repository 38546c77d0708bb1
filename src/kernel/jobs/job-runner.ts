import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { SealedBox } from '../crypto/sealed-box.js';
import { Logger } from '../logging/logger.js';
import { Notifications } from '../notifications/notifications.js';
import type { JobEntity } from './job.entity.js';
import { JOBS_ADDED, jobPlace } from './jobs.js';
import { JobsSystemRepository } from './jobs.system-repository.js';
import { WakeLoop } from './wake-loop.js';

export interface JobContext {
  readonly payload: Readonly<Record<string, unknown>>;
  /** The opened sealed value, if the job has one. */
  readonly sealed: unknown;
  /** 1 for the first try. */
  readonly attempt: number;
}

export interface JobHandler {
  readonly kind: string;
  /** Tries before the job is parked; the waits between them double from 5 s to 6 h. */
  readonly mostAttempts: number;
  /** Must be idempotent: a worker that dies after the effect runs the job again. */
  run(job: JobContext): Promise<void>;
}

export interface RecurringTask {
  readonly name: string;
  readonly everyMs: number;
  run(): Promise<void>;
}

export interface JobRunnerOptions {
  /** Whether this process works at all: an API-only replica does not. */
  readonly enabled: boolean;
  readonly concurrency: number;
  /** A dead worker's jobs are taken up again after this long. */
  readonly leaseMs: number;
  readonly pollMs: number;
}

export const JOB_RUNNER_OPTIONS = Symbol('JobRunnerOptions');

const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 6 * 60 * 60_000;

/** Claims jobs and recurring tasks and runs them, beside the same loop in every other replica. */
@Injectable()
export class JobRunner {
  readonly #handlers = new Map<string, JobHandler>();
  readonly #tasks: RecurringTask[] = [];
  readonly #loop = new WakeLoop(() => this.round());

  constructor(
    private readonly repository: JobsSystemRepository,
    private readonly box: SealedBox,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly notifications: Notifications,
    @Inject(JOB_RUNNER_OPTIONS) private readonly options: JobRunnerOptions,
  ) {}

  handle(handler: JobHandler): void {
    if (this.#handlers.has(handler.kind)) throw new Error(`job kind ${handler.kind} has two handlers`);
    this.#handlers.set(handler.kind, handler);
  }

  every(task: RecurringTask): void {
    this.#tasks.push(task);
  }

  start(): void {
    if (!this.options.enabled || !this.#loop.isStopped) return;
    this.notifications.on(JOBS_ADDED, () => this.#loop.wake());
    this.#loop.start(this.options.pollMs);
  }

  /** Finishes what is running; claims nothing more. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Runs everything that is due, and returns when nothing is: for tests and for a one-off run. */
  async drain(): Promise<void> {
    await this.runDueTasks();
    while ((await this.runBatch()) > 0);
  }

  private async round(): Promise<void> {
    try {
      await this.runDueTasks();
      while (!this.#loop.isStopped && (await this.runBatch()) > 0);
    } catch (error) {
      // The database is away; the next poll tries again.
      this.logger.warn('jobs.round_failed', { error });
    }
  }

  private async runDueTasks(): Promise<void> {
    for (const task of this.#tasks) {
      const now = this.clock.now();
      if (!(await this.repository.anyTenantTakeTurn(task.name, now, this.clock.in(task.everyMs)))) continue;
      try {
        await task.run();
      } catch (error) {
        this.logger.error('jobs.task_failed', { task: task.name, error });
      }
    }
  }

  private async runBatch(): Promise<number> {
    const jobs = await this.repository.anyTenantClaim(
      [...this.#handlers.keys()],
      this.clock.now(),
      this.clock.in(this.options.leaseMs),
      this.options.concurrency,
    );
    // Every job of the batch ends before the round does, so that `stop` waits for all of them.
    const outcomes = await Promise.allSettled(jobs.map((job) => this.runOne(job)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return jobs.length;
  }

  private async runOne(job: JobEntity): Promise<void> {
    const handler = this.#handlers.get(job.kind) as JobHandler;
    if (job.attempts > handler.mostAttempts) return this.giveUp(job, 'its worker died each time');
    try {
      const sealed: unknown =
        job.sealed === null ? undefined : JSON.parse(this.box.open(job.sealed, jobPlace(job.id)).toString());
      await handler.run({ payload: job.payload, sealed, attempt: job.attempts });
      await this.repository.anyTenantFinish(job);
    } catch (error) {
      if (job.attempts >= handler.mostAttempts) return this.giveUp(job, reason(error), error);
      this.logger.warn('jobs.failed', { job_id: job.id, kind: job.kind, error });
      const wait = Math.min(FIRST_WAIT_MS * 2 ** (job.attempts - 1), LONGEST_WAIT_MS);
      await this.repository.anyTenantRetry(job, this.clock.in(wait), reason(error), 'ready');
    }
  }

  /** Parks a job with the reason, for somebody to look at. */
  private giveUp(job: JobEntity, why: string, error?: unknown): Promise<void> {
    this.logger.warn('jobs.parked', { job_id: job.id, kind: job.kind, error });
    return this.repository.anyTenantRetry(job, this.clock.now(), why, 'dead');
  }
}

function reason(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : 'failed').slice(0, 500);
}
