import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { MemberEntity } from '../members/member.entity.js';
import { MemberNotFound } from '../members/members.problems.js';
import type { MemberWithUser } from '../members/members.repository.js';
import { TeamMemberEntity } from './team-member.entity.js';

const INSERT = envStatement(
  'team_members.insert',
  `INSERT INTO team_members (app_id, env_id, org_id, team_id, member_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)
   ON CONFLICT DO NOTHING`,
);
const PAGE = envStatement(
  'team_members.page',
  `SELECT ${columnsOf(MemberEntity, 'm')}, u.email, u.first_name AS "firstName", u.last_name AS "lastName", u.image
   FROM team_members t
   JOIN members m ON m.app_id = t.app_id AND m.env_id = t.env_id AND m.org_id = t.org_id AND m.id = t.member_id
   CROSS JOIN LATERAL (
     SELECT u.email, u.first_name, u.last_name, u.image FROM users u
     WHERE u.app_id = m.app_id AND u.env_id = m.env_id AND u.id = m.user_id AND u.deleted_at IS NULL OFFSET 0) u
   WHERE t.app_id = $1 AND t.env_id = $2 AND t.org_id = $3 AND t.team_id = $4 AND t.member_id > $5
   ORDER BY t.member_id LIMIT $6`,
);

@Injectable()
export class TeamMembersRepository extends EnvScopedRepository<TeamMemberEntity> {
  constructor(database: Database) {
    super(database, TeamMemberEntity, { team_members_member_id_fkey: () => new MemberNotFound() });
  }

  /** @returns whether the member was not in the team yet. @throws MemberNotFound for a member of another organization. */
  async insert(
    scope: EnvScope,
    { orgId, teamId, memberId }: Pick<TeamMemberEntity, 'orgId' | 'teamId' | 'memberId'>,
    now: Date,
  ): Promise<boolean> {
    return (await this.queryIn(scope, INSERT, [orgId, teamId, memberId, now])).count === 1;
  }

  /** Those who became members of the organization first, first; after `after` (empty: from the first). */
  async page(
    scope: EnvScope,
    orgId: Id<'organization'>,
    teamId: Id<'team'>,
    after: string,
    limit: number,
  ): Promise<MemberWithUser[]> {
    return (await this.queryIn<MemberWithUser>(scope, PAGE, [orgId, teamId, after, limit])).rows;
  }

  delete(
    scope: EnvScope,
    { orgId, teamId, memberId }: Pick<TeamMemberEntity, 'orgId' | 'teamId' | 'memberId'>,
  ): Promise<number> {
    return this.deleteIn(scope, { orgId, teamId, memberId });
  }
}
