import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository, type Unscoped } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { TeamEntity } from './team.entity.js';
import { TeamHasTeams, TeamNotFound, TeamSlugTaken } from './teams.problems.js';

const COLUMNS = columnsOf(TeamEntity);

/** How deep teams may lie in each other. */
export const DEEPEST_TEAM = 8;
const ONE_TOO_MANY = DEEPEST_TEAM + 1;

const PAGE = envStatement(
  'teams.page',
  `SELECT ${COLUMNS} FROM teams
   WHERE app_id = $1 AND env_id = $2 AND org_id = $3 AND id > $4 AND ($5::text IS NULL OR parent_id = $5) ORDER BY id LIMIT $6`,
  { replanned: true },
);
/** The team and those it lies in, one more than may be. Two levels may form a ring only while a rule is broken: UNION ends it. */
const PATH = envStatement(
  'teams.path',
  `WITH RECURSIVE path AS (
     SELECT id, parent_id FROM teams WHERE app_id = $1 AND env_id = $2 AND org_id = $3 AND id = $4
     UNION
     SELECT t.id, t.parent_id FROM teams t JOIN path p ON t.id = p.parent_id
     WHERE t.app_id = $1 AND t.env_id = $2 AND t.org_id = $3)
   SELECT id FROM path LIMIT ${ONE_TOO_MANY}`,
);
/** How many levels a team and the teams in it make. */
const HEIGHT = envStatement(
  'teams.height',
  `WITH RECURSIVE below AS (
     SELECT id, 1 AS level FROM teams WHERE app_id = $1 AND env_id = $2 AND org_id = $3 AND id = $4
     UNION
     SELECT t.id, b.level + 1 FROM teams t JOIN below b ON t.parent_id = b.id
     WHERE t.app_id = $1 AND t.env_id = $2 AND t.org_id = $3 AND b.level <= ${DEEPEST_TEAM})
   SELECT max(level) AS height FROM below`,
);
const UPDATE = envStatement(
  'teams.update',
  `UPDATE teams SET name = coalesce($5, name), slug = coalesce($6, slug),
     description = CASE WHEN $7 THEN $8 ELSE description END, parent_id = CASE WHEN $9 THEN $10 ELSE parent_id END,
     version = version + 1, updated_at = $11
   WHERE app_id = $1 AND env_id = $2 AND org_id = $3 AND id = $4 AND ($12::integer IS NULL OR version = $12)
   RETURNING ${COLUMNS}`,
);
const EXISTING = envStatement(
  'teams.existing',
  'SELECT id FROM teams WHERE app_id = $1 AND env_id = $2 AND org_id = $3 AND id = ANY ($4)',
);

/** What is there changes; null clears. */
export interface TeamChanges {
  readonly name?: string;
  readonly slug?: string;
  readonly description?: string | null;
  readonly parentId?: Id<'team'> | null;
}

@Injectable()
export class TeamsRepository extends EnvScopedRepository<TeamEntity> {
  constructor(database: Database) {
    super(database, TeamEntity, {
      teams_app_id_env_id_org_id_slug_key: () => new TeamSlugTaken(),
      teams_parent_id_fkey: () => new TeamHasTeams(),
    });
  }

  /** @throws TeamSlugTaken */
  insert(scope: EnvScope, team: Unscoped<TeamEntity>): Promise<TeamEntity> {
    return this.insertIn(scope, team);
  }

  /** @throws TeamNotFound */
  async get(scope: EnvScope, orgId: Id<'organization'>, id: Id<'team'>): Promise<TeamEntity> {
    const team = await this.findOneIn(scope, { orgId, id });
    if (team === null) throw new TeamNotFound();
    return team;
  }

  /** Oldest first, after `after` (empty: from the oldest). @param parentId only the teams in that one. */
  async page(
    scope: EnvScope,
    orgId: Id<'organization'>,
    parentId: Id<'team'> | undefined,
    after: string,
    limit: number,
  ): Promise<TeamEntity[]> {
    return (await this.queryIn<TeamEntity>(scope, PAGE, [orgId, after, parentId ?? null, limit])).rows;
  }

  /** The team and those it lies in; empty when there is none. */
  async path(scope: EnvScope, orgId: Id<'organization'>, id: Id<'team'>): Promise<Id<'team'>[]> {
    return (await this.queryIn<{ id: Id<'team'> }>(scope, PATH, [orgId, id])).rows.map((team) => team.id);
  }

  async height(scope: EnvScope, orgId: Id<'organization'>, id: Id<'team'>): Promise<number> {
    return (await this.queryIn<{ height: number | null }>(scope, HEIGHT, [orgId, id])).rows[0]?.height ?? 0;
  }

  /** @returns undefined when there is none of that version. @throws TeamSlugTaken */
  async update(
    scope: EnvScope,
    { orgId, id }: Pick<TeamEntity, 'orgId' | 'id'>,
    { name, slug, description, parentId }: TeamChanges,
    version: number | undefined,
    now: Date,
  ): Promise<TeamEntity | undefined> {
    const { rows } = await this.queryIn<TeamEntity>(scope, UPDATE, [
      orgId,
      id,
      name ?? null,
      slug ?? null,
      description !== undefined,
      description ?? null,
      parentId !== undefined,
      parentId ?? null,
      now,
      version ?? null,
    ]);
    return rows[0];
  }

  /** @throws TeamHasTeams */
  delete(scope: EnvScope, { orgId, id }: Pick<TeamEntity, 'orgId' | 'id'>): Promise<number> {
    return this.deleteIn(scope, { orgId, id });
  }

  /** Which of the given teams the organization has. */
  async existing(scope: EnvScope, orgId: Id<'organization'>, ids: readonly Id<'team'>[]): Promise<Id<'team'>[]> {
    if (ids.length === 0) return [];
    return (await this.queryIn<{ id: Id<'team'> }>(scope, EXISTING, [orgId, ids])).rows.map(({ id }) => id);
  }
}
