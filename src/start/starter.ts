import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { authsomeDataSource } from '../../ormconfig.js';
import { Bootstrap } from '../bootstrap/bootstrap.service.js';
import { Config } from '../config/config.js';
import { Readiness } from '../http/readiness.js';
import { Clock } from '../kernel/clock/clock.js';
import { DatabaseClock } from '../kernel/clock/database-clock.js';
import { EventRelay } from '../kernel/events/event-relay.js';
import { BackgroundWorkers } from '../kernel/jobs/background-workers.js';
import { JobRunner } from '../kernel/jobs/job-runner.js';
import { databaseUrlOf } from '../kernel/kernel.module.js';
import { Logger } from '../kernel/logging/logger.js';
import { Notifications } from '../kernel/notifications/notifications.js';
import { Database } from '../kernel/persistence/database.js';
import { isUnavailable } from '../kernel/persistence/database-errors.js';
import { Schema } from '../kernel/persistence/schema.js';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 2_000;
const SYNCHRONISE_EVERY_MS = 30_000;
const READ_OFFSET_EVERY_MS = 1_000;

/** Brings the replica from "the process runs" to "it takes requests", and back. The port is open all the while (F24). */
@Injectable()
export class Starter {
  #timers: NodeJS.Timeout[] = [];
  #stopping = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly database: Database,
    private readonly bootstrap: Bootstrap,
    private readonly notifications: Notifications,
    private readonly jobs: JobRunner,
    private readonly relay: EventRelay,
    private readonly workers: BackgroundWorkers,
    private readonly readiness: Readiness,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly config: Config,
  ) {}

  /** Waits for the database and its schema, bootstraps, and starts taking requests. @throws what cannot get better by waiting. */
  async start(): Promise<void> {
    await this.patiently('waiting for the database', () => this.connect());
    await this.patiently('waiting for migrations: run `authsome migrate up`', () => this.requireSchema());
    await this.keepTime();
    await this.notifications.start();
    await this.bootstrap.run();
    await this.relay.prepare();
    this.jobs.start();
    this.relay.start();
    this.workers.start();
    this.readiness.ready();
  }

  /** Says that no new request should come, and finishes the work in hand. The application is closed by the caller. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.readiness.stopping();
    await pause(this.config.http.shutdownDelayMs);
    for (const timer of this.#timers) clearInterval(timer);
    await this.jobs.stop();
    await this.relay.stop();
    await this.workers.stop();
  }

  /** Runs once the application has closed. */
  async stopped(): Promise<void> {
    await this.notifications.stop();
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
    this.logger.flush();
  }

  private async connect(): Promise<boolean> {
    if (!this.dataSource.isInitialized) await this.dataSource.initialize();
    return true;
  }

  private async requireSchema(): Promise<boolean> {
    const schema = new Schema(this.dataSource);
    const { pending, newer } = await schema.status();
    if (newer.length > 0) this.logger.warn('schema.newer_than_this_build', { migrations: newer });
    if (pending.length === 0) return true;
    if (!this.config.database.autoMigrate) return false;
    await this.migrate();
    return true;
  }

  private async migrate(): Promise<void> {
    const { migrationUrl } = this.config.database;
    const owner = authsomeDataSource({ url: migrationUrl?.reveal() ?? databaseUrlOf(this.config), poolSize: 1 });
    await owner.initialize();
    try {
      const schema = new Schema(owner);
      const applied = await schema.migrate();
      if (migrationUrl !== undefined)
        await schema.grantTo(decodeURIComponent(new URL(databaseUrlOf(this.config)).username));
      this.logger.info('schema.migrated', { migrations: applied });
    } finally {
      await owner.destroy();
    }
  }

  private async keepTime(): Promise<void> {
    const { clock } = this;
    if (!(clock instanceof DatabaseClock)) return;
    await clock.synchronise(() => this.database.time());
    const synchronise = (): void => {
      clock
        .synchronise(() => this.database.time())
        .catch((error: unknown) => {
          this.logger.warn('clock.not_synchronised', { error });
        });
    };
    this.#timers.push(setInterval(synchronise, SYNCHRONISE_EVERY_MS).unref());
    if (this.config.seams.clockOffsetFile !== undefined) {
      this.#timers.push(setInterval(() => clock.readOffset(), READ_OFFSET_EVERY_MS).unref());
    }
  }

  /** Tries until it works, waiting longer each time; an error that waiting cannot cure ends the start. */
  private async patiently(reason: string, step: () => Promise<boolean>): Promise<void> {
    for (let wait = FIRST_WAIT_MS; !this.#stopping; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        if (await step()) return;
        this.logger.warn('start.waiting', { reason });
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        this.logger.warn('start.waiting', { reason, error });
      }
      this.readiness.waiting(reason);
      await pause(wait);
    }
    throw new Error('stopped while starting');
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
