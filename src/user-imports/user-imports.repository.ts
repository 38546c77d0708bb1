import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import { UserImportEntity } from './user-import.entity.js';
import { UserImportRowEntity } from './user-import-row.entity.js';

export interface RowOutcome {
  readonly line: number;
  readonly outcome: 'created' | 'updated' | 'skipped' | 'failed';
  readonly user_id: Id<'user'> | null;
  readonly reason: string | null;
}

export type WaitingRow = Pick<UserImportRowEntity, 'line'> & { readonly document: Readonly<Record<string, unknown>> };

const COLUMNS = columnsOf(UserImportEntity);
const ROW_COLUMNS = columnsOf(UserImportRowEntity);

/** The rows of an import grow faster than statistics follow: a plan made while there were few would read all of them each time. */
const REPLANNED = { replanned: true };

const PAGE = envStatement(
  'user_imports.page',
  `SELECT ${COLUMNS} FROM user_imports WHERE app_id = $1 AND env_id = $2 AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4`,
);
/** Rows are numbered under the lock of their import, so that parts that arrive at once do not share numbers. */
const RECEIVE = envStatement(
  'user_imports.receive',
  `WITH counted AS (
     UPDATE user_imports SET total = total + jsonb_array_length($4::jsonb), updated_at = $5
     WHERE app_id = $1 AND env_id = $2 AND id = $3 AND state = 'receiving' AND total + jsonb_array_length($4::jsonb) <= $6
     RETURNING ${COLUMNS}),
   received AS (
     INSERT INTO user_import_rows (app_id, env_id, import_id, line, document)
     SELECT $1, $2, counted.id, counted.total - jsonb_array_length($4::jsonb) + r.position, r.document
     FROM counted, jsonb_array_elements($4::jsonb) WITH ORDINALITY AS r(document, position))
   SELECT * FROM counted`,
);
const START = envStatement(
  'user_imports.start',
  `UPDATE user_imports SET state = 'running', updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND state = 'receiving' RETURNING ${COLUMNS}`,
);
const CANCEL = envStatement(
  'user_imports.cancel',
  `UPDATE user_imports SET state = 'cancelled', finished_at = $4, updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND state IN ('receiving', 'running') RETURNING ${COLUMNS}`,
);
const FORGET_WAITING = envStatement(
  'user_import_rows.forget_waiting',
  'DELETE FROM user_import_rows WHERE app_id = $1 AND env_id = $2 AND import_id = $3 AND outcome IS NULL',
);
/** Keeps a running import to this transaction: two workers take turns, and nobody cancels in the middle of a batch. */
const LOCK_RUNNING = envStatement(
  'user_imports.lock_running',
  `SELECT ${COLUMNS} FROM user_imports WHERE app_id = $1 AND env_id = $2 AND id = $3 AND state = 'running' FOR UPDATE`,
);
const WAITING = envStatement(
  'user_import_rows.waiting',
  `SELECT line, document FROM user_import_rows
   WHERE app_id = $1 AND env_id = $2 AND import_id = $3 AND line > $4 AND outcome IS NULL ORDER BY line LIMIT $5`,
  REPLANNED,
);
const SETTLE = envStatement(
  'user_import_rows.settle',
  `WITH outcomes AS MATERIALIZED (
     SELECT * FROM jsonb_to_recordset($4::jsonb) AS o(line integer, outcome text, user_id text, reason text)),
   settled AS (
     UPDATE user_import_rows r SET outcome = o.outcome, user_id = o.user_id, reason = o.reason, document = NULL
     FROM outcomes o WHERE r.app_id = $1 AND r.env_id = $2 AND r.import_id = $3 AND r.line = o.line AND r.outcome IS NULL
       AND r.line BETWEEN (SELECT min(line) FROM outcomes) AND (SELECT max(line) FROM outcomes))
   UPDATE user_imports SET
     created = created + (SELECT count(*) FROM outcomes WHERE outcome = 'created'),
     updated = updated + (SELECT count(*) FROM outcomes WHERE outcome = 'updated'),
     skipped = skipped + (SELECT count(*) FROM outcomes WHERE outcome = 'skipped'),
     failed = failed + (SELECT count(*) FROM outcomes WHERE outcome = 'failed'),
     updated_at = $5
   WHERE app_id = $1 AND env_id = $2 AND id = $3`,
  REPLANNED,
);
const FINISH = envStatement(
  'user_imports.finish',
  `UPDATE user_imports SET state = 'done', finished_at = $4, updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND state = 'running' RETURNING ${COLUMNS}`,
);
const RESULTS = envStatement(
  'user_import_rows.results',
  `SELECT ${ROW_COLUMNS} FROM user_import_rows
   WHERE app_id = $1 AND env_id = $2 AND import_id = $3 AND outcome IS NOT NULL AND ($4::text IS NULL OR outcome = $4) AND line > $5
   ORDER BY line LIMIT $6`,
);

