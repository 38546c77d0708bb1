import { Inject, Injectable } from '@nestjs/common';
import { JOB_RUNNER_OPTIONS, type JobRunnerOptions } from './job-runner.js';

/** A loop of work of its own, beside the same loop in every other replica. */
export interface BackgroundWorker {
  /** @param everyMs how often it looks for work even when nobody wakes it. */
  start(everyMs: number): void;
  /** Finishes what is running; begins nothing more. */
  stop(): Promise<void>;
  /** Does everything that is due: for tests. */
  drain(): Promise<void>;
}

/** Work whose pace no job could keep: it claims, bounds and retries by rules of its own. */
@Injectable()
export class BackgroundWorkers {
  readonly #workers: BackgroundWorker[] = [];

  constructor(@Inject(JOB_RUNNER_OPTIONS) private readonly options: JobRunnerOptions) {}

  register(worker: BackgroundWorker): void {
    this.#workers.push(worker);
  }

  start(): void {
    if (!this.options.enabled) return;
    for (const worker of this.#workers) worker.start(this.options.pollMs);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  async drain(): Promise<void> {
    for (const worker of this.#workers) await worker.drain();
  }
}
