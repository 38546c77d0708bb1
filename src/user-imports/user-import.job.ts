import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../kernel/clock/clock.js';
import { type EnvScope, scopeTo } from '../kernel/context/scope.js';
import { SealedBox } from '../kernel/crypto/sealed-box.js';
import { Events } from '../kernel/events/events.js';
import type { Id } from '../kernel/ids/id.js';
import { type JobContext, type JobHandler, JobRunner } from '../kernel/jobs/job-runner.js';
import { Jobs } from '../kernel/jobs/jobs.js';
import { Database } from '../kernel/persistence/database.js';
import { BulkUsersService } from '../users/bulk-users.service.js';
import { MAPPINGS, type MappingName } from './mappings/mappings.js';
import type { HashParameters, Mapping } from './mappings/source-user.js';
import { sealOf } from './user-import.seal.js';
import type { UserImportEntity } from './user-import.entity.js';
import { UserImportWriter } from './user-import-writer.js';
import { type RowOutcome, UserImportsRepository } from './user-imports.repository.js';
import { IMPORT_JOB } from './user-imports.service.js';

const ROWS_AT_ONCE = 500;
/** A few seconds: well within a job's lease, and the next job goes on. */
const BATCHES_PER_JOB = 40;

/**
 * Goes through an import's rows, 500 to a transaction: the accounts and what is said about them commit together, so a worker that dies in
 * the middle loses nothing and repeats nothing.
 */
@Injectable()
export class UserImportJob implements JobHandler, OnModuleInit {
  readonly kind = IMPORT_JOB;
  readonly mostAttempts = 20;

  constructor(
    private readonly imports: UserImportsRepository,
    private readonly writer: UserImportWriter,
    private readonly users: BulkUsersService,
    private readonly database: Database,
    private readonly events: Events,
    private readonly box: SealedBox,
    private readonly jobs: Jobs,
    private readonly runner: JobRunner,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.runner.handle(this);
  }

  async run({ payload }: JobContext): Promise<void> {
    const scope = scopeTo.env(payload.app_id as Id<'app'>, payload.env_id as Id<'environment'>);
    const id = payload.import_id as Id<'user_import'>;
    for (let batch = 0; batch < BATCHES_PER_JOB; batch += 1) {
      if (!(await this.batch(scope, id))) return;
    }
    await this.database.transaction(() => {
      this.jobs.enqueue({ kind: this.kind, payload });
      return Promise.resolve();
    });
  }

  /** @returns whether there may be more. */
  private batch(scope: EnvScope, id: Id<'user_import'>): Promise<boolean> {
    return this.database.transaction(async () => {
      const running = await this.imports.lockRunning(scope, id);
      if (running === undefined) return false;
      const { created, updated, skipped, failed } = running;
      const processed = created + updated + skipped + failed;
      if (processed === ROWS_AT_ONCE) await this.users.refreshStatistics();
      const rows = await this.imports.waiting(scope, id, processed, ROWS_AT_ONCE);
      if (rows.length === 0) {
        await this.finish(scope, id);
        return false;
      }
      const mapping: Mapping = MAPPINGS[running.mapping as MappingName];
      const parameters = this.parametersOf(running);
      const outcomes = await this.writer.write(
        scope,
        rows.map(({ document }) => mapping(document, parameters)),
        {
          importId: id,
          onConflict: running.onConflict,
          dryRun: running.dryRun,
          actor: { kind: 'user', id: running.createdBy },
        },
      );
      const settled = outcomes.map(({ outcome, userId, code }, index): RowOutcome => ({
        line: rows[index]?.line ?? 0,
        outcome,
        user_id: userId ?? null,
        reason: code ?? null,
      }));
      await this.imports.settle(scope, id, settled, this.clock.now());
      return true;
    });
  }

  private async finish(scope: EnvScope, id: Id<'user_import'>): Promise<void> {
    const done = await this.imports.finish(scope, id, this.clock.now());
    if (done === undefined) return;
    const { created, updated, skipped, failed } = done;
    await this.events.record(scope, 'user_import.finished', id, { import_id: id, created, updated, skipped, failed });
  }

  private parametersOf({ id, parametersSealed }: UserImportEntity): HashParameters | undefined {
    if (parametersSealed === null) return undefined;
    return JSON.parse(this.box.open(parametersSealed, sealOf(id)).toString()) as HashParameters;
  }
}
