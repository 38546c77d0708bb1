import { Injectable } from '@nestjs/common';
import type { MemberRole } from '../../http/access/memberships.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { MemberEntity } from './member.entity.js';

const COLUMNS = columnsOf(MemberEntity);
const M_COLUMNS = columnsOf(MemberEntity, 'm');
/** Somebody who was deleted and may be restored keeps the place, and is not seen in it meanwhile. */
const LIVE_USER =
  'JOIN users u ON u.app_id = m.app_id AND u.env_id = m.env_id AND u.id = m.user_id AND u.deleted_at IS NULL';
const WITH_USER = `${M_COLUMNS}, u.email, u.first_name AS "firstName", u.last_name AS "lastName", u.image`;

/** Uses the unique key of members. */
const ROLE_OF = envStatement(
  'members.role_of',
  `SELECT m.role FROM members m
   JOIN organizations o ON o.app_id = m.app_id AND o.env_id = m.env_id AND o.id = m.org_id AND o.active
   ${LIVE_USER}
   WHERE m.app_id = $1 AND m.env_id = $2 AND m.org_id = $3 AND m.user_id = $4`,
);
const ORGANIZATION_EXISTS = envStatement(
  'members.organization_exists',
  'SELECT id FROM organizations WHERE app_id = $1 AND env_id = $2 AND id = $3',
);
const INSERT = envStatement(
  'members.insert',
  `INSERT INTO members (app_id, env_id, id, org_id, user_id, role, joined_at, version, created_at, updated_at)
   SELECT $1, $2, $3, $4, u.id, $6, $7, 1, $7, $7
   FROM users u WHERE u.app_id = $1 AND u.env_id = $2 AND u.id = $5 AND u.deleted_at IS NULL
   ON CONFLICT (app_id, env_id, org_id, user_id) DO NOTHING RETURNING ${COLUMNS}`,
);
const FIND = envStatement(
  'members.find',
  `SELECT ${WITH_USER} FROM members m ${LIVE_USER}
   WHERE m.app_id = $1 AND m.env_id = $2 AND m.org_id = $3 AND m.id = $4`,
);
const OF_USER_IN = envStatement(
  'members.of_user_in',
  `SELECT ${COLUMNS} FROM members WHERE app_id = $1 AND env_id = $2 AND org_id = $3 AND user_id = $4`,
);
const OF_USER = envStatement(
  'members.of_user',
  `SELECT ${COLUMNS} FROM members WHERE app_id = $1 AND env_id = $2 AND user_id = $3 ORDER BY id LIMIT $4`,
);
/**
 * Members in their order, each with their user: `OFFSET 0` keeps it so, where a planner that knows little of the users yet would rather go
 * through all of them.
 */
const PAGE = envStatement(
  'members.page',
  `SELECT ${WITH_USER} FROM members m
   CROSS JOIN LATERAL (
     SELECT u.email, u.first_name, u.last_name, u.image FROM users u
     WHERE u.app_id = m.app_id AND u.env_id = m.env_id AND u.id = m.user_id AND u.deleted_at IS NULL OFFSET 0) u
   WHERE m.app_id = $1 AND m.env_id = $2 AND m.org_id = $3 AND m.id > $4 AND ($5::text IS NULL OR m.role = $5)
     AND ($6::text IS NULL OR (u.email ~>=~ $6 AND u.email ~<~ $7))
   ORDER BY m.id LIMIT $8`,
  { replanned: true },
);
const SET_ROLE = envStatement(
  'members.set_role',
  `UPDATE members SET role = $5, version = version + 1, updated_at = $6
   WHERE app_id = $1 AND env_id = $2 AND org_id = $3 AND id = $4 AND ($7::integer IS NULL OR version = $7)`,
);
const DELETE = envStatement(
  'members.delete',
  'DELETE FROM members WHERE app_id = $1 AND env_id = $2 AND org_id = $3 AND id = $4',
);
/** Whether somebody else who is there owns the organization too. */
const OTHER_OWNER = envStatement(
  'members.other_owner',
  `SELECT m.id FROM members m ${LIVE_USER}
   WHERE m.app_id = $1 AND m.env_id = $2 AND m.org_id = $3 AND m.role = 'owner' AND m.user_id <> $4 LIMIT 1`,
);
/** In the order of their ids, so that two who go at once never wait for each other. */
const LOCK_OWNED = envStatement(
  'members.lock_owned',
  `SELECT o.id FROM organizations o
   WHERE o.app_id = $1 AND o.env_id = $2 AND o.id IN (
     SELECT m.org_id FROM members m WHERE m.app_id = $1 AND m.env_id = $2 AND m.user_id = $3 AND m.role = 'owner')
   ORDER BY o.id FOR NO KEY UPDATE`,
);
/** Organizations of an owner that have no other owner who lives, or is free to act. */
const OWNED_ALONE = envStatement(
  'members.owned_alone',
  `SELECT mine.org_id AS id FROM members mine
   WHERE mine.app_id = $1 AND mine.env_id = $2 AND mine.user_id = $3 AND mine.role = 'owner' AND NOT EXISTS (
     SELECT FROM members m ${LIVE_USER}
     WHERE m.app_id = $1 AND m.env_id = $2 AND m.org_id = mine.org_id AND m.role = 'owner' AND m.user_id <> $3
       AND NOT ($4 AND u.banned AND (u.ban_expires IS NULL OR u.ban_expires > $5)))
   ORDER BY mine.org_id`,
);

