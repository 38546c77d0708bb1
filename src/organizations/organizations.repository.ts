import { Injectable } from '@nestjs/common';
import { OrganizationNotFound } from '../http/access/access.problems.js';
import type { Metadata } from '../http/validation/metadata.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import { OrganizationEntity } from './organization.entity.js';
import { OrganizationSlugTaken } from './organizations.problems.js';

const COLUMNS = columnsOf(OrganizationEntity);
const O_COLUMNS = columnsOf(OrganizationEntity, 'o');

const INSERT = envStatement(
  'organizations.insert',
  `INSERT INTO organizations (app_id, env_id, id, name, slug, logo, description, metadata, active, member_count, created_by, version,
     created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, true, 0, $9, 1, $10, $10)
   ON CONFLICT (app_id, env_id, slug) DO NOTHING RETURNING ${COLUMNS}`,
);
const BY_ID = `SELECT ${COLUMNS} FROM organizations WHERE app_id = $1 AND env_id = $2 AND id = $3`;
const FIND = envStatement('organizations.find', BY_ID);
const FIND_MANY = envStatement(
  'organizations.find_many',
  `SELECT ${COLUMNS} FROM organizations WHERE app_id = $1 AND env_id = $2 AND id = ANY ($3)`,
);
/** Whoever changes who belongs to an organization holds this row, so that seats and owners are counted by one at a time (R187, R195). */
const LOCK = envStatement('organizations.lock', `${BY_ID} FOR NO KEY UPDATE`);
const SLUG_TAKEN = envStatement(
  'organizations.slug_taken',
  'SELECT id FROM organizations WHERE app_id = $1 AND env_id = $2 AND slug = $3',
);
/** One at a time per user, so that the limit holds. */
const LOCK_CREATOR = envStatement(
  'organizations.lock_creator',
  "SELECT pg_advisory_xact_lock(hashtextextended(concat($1::text, $2::text, $3::text, '/organizations'), 0))",
);
const COUNT_CREATED = envStatement(
  'organizations.count_created',
  'SELECT count(*)::integer AS count FROM organizations WHERE app_id = $1 AND env_id = $2 AND created_by = $3',
);
const OF_USER = envStatement(
  'organizations.of_user',
  `SELECT ${O_COLUMNS}, m.role FROM members m
   JOIN organizations o ON o.app_id = m.app_id AND o.env_id = m.env_id AND o.id = m.org_id
   WHERE m.app_id = $1 AND m.env_id = $2 AND m.user_id = $3 AND o.active AND ($4 = '' OR o.id < $4) ORDER BY o.id DESC LIMIT $5`,
);
const PAGE = envStatement(
  'organizations.page',
  `SELECT ${COLUMNS} FROM organizations
   WHERE app_id = $1 AND env_id = $2 AND ($3 = '' OR id < $3) AND ($4::text IS NULL OR (slug ~>=~ $4 AND slug ~<~ $5))
     AND ($6::boolean IS NULL OR active = $6)
   ORDER BY id DESC LIMIT $7`,
  { replanned: true },
);
const UPDATE = envStatement(
  'organizations.update',
  `UPDATE organizations SET name = coalesce($4, name), slug = coalesce($5, slug),
     logo = CASE WHEN $6 THEN $7 ELSE logo END, description = CASE WHEN $8 THEN $9 ELSE description END,
     metadata = coalesce($10, metadata), active = coalesce($11, active), version = version + 1, updated_at = $12
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND ($13::integer IS NULL OR version = $13) RETURNING ${COLUMNS}`,
);

export interface NewOrganization {
  readonly id: Id<'organization'>;
  readonly name: string;
  readonly slug: string;
  readonly logo: string | null;
  readonly description: string | null;
  readonly metadata: Metadata;
  readonly createdBy: Id<'user'> | null;
}

/** What is there changes; null clears. */
export interface OrganizationChanges {
  readonly name?: string;
  readonly slug?: string;
  readonly logo?: string | null;
  readonly description?: string | null;
  readonly metadata?: Metadata;
  readonly active?: boolean;
}

export interface OrganizationOfUser extends OrganizationEntity {
  readonly role: string;
}

