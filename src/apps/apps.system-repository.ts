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
  `INSERT INTO apps (id, name, slug, description, logo, is_platform, settings, active, version, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, true, 1, $8, $8) RETURNING ${COLUMNS}`,
);
const GET = statement('apps.get', `SELECT ${COLUMNS} FROM apps WHERE id = $1`);
const BY_SLUG = statement('apps.by_slug', `SELECT ${COLUMNS} FROM apps WHERE slug = $1`);
const PLATFORM = statement('apps.platform', `SELECT ${COLUMNS} FROM apps WHERE is_platform`);
const PAGE = statement('apps.page', `SELECT ${COLUMNS} FROM apps WHERE id > $1 ORDER BY id LIMIT $2`);

export interface NewApp {
  readonly id: Id<'app'>;
  readonly name: string;
  readonly slug: string;
  readonly description: string | null;
  readonly logo: string | null;
  readonly isPlatform: boolean;
  readonly now: Date;
}

/** Apps are the tenants themselves: no scope can be asked for before the app is known. */
@Injectable()
export class AppsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /** @throws AppSlugTaken */
  async anyTenantInsert(app: NewApp): Promise<AppEntity> {
    const { id, name, slug, description, logo, isPlatform, now } = app;
    const inserted = await mappingConstraints({ apps_slug_key: () => new AppSlugTaken() }, () =>
      this.query<AppEntity>(INSERT, [id, name, slug, description, logo, isPlatform, {}, now]),
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

  /** Apps in order of creation, after `lastId`. */
  async anyTenantPage(lastId: string, limit: number): Promise<AppEntity[]> {
    return (await this.query<AppEntity>(PAGE, [lastId, limit])).rows;
  }
}