/** A member with what others in the organization see of the person. */
export interface MemberWithUser extends MemberEntity {
  readonly email: string | null;
  readonly firstName: string;
  readonly lastName: string;
  readonly image: string | null;
}

export interface MemberFilter {
  readonly role?: MemberRole;
  /** How the address begins, in lower case. */
  readonly prefix?: string;
}

/** After every text that begins with a prefix, in byte order. */
const LAST = '\u{10ffff}';

@Injectable()
export class MembersRepository extends EnvScopedRepository<MemberEntity> {
  constructor(database: Database) {
    super(database, MemberEntity);
  }

  /** In an active organization. */
  async roleOf(scope: EnvScope, orgId: Id<'organization'>, userId: Id<'user'>): Promise<MemberRole | undefined> {
    return (await this.queryIn<{ role: MemberRole }>(scope, ROLE_OF, [orgId, userId])).rows[0]?.role;
  }

  async organizationExists(scope: EnvScope, orgId: Id<'organization'>): Promise<boolean> {
    return (await this.queryIn(scope, ORGANIZATION_EXISTS, [orgId])).count === 1;
  }

  /** @returns undefined when the user is a member already, or is not there. */
  async insert(
    scope: EnvScope,
    { id, orgId, userId, role }: { id: Id<'member'>; orgId: Id<'organization'>; userId: Id<'user'>; role: MemberRole },
    now: Date,
  ): Promise<MemberEntity | undefined> {
    return (await this.queryIn<MemberEntity>(scope, INSERT, [id, orgId, userId, role, now])).rows[0];
  }

  async find(scope: EnvScope, orgId: Id<'organization'>, id: Id<'member'>): Promise<MemberWithUser | undefined> {
    return (await this.queryIn<MemberWithUser>(scope, FIND, [orgId, id])).rows[0];
  }

  /** Also of somebody who was deleted. */
  async ofUserIn(scope: EnvScope, orgId: Id<'organization'>, userId: Id<'user'>): Promise<MemberEntity | undefined> {
    return (await this.queryIn<MemberEntity>(scope, OF_USER_IN, [orgId, userId])).rows[0];
  }

  async ofUser(scope: EnvScope, userId: Id<'user'>, most: number): Promise<MemberEntity[]> {
    return (await this.queryIn<MemberEntity>(scope, OF_USER, [userId, most])).rows;
  }

  /** Those who came first, first; after `after` (empty: from the first). */
  async page(
    scope: EnvScope,
    orgId: Id<'organization'>,
    { role, prefix }: MemberFilter,
    after: string,
    limit: number,
  ): Promise<MemberWithUser[]> {
    const range = prefix === undefined ? [null, null] : [prefix, prefix + LAST];
    return (await this.queryIn<MemberWithUser>(scope, PAGE, [orgId, after, role ?? null, ...range, limit])).rows;
  }

  /** @returns whether there is such a member of that version. */
  async setRole(
    scope: EnvScope,
    { orgId, id }: Pick<MemberEntity, 'orgId' | 'id'>,
    role: MemberRole,
    version: number | undefined,
    now: Date,
  ): Promise<boolean> {
    return (await this.queryIn(scope, SET_ROLE, [orgId, id, role, now, version ?? null])).count === 1;
  }

  async delete(scope: EnvScope, { orgId, id }: Pick<MemberEntity, 'orgId' | 'id'>): Promise<number> {
    return (await this.queryIn(scope, DELETE, [orgId, id])).count;
  }

  async hasOtherOwner(scope: EnvScope, orgId: Id<'organization'>, userId: Id<'user'>): Promise<boolean> {
    return (await this.queryIn(scope, OTHER_OWNER, [orgId, userId])).count > 0;
  }

  /**
   * Organizations that would be without an owner if this one went. Their rows are this transaction's until it ends.
   * @param banned whether owners who are banned count as gone.
   */
  async ownedAlone(
    scope: EnvScope,
    userId: Id<'user'>,
    { banned }: { readonly banned: boolean },
    now: Date,
  ): Promise<Id<'organization'>[]> {
    if ((await this.queryIn(scope, LOCK_OWNED, [userId])).count === 0) return [];
    const { rows } = await this.queryIn<{ id: Id<'organization'> }>(scope, OWNED_ALONE, [userId, banned, now]);
    return rows.map(({ id }) => id);
  }
}