export interface OrganizationFilter {
  /** How the slug begins. */
  readonly prefix?: string;
  readonly active?: boolean;
}

/** After every text that begins with a prefix, in byte order. */
const LAST = '\u{10ffff}';

@Injectable()
export class OrganizationsRepository extends EnvScopedRepository<OrganizationEntity> {
  constructor(database: Database) {
    super(database, OrganizationEntity, { organizations_app_id_env_id_slug_key: () => new OrganizationSlugTaken() });
  }

  /** @returns undefined when the slug is taken. */
  async insert(scope: EnvScope, organization: NewOrganization, now: Date): Promise<OrganizationEntity | undefined> {
    const { id, name, slug, logo, description, metadata, createdBy } = organization;
    const values = [id, name, slug, logo, description, metadata, createdBy, now];
    return (await this.queryIn<OrganizationEntity>(scope, INSERT, values)).rows[0];
  }

  /** Those of them that are there. */
  async findMany(scope: EnvScope, ids: readonly Id<'organization'>[]): Promise<OrganizationEntity[]> {
    return (await this.queryIn<OrganizationEntity>(scope, FIND_MANY, [ids])).rows;
  }

  /** @throws OrganizationNotFound */
  async get(scope: EnvScope, id: Id<'organization'>): Promise<OrganizationEntity> {
    const [organization] = (await this.queryIn<OrganizationEntity>(scope, FIND, [id])).rows;
    if (organization === undefined) throw new OrganizationNotFound();
    return organization;
  }

  /** As {@link get}, and the row is this transaction's until it ends. @throws OrganizationNotFound */
  async lock(scope: EnvScope, id: Id<'organization'>): Promise<OrganizationEntity> {
    const [organization] = (await this.queryIn<OrganizationEntity>(scope, LOCK, [id])).rows;
    if (organization === undefined) throw new OrganizationNotFound();
    return organization;
  }

  async isSlugTaken(scope: EnvScope, slug: string): Promise<boolean> {
    return (await this.queryIn(scope, SLUG_TAKEN, [slug])).count > 0;
  }

  /** How many organizations a user has created; nobody else counts or adds until the transaction ends. */
  async countCreatedBy(scope: EnvScope, userId: Id<'user'>): Promise<number> {
    await this.queryIn(scope, LOCK_CREATOR, [userId]);
    const { rows } = await this.queryIn<{ count: number }>(scope, COUNT_CREATED, [userId]);
    return (rows[0] as { count: number }).count;
  }

  /** Active organizations that a user belongs to, newest first, older than `before` (empty: from the newest). */
  async pageOfUser(scope: EnvScope, userId: Id<'user'>, before: string, limit: number): Promise<OrganizationOfUser[]> {
    return (await this.queryIn<OrganizationOfUser>(scope, OF_USER, [userId, before, limit])).rows;
  }

  /** Newest first, older than `before` (empty: from the newest). */
  async page(
    scope: EnvScope,
    { prefix, active }: OrganizationFilter,
    before: string,
    limit: number,
  ): Promise<OrganizationEntity[]> {
    const values = [before, prefix ?? null, prefix === undefined ? null : prefix + LAST, active ?? null, limit];
    return (await this.queryIn<OrganizationEntity>(scope, PAGE, values)).rows;
  }

  /** @returns undefined when there is none, or none of that version. @throws OrganizationSlugTaken */
  async update(
    scope: EnvScope,
    id: Id<'organization'>,
    { name, slug, logo, description, metadata, active }: OrganizationChanges,
    version: number | undefined,
    now: Date,
  ): Promise<OrganizationEntity | undefined> {
    const { rows } = await this.queryIn<OrganizationEntity>(scope, UPDATE, [
      id,
      name ?? null,
      slug ?? null,
      logo !== undefined,
      logo ?? null,
      description !== undefined,
      description ?? null,
      metadata ?? null,
      active ?? null,
      now,
      version ?? null,
    ]);
    return rows[0];
  }

  delete(scope: EnvScope, id: Id<'organization'>): Promise<number> {
    return this.deleteIn(scope, { id });
  }
}
