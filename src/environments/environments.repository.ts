import { Injectable } from '@nestjs/common';
import type { AppScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { AppScopedRepository } from '../kernel/persistence/app-scoped.repository.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { appStatement } from '../kernel/persistence/statement.js';
import { EnvironmentEntity } from './environment.entity.js';
import { EnvironmentNotFound, EnvironmentSlugTaken } from './environments.problems.js';

/** What is absent stays; null clears. */
export interface EnvironmentChanges {
  readonly name?: string;
  readonly description?: string | null;
  readonly color?: string;
}

const COLUMNS = columnsOf(EnvironmentEntity);

const LIST = appStatement(
  'environments.list',
  `SELECT ${COLUMNS} FROM environments WHERE app_id = $1 AND deleted_at IS NULL ORDER BY id`,
);
const GET = appStatement(
  'environments.get',
  `SELECT ${COLUMNS} FROM environments WHERE app_id = $1 AND id = $2 AND deleted_at IS NULL`,
);
const LOCK = appStatement(
  'environments.lock',
  `SELECT id FROM environments WHERE app_id = $1 AND id = ANY ($2) AND deleted_at IS NULL ORDER BY id FOR UPDATE`,
);
const UPDATE = appStatement(
  'environments.update',
  `UPDATE environments SET name = coalesce($3, name), description = CASE WHEN $4 THEN $5 ELSE description END,
     color = coalesce($6, color), version = version + 1, updated_at = $7
   WHERE app_id = $1 AND id = $2 AND deleted_at IS NULL AND ($8::integer IS NULL OR version = $8) RETURNING ${COLUMNS}`,
);
/** Changes of the default happen one after the other, so that there is always exactly one. */
const LOCK_DEFAULT = appStatement(
  'environments.lock_default',
  'SELECT pg_advisory_xact_lock(hashtextextended(concat($1::text, $2::text), 0))',
);
/** The old one first, because the index lets no second default be for a moment. Nothing happens when the new one is not there. */
const SET_DEFAULT = appStatement(
  'environments.set_default',
  `WITH target AS (SELECT id FROM environments WHERE app_id = $1 AND id = $2 AND deleted_at IS NULL),
   cleared AS (
     UPDATE environments SET is_default = false, version = version + 1, updated_at = $3
     WHERE app_id = $1 AND is_default AND id <> $2 AND EXISTS (SELECT FROM target) RETURNING id)
   UPDATE environments SET is_default = true, version = version + 1, updated_at = $3
   WHERE app_id = $1 AND id = (SELECT id FROM target) AND (SELECT count(*) FROM cleared) >= 0 RETURNING ${COLUMNS}`,
);
/** The slug is free for others at once. */
const DELETE = appStatement(
  'environments.delete',
  `UPDATE environments SET slug = id, deleted_at = $3, version = version + 1, updated_at = $3
   WHERE app_id = $1 AND id = $2 AND deleted_at IS NULL AND NOT is_default RETURNING ${COLUMNS}`,
);

@Injectable()
export class EnvironmentsRepository extends AppScopedRepository<EnvironmentEntity> {
  constructor(database: Database) {
    super(database, EnvironmentEntity, { environments_app_id_slug_key: () => new EnvironmentSlugTaken() });
  }

  /** @throws EnvironmentSlugTaken */
  create(scope: AppScope, environment: Omit<EnvironmentEntity, 'appId'>): Promise<EnvironmentEntity> {
    return this.insertIn(scope, environment);
  }

  async list(scope: AppScope): Promise<EnvironmentEntity[]> {
    return (await this.queryIn<EnvironmentEntity>(scope, LIST)).rows;
  }

  /** @throws EnvironmentNotFound */
  async getById(scope: AppScope, id: Id<'environment'>): Promise<EnvironmentEntity> {
    const [found] = (await this.queryIn<EnvironmentEntity>(scope, GET, [id])).rows;
    if (found === undefined) throw new EnvironmentNotFound();
    return found;
  }

  /** Keeps environments as they are until the transaction ends. @throws EnvironmentNotFound unless every one is there. */
  async lock(scope: AppScope, ids: readonly Id<'environment'>[]): Promise<void> {
    const { rows } = await this.queryIn(scope, LOCK, [ids]);
    if (rows.length < new Set(ids).size) throw new EnvironmentNotFound();
  }

  /** @returns undefined when it is gone or `version` is not the current one. */
  async update(
    scope: AppScope,
    id: Id<'environment'>,
    { name, description, color }: EnvironmentChanges,
    version: number | undefined,
    now: Date,
  ): Promise<EnvironmentEntity | undefined> {
    const values = [
      id,
      name ?? null,
      description !== undefined,
      description ?? null,
      color ?? null,
      now,
      version ?? null,
    ];
    return (await this.queryIn<EnvironmentEntity>(scope, UPDATE, values)).rows[0];
  }

  /** @throws EnvironmentNotFound */
  async setDefault(scope: AppScope, id: Id<'environment'>, now: Date): Promise<EnvironmentEntity> {
    await this.queryIn(scope, LOCK_DEFAULT, ['default environment']);
    const [environment] = (await this.queryIn<EnvironmentEntity>(scope, SET_DEFAULT, [id, now])).rows;
    if (environment === undefined) throw new EnvironmentNotFound();
    return environment;
  }

  /** @returns undefined when it is gone, or the default one. */
  async delete(scope: AppScope, id: Id<'environment'>, now: Date): Promise<EnvironmentEntity | undefined> {
    return (await this.queryIn<EnvironmentEntity>(scope, DELETE, [id, now])).rows[0];
  }
}
