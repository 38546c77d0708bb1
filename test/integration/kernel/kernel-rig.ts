import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { authsomeDataSource } from '../../../ormconfig.js';
import { AuditTrail } from '../../../src/kernel/audit/audit-trail.js';
import { FakeClock } from '../../../src/kernel/clock/fake-clock.js';
import { type EnvScope, scopeTo } from '../../../src/kernel/context/scope.js';
import { KeyRing } from '../../../src/kernel/crypto/key-ring.js';
import { SealedBox } from '../../../src/kernel/crypto/sealed-box.js';
import { Events } from '../../../src/kernel/events/events.js';
import { TypeIdGenerator } from '../../../src/kernel/ids/id.js';
import { JobRunner, type JobRunnerOptions } from '../../../src/kernel/jobs/job-runner.js';
import { Jobs } from '../../../src/kernel/jobs/jobs.js';
import { JobsSystemRepository } from '../../../src/kernel/jobs/jobs.system-repository.js';
import { Logger } from '../../../src/kernel/logging/logger.js';
import { Notifications } from '../../../src/kernel/notifications/notifications.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { withClient } from '../migrations/empty-database.js';

export const NOON = new Date('2030-01-15T12:00:00.000Z');

const MINUTE_MS = 60_000;

/** One process of the service, as far as the kernel goes: no HTTP, no features. */
export class KernelRig {
  readonly database: Database;
  readonly ids = new TypeIdGenerator();
  readonly log: string[] = [];
  readonly logger = new Logger({
    level: 'debug',
    format: 'json',
    destination: { write: (line) => void this.log.push(line) },
  });
  readonly notifications: Notifications;
  readonly events: Events;
  readonly audit: AuditTrail;
  readonly jobs: Jobs;
  readonly keys = new KeyRing([['test', Buffer.alloc(32, 7)]]);
  readonly #box = new SealedBox(this.keys);
  readonly #runners: JobRunner[] = [];

  private constructor(
    readonly dataSource: DataSource,
    readonly files: TestDatabase,
    readonly clock: FakeClock,
    rowPolicies: boolean,
  ) {
    this.database = new Database(dataSource, { rowPolicies });
    this.notifications = new Notifications(
      { connection: { connectionString: files.runtimeUrl }, heartbeatMs: 500 },
      this.logger,
    );
    this.events = new Events(this.database, this.ids, clock);
    this.audit = new AuditTrail(this.database, this.ids, clock, this.keys);
    this.jobs = new Jobs(this.database, this.#box, this.ids, clock);
  }

  static async start({ rowPolicies = true, clock = new FakeClock(NOON) } = {}): Promise<KernelRig> {
    return KernelRig.on(await createTestDatabase(), clock, rowPolicies);
  }

  /** Another process on the same database, with the same idea of the time. */
  async replica(): Promise<KernelRig> {
    return KernelRig.on({ ...this.files, drop: () => Promise.resolve() }, this.clock, true);
  }

  private static async on(files: TestDatabase, clock: FakeClock, rowPolicies: boolean): Promise<KernelRig> {
    const timeouts = { connectMs: 10_000, statementMs: 5_000, lockMs: 2_000, idleTransactionMs: 10_000 };
    const dataSource = authsomeDataSource({ url: files.runtimeUrl, poolSize: 5, rowPolicies, timeouts });
    return new KernelRig(await dataSource.initialize(), files, clock, rowPolicies);
  }

  runner(options: Partial<JobRunnerOptions> = {}): JobRunner {
    const repository = new JobsSystemRepository(this.database);
    const runner = new JobRunner(repository, this.#box, this.clock, this.logger, this.notifications, {
      enabled: true,
      concurrency: 10,
      leaseMs: MINUTE_MS,
      pollMs: 50,
      ...options,
    });
    this.#runners.push(runner);
    return runner;
  }

  /** An app with one environment, made behind the features' back. */
  async tenant(): Promise<EnvScope> {
    const appId = this.ids.next('app');
    const envId = this.ids.next('environment');
    await this.asOwner(
      `INSERT INTO apps (id, name, slug, is_platform, active, version, created_at, updated_at)
       VALUES ($1, 'Acme', $2, false, true, 1, now(), now())`,
      [appId, randomBytes(5).toString('hex')],
    );
    await this.asOwner(
      `INSERT INTO environments (app_id, id, name, slug, type, is_default, version, created_at, updated_at)
       VALUES ($1, $2, 'Development', 'development', 'development', true, 1, now(), now())`,
      [appId, envId],
    );
    return scopeTo.env(appId, envId);
  }

  /** Looks or changes past the service, as an operator with psql would. */
  asOwner<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return withClient(this.files.ownerUrl, async (client) => (await client.query<Row>(sql, values)).rows);
  }

  async stop(): Promise<void> {
    for (const runner of this.#runners) await runner.stop();
    await this.notifications.stop();
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
    await this.files.drop();
  }
}
