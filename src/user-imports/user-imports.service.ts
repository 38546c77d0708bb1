import { Injectable } from '@nestjs/common';
import { AuditTrail, type UserActor } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { SealedBox } from '../kernel/crypto/sealed-box.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Jobs } from '../kernel/jobs/jobs.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import type { ConflictPolicy } from '../users/bulk-users.service.js';
import type { MappingName } from './mappings/mappings.js';
import type { HashParameters, SourceDocument } from './mappings/source-user.js';
import type { UserImportEntity } from './user-import.entity.js';
import type { UserImportRowEntity } from './user-import-row.entity.js';
import { sealOf } from './user-import.seal.js';
import { TooManyRows, UserImportClosed, UserImportNotFound } from './user-imports.problems.js';
import { UserImportsRepository } from './user-imports.repository.js';
import './user-imports.events.js';

export interface NewImport {
  readonly mapping: MappingName;
  readonly onConflict: ConflictPolicy;
  readonly dryRun: boolean;
  readonly hashParameters?: HashParameters;
}

export const IMPORT_JOB = 'users.import';
export const MOST_ROWS = 1_000_000;

/** Imports as operators see them: rows are received in parts, then a job makes accounts of them. */
@Injectable()
export class UserImportsService {
  constructor(
    private readonly imports: UserImportsRepository,
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly box: SealedBox,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  create(scope: EnvScope, input: NewImport, actor: UserActor): Promise<UserImportEntity> {
    const { mapping, onConflict, dryRun, hashParameters } = input;
    return this.database.transaction(async () => {
      const id = this.ids.next('user_import');
      const now = this.clock.now();
      const created = await this.imports.create(scope, {
        id,
        createdBy: actor.id,
        mapping,
        onConflict,
        dryRun,
        parametersSealed:
          hashParameters === undefined ? null : this.box.seal(JSON.stringify(hashParameters), sealOf(id)),
        state: 'receiving',
        total: 0,
        created: 0,
        updated: 0,
        skipped: 0,
        failed: 0,
        createdAt: now,
        updatedAt: now,
        finishedAt: null,
      });
      this.record(scope, id, 'user_import.create', actor);
      return created;
    });
  }

  /** @throws UserImportNotFound */
  async get(scope: EnvScope, id: Id<'user_import'>): Promise<UserImportEntity> {
    const found = await this.imports.find(scope, id);
    if (found === null) throw new UserImportNotFound();
    return found;
  }

  /** Newest first. @throws MalformedCursor */
  async list(scope: EnvScope, { limit, cursor }: PageRequest): Promise<Page<UserImportEntity>> {
    const list = `user_imports/${scope.envId}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    return this.cursors.page(list, limit, await this.imports.page(scope, before, limit + 1), ({ id }) => id);
  }

  /** Adds rows, all of them or none. @throws UserImportNotFound, UserImportClosed, TooManyRows */
  async receive(
    scope: EnvScope,
    id: Id<'user_import'>,
    documents: readonly SourceDocument[],
  ): Promise<UserImportEntity> {
    const received = await this.imports.receive(scope, id, documents, MOST_ROWS, this.clock.now());
    if (received !== undefined) return received;
    const { state } = await this.get(scope, id);
    throw state === 'receiving' ? new TooManyRows() : new UserImportClosed();
  }

  /** @throws UserImportNotFound, UserImportClosed */
  start(scope: EnvScope, id: Id<'user_import'>, actor: UserActor): Promise<UserImportEntity> {
    return this.database.transaction(async () => {
      const started = await this.imports.start(scope, id, this.clock.now());
      if (started === undefined) {
        await this.get(scope, id);
        throw new UserImportClosed();
      }
      this.record(scope, id, 'user_import.start', actor);
      this.jobs.enqueue({
        kind: IMPORT_JOB,
        payload: { app_id: scope.appId, env_id: scope.envId, import_id: id },
      });
      return started;
    });
  }

  /** What was written stays; what waits is forgotten. @throws UserImportNotFound, UserImportClosed */
  cancel(scope: EnvScope, id: Id<'user_import'>, actor: UserActor): Promise<UserImportEntity> {
    return this.database.transaction(async () => {
      const cancelled = await this.imports.cancel(scope, id, this.clock.now());
      if (cancelled === undefined) {
        await this.get(scope, id);
        throw new UserImportClosed();
      }
      await this.events.record(scope, 'user_import.cancelled', id, { import_id: id });
      this.record(scope, id, 'user_import.cancel', actor);
      return cancelled;
    });
  }

  /** What became of each row that was looked at, in their order. @throws UserImportNotFound, MalformedCursor */
  async results(
    scope: EnvScope,
    id: Id<'user_import'>,
    outcome: string | undefined,
    { limit, cursor }: PageRequest,
  ): Promise<Page<UserImportRowEntity>> {
    await this.get(scope, id);
    const list = `user_import_rows/${scope.envId}/${id}/${outcome ?? ''}`;
    const after = cursor === undefined ? 0 : Number(this.cursors.decode(list, cursor));
    const rows = await this.imports.results(scope, id, outcome, after, limit + 1);
    return this.cursors.page(list, limit, rows, ({ line }) => String(line));
  }

  private record(scope: EnvScope, id: Id<'user_import'>, action: string, actor: UserActor): void {
    this.audit.record(scope, { action, actor, target: { type: 'user_import', id } });
  }
}
