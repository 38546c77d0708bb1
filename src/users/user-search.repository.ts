import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository } from '../kernel/persistence/env-scoped.repository.js';
import { type EnvStatement, envStatement } from '../kernel/persistence/statement.js';
import { UserEntity } from './user.entity.js';

/** What users are looked for by; every condition that is there must hold. */
export interface UserFilter {
  /** In canonical form, whole. */
  readonly email?: string;
  /** E.164, whole. */
  readonly phone?: string;
  /** In canonical form, whole. */
  readonly username?: string;
  readonly externalId?: string;
  /** How the address or the username begins, in lower case. */
  readonly prefix?: string;
  /** Members that the metadata must have. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly banned?: boolean;
  readonly verified?: boolean;
  readonly createdFrom?: Date;
  readonly createdTo?: Date;
}

export interface UserSearch {
  readonly filter: UserFilter;
  /** Those who were deleted and can be restored, instead of those who live. */
  readonly deleted: boolean;
  readonly oldestFirst: boolean;
}

const COLUMNS = columnsOf(UserEntity);
const REPLANNED = { replanned: true };

/**
 * Planned with the values in sight, what was not asked for falls away and the index made for the rest is taken. Below row policies only
 * leakproof operators may use an index: prefixes are ranges therefore, and what metadata contain is found by a function.
 */
const FOUND = `app_id = $1 AND env_id = $2
  AND (NOT $3::boolean AND deleted_at IS NULL OR $3::boolean AND deleted_at IS NOT NULL AND erased_at IS NULL)
  AND ($4::text IS NULL OR email = $4) AND ($5::text IS NULL OR phone = $5)
  AND ($6::text IS NULL OR username = $6) AND ($7::text IS NULL OR external_id = $7)
  AND ($8::text IS NULL OR (email ~>=~ $8 AND email ~<~ $9) OR (username ~>=~ $8 AND username ~<~ $9))
  AND ($10::jsonb IS NULL OR id IN (SELECT authsome_users_with($1, $2, $10)))
  AND ($16::jsonb IS NULL OR metadata @> $16)
  AND ($11::boolean IS NULL OR $11 = (banned AND (ban_expires IS NULL OR ban_expires > $12)))
  AND ($13::boolean IS NULL OR email_verified = $13)
  AND ($14::timestamptz IS NULL OR created_at >= $14) AND ($15::timestamptz IS NULL OR created_at < $15)`;

const NEWEST = envStatement(
  'users.newest',
  `SELECT ${COLUMNS} FROM users WHERE ${FOUND} AND ($17 = '' OR id < $17) ORDER BY id DESC LIMIT $18`,
  REPLANNED,
);
const OLDEST = envStatement(
  'users.oldest',
  `SELECT ${COLUMNS} FROM users WHERE ${FOUND} AND ($17 = '' OR id > $17) ORDER BY id LIMIT $18`,
  REPLANNED,
);
/**
 * What an index finds out of order is found first and ordered then: the planner, which hopes to meet some soon, would otherwise read the
 * whole table in order. Of more than ten thousand it takes ten thousand.
 */
const FOUND_FIRST = `WITH found AS MATERIALIZED (SELECT ${COLUMNS} FROM users WHERE ${FOUND} LIMIT 10000)
  SELECT * FROM found`;
const NEWEST_FOUND = envStatement(
  'users.newest_found',
  `${FOUND_FIRST} WHERE $17 = '' OR id < $17 ORDER BY id DESC LIMIT $18`,
  REPLANNED,
);
const OLDEST_FOUND = envStatement(
  'users.oldest_found',
  `${FOUND_FIRST} WHERE $17 = '' OR id > $17 ORDER BY id LIMIT $18`,
  REPLANNED,
);
const COUNT = envStatement(
  'users.count',
  `SELECT count(*)::integer AS count FROM (SELECT FROM users WHERE ${FOUND} LIMIT $17) AS found`,
  REPLANNED,
);

/** Finds users for operators. */
@Injectable()
export class UserSearchRepository extends EnvScopedRepository<UserEntity> {
  constructor(database: Database) {
    super(database, UserEntity);
  }

  /** By age. @param after the last id of the page before, or the empty text. @param now bans that have ended until then count no more. */
  async search(scope: EnvScope, search: UserSearch, after: string, most: number, now: Date): Promise<UserEntity[]> {
    const values = [...valuesOf(search, now), after, most];
    return (await this.queryIn<UserEntity>(scope, statementOf(search), values)).rows;
  }

  /** How many there are; counting stops at `most`. */
  async count(scope: EnvScope, search: UserSearch, most: number, now: Date): Promise<number> {
    const values = [...valuesOf(search, now), most];
    return (await this.queryIn<{ count: number }>(scope, COUNT, values)).rows[0]?.count ?? 0;
  }
}

function statementOf({ filter, oldestFirst }: UserSearch): EnvStatement {
  if (filter.prefix === undefined && filter.metadata === undefined) return oldestFirst ? OLDEST : NEWEST;
  return oldestFirst ? OLDEST_FOUND : NEWEST_FOUND;
}

function valuesOf({ filter, deleted }: UserSearch, now: Date): unknown[] {
  // Where something else finds few, what their metadata contain is looked at one by one.
  const named = filter.email ?? filter.phone ?? filter.username ?? filter.externalId ?? filter.prefix;
  return [
    deleted,
    filter.email ?? null,
    filter.phone ?? null,
    filter.username ?? null,
    filter.externalId ?? null,
    filter.prefix ?? null,
    // Above every text that begins so.
    filter.prefix === undefined ? null : `${filter.prefix}\u{10ffff}`,
    named === undefined ? (filter.metadata ?? null) : null,
    filter.banned ?? null,
    now,
    filter.verified ?? null,
    filter.createdFrom ?? null,
    filter.createdTo ?? null,
    named === undefined ? null : (filter.metadata ?? null),
  ];
}