@Injectable()
export class UserImportsRepository extends EnvScopedRepository<UserImportEntity> {
  constructor(database: Database) {
    super(database, UserImportEntity);
  }

  create(scope: EnvScope, row: Omit<UserImportEntity, 'appId' | 'envId'>): Promise<UserImportEntity> {
    return this.insertIn(scope, row);
  }

  find(scope: EnvScope, id: Id<'user_import'>): Promise<UserImportEntity | null> {
    return this.findOneIn(scope, { id });
  }

  /** Newest first. @param before the last id of the page before, or the empty text. */
  async page(scope: EnvScope, before: string, most: number): Promise<UserImportEntity[]> {
    return (await this.queryIn<UserImportEntity>(scope, PAGE, [before, most])).rows;
  }

  /** @returns undefined when the import receives no more, or would have more rows than `most`. */
  async receive(
    scope: EnvScope,
    id: Id<'user_import'>,
    documents: readonly object[],
    most: number,
    now: Date,
  ): Promise<UserImportEntity | undefined> {
    const values = [id, JSON.stringify(documents), now, most];
    return (await this.queryIn<UserImportEntity>(scope, RECEIVE, values)).rows[0];
  }

  /** @returns undefined unless it was receiving. */
  async start(scope: EnvScope, id: Id<'user_import'>, now: Date): Promise<UserImportEntity | undefined> {
    return (await this.queryIn<UserImportEntity>(scope, START, [id, now])).rows[0];
  }

  /** Forgets what was not looked at yet. @returns undefined when it is over already. */
  async cancel(scope: EnvScope, id: Id<'user_import'>, now: Date): Promise<UserImportEntity | undefined> {
    const [cancelled] = (await this.queryIn<UserImportEntity>(scope, CANCEL, [id, now])).rows;
    if (cancelled !== undefined) await this.queryIn(scope, FORGET_WAITING, [id]);
    return cancelled;
  }

  /** @returns undefined unless it is running. */
  async lockRunning(scope: EnvScope, id: Id<'user_import'>): Promise<UserImportEntity | undefined> {
    return (await this.queryIn<UserImportEntity>(scope, LOCK_RUNNING, [id])).rows[0];
  }

  /** @param after the last line that has its outcome: they are looked at in order. */
  async waiting(scope: EnvScope, id: Id<'user_import'>, after: number, most: number): Promise<WaitingRow[]> {
    return (await this.queryIn<WaitingRow>(scope, WAITING, [id, after, most])).rows;
  }

  async settle(scope: EnvScope, id: Id<'user_import'>, outcomes: readonly RowOutcome[], now: Date): Promise<void> {
    await this.queryIn(scope, SETTLE, [id, JSON.stringify(outcomes), now]);
  }

  async finish(scope: EnvScope, id: Id<'user_import'>, now: Date): Promise<UserImportEntity | undefined> {
    return (await this.queryIn<UserImportEntity>(scope, FINISH, [id, now])).rows[0];
  }

  /** In their order. @param after the last line of the page before, or 0. */
  async results(
    scope: EnvScope,
    id: Id<'user_import'>,
    outcome: string | undefined,
    after: number,
    most: number,
  ): Promise<UserImportRowEntity[]> {
    return (await this.queryIn<UserImportRowEntity>(scope, RESULTS, [id, outcome ?? null, after, most])).rows;
  }
}
