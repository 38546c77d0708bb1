import { Injectable } from '@nestjs/common';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { mappingConstraints } from '../kernel/persistence/constraint-problems.js';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';
import { AppEntity } from './app.entity.js';
import { AppSlugTaken } from './apps.problems.js';

const COLUMNS = columnsOf(AppEntity);
const INSERT = statement(
  'apps.insert',
  `INSERT INTO apps (id, name, slug, description, logo, is_platform, active, version, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, true, 1, $7, $7) RETURNING ${COLUMNS}`,
);
const GET = statement('apps.get', `SELECT ${COLUMNS} FROM apps WHERE id = $1 AND deleted_at IS NULL`);
const BY_SLUG = statement('apps.by_slug', `SELECT ${COLUMNS} FROM apps WHERE slug = $1 AND deleted_at IS NULL`);
const PLATFORM = statement('apps.platform', `SELECT ${COLUMNS} FROM apps WHERE is_platform`);
const PAGE = statement(
  'apps.page',
  `SELECT ${COLUMNS} FROM apps
   WHERE id > $1 AND deleted_at IS NULL AND ($2::text[] IS NULL OR id = ANY ($2)) ORDER BY id LIMIT $3`,
);
const UPDATE = statement(
  'apps.update',
  `UPDATE apps SET name = coalesce($2, name), slug = coalesce($3, slug),
     description = CASE WHEN $4 THEN $5 ELSE description END, logo = CASE WHEN $6 THEN $7 ELSE logo END,
     active = coalesce($8, active), version = version + 1, updated_at = $9
   WHERE id = $1 AND deleted_at IS NULL AND ($10::integer IS NULL OR version = $10) RETURNING ${COLUMNS}`,
);
/** The slug is free for others at once. */
const DELETE = statement(
  'apps.delete',
  `UPDATE apps SET active = false, slug = id, deleted_at = $2, version = version + 1, updated_at = $2
   WHERE id = $1 AND deleted_at IS NULL AND NOT is_platform RETURNING ${COLUMNS}`,
);

export interface NewApp {
  readonly id: Id<'app'>;
  readonly name: string;
  readonly slug: string;
  readonly description: string | null;
  readonly logo: string | null;
  readonly isPlatform: boolean;
  readonly now: Date;
}

/** What is absent stays; null clears. */
export interface AppChanges {
  readonly name?: string;
  readonly slug?: string;
  readonly description?: string | null;
  readonly logo?: string | null;
  readonly active?: boolean;
}

const SLUG_TAKEN = { apps_slug_key: () => new AppSlugTaken() };

/** Apps are the tenants themselves: no scope can be asked for before the app is known. */
@Injectable()
export class AppsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /** @throws AppSlugTaken */
  async anyTenantInsert(app: NewApp): Promise<AppEntity> {
    const { id, name, slug, description, logo, isPlatform, now } = app;
    const inserted = await mappingConstraints(SLUG_TAKEN, () =>
      this.query<AppEntity>(INSERT, [id, name, slug, description, logo, isPlatform, now]),
    );
    return inserted.rows[0] as AppEntity;
  }

  async anyTenantFind(id: Id<'app'>): Promise<AppEntity | undefined> {
    return (await this.query<AppEntity>(GET, [id])).rows[0];
  }

  async anyTenantFindBySlug(slug: string): Promise<AppEntity | undefined> {
    return (await this.query<AppEntity>(BY_SLUG, [slug])).rows[0];
  }

  async anyTenantFindPlatform(): Promise<AppEntity | undefined> {
    return (await this.query<AppEntity>(PLATFORM)).rows[0];
  }

  /** Apps in order of creation, after `lastId`. @param among undefined: all. */
  async anyTenantPage(lastId: string, among: readonly Id<'app'>[] | undefined, limit: number): Promise<AppEntity[]> {
    return (await this.query<AppEntity>(PAGE, [lastId, among ?? null, limit])).rows;
  }

  /** @returns undefined when the app is gone or `version` is not the current one. @throws AppSlugTaken */
  async anyTenantUpdate(
    id: Id<'app'>,
    { name, slug, description, logo, active }: AppChanges,
    version: number | undefined,
    now: Date,
  ): Promise<AppEntity | undefined> {
    const values = [
      id,
      name ?? null,
      slug ?? null,
      description !== undefined,
      description ?? null,
      logo !== undefined,
      logo ?? null,
      active ?? null,
      now,
      version ?? null,
    ];
    return (await mappingConstraints(SLUG_TAKEN, () => this.query<AppEntity>(UPDATE, values))).rows[0];
  }

  /** @returns undefined when there is no such app, or it is the platform. */
  async anyTenantDelete(id: Id<'app'>, now: Date): Promise<AppEntity | undefined> {
    return (await this.query<AppEntity>(DELETE, [id, now])).rows[0];
  }
}
