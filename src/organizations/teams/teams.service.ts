import { Injectable } from '@nestjs/common';
import { PreconditionFailed } from '../../http/etag.js';
import { type Actor, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Events } from '../../kernel/events/events.js';
import { IdGenerator, type Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../../kernel/persistence/page.js';
import type { MemberEntity } from '../members/member.entity.js';
import type { MemberWithUser } from '../members/members.repository.js';
import { MembersService } from '../members/members.service.js';
import '../organizations.events.js';
import { OrganizationsRepository } from '../organizations.repository.js';
import type { TeamEntity } from './team.entity.js';
import { TeamMembersRepository } from './team-members.repository.js';
import { NotInTeam, TeamCycle, TeamNotFound, TeamsTooDeep } from './teams.problems.js';
import { DEEPEST_TEAM, type TeamChanges, TeamsRepository } from './teams.repository.js';

export interface TeamInput {
  readonly name: string;
  readonly slug: string;
  readonly description: string | null;
  readonly parentId: Id<'team'> | null;
}

type TeamEvent = 'org.team.created' | 'org.team.updated' | 'org.team.deleted';
type TeamMemberEvent = 'org.team.member_added' | 'org.team.member_removed';

/** Groups of an organization's members. Where a team lies is changed under the organization's row, so that no two changes make a ring. */
@Injectable()
export class TeamsService {
  constructor(
    private readonly teams: TeamsRepository,
    private readonly teamMembers: TeamMembersRepository,
    private readonly members: MembersService,
    private readonly organizations: OrganizationsRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** @throws TeamSlugTaken, TeamNotFound for a parent that is not there, TeamsTooDeep */
  create(scope: EnvScope, orgId: Id<'organization'>, input: TeamInput, actor: Actor): Promise<TeamEntity> {
    return this.database.transaction(async () => {
      await this.organizations.lock(scope, orgId);
      if (input.parentId !== null) await this.requirePlace(scope, orgId, input.parentId, 1);
      const now = this.clock.now();
      const row = { ...input, id: this.ids.next('team'), orgId, version: 1, createdAt: now, updatedAt: now };
      const team = await this.teams.insert(scope, row);
      await this.record(scope, 'org.team.created', team, actor);
      return team;
    });
  }

  /** Oldest first. @param parentId only the teams in that one. @throws MalformedCursor */
  async list(
    scope: EnvScope,
    orgId: Id<'organization'>,
    parentId: Id<'team'> | undefined,
    { limit, cursor }: PageRequest,
  ): Promise<Page<TeamEntity>> {
    const list = `teams/${scope.envId}/${orgId}/${parentId ?? ''}`;
    const after = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.teams.page(scope, orgId, parentId, after, limit + 1);
    return this.cursors.page(list, limit, rows, ({ id }) => id);
  }

  /** @throws TeamNotFound */
  get(scope: EnvScope, orgId: Id<'organization'>, id: Id<'team'>): Promise<TeamEntity> {
    return this.teams.get(scope, orgId, id);
  }

  /** @throws TeamNotFound, also for a parent that is not there; TeamSlugTaken, TeamCycle, TeamsTooDeep, PreconditionFailed */
  update(
    scope: EnvScope,
    orgId: Id<'organization'>,
    id: Id<'team'>,
    changes: TeamChanges,
    version: number | undefined,
    actor: Actor,
  ): Promise<TeamEntity> {
    return this.database.transaction(async () => {
      await this.organizations.lock(scope, orgId);
      const before = await this.teams.get(scope, orgId, id);
      const { parentId } = changes;
      if (parentId !== undefined && parentId !== null) {
        const path = await this.requirePlace(scope, orgId, parentId, await this.teams.height(scope, orgId, id));
        if (path.includes(id)) throw new TeamCycle();
      }
      const team = await this.teams.update(scope, before, changes, version, this.clock.now());
      if (team === undefined) throw new PreconditionFailed();
      await this.record(scope, 'org.team.updated', team, actor);
      return team;
    });
  }

  /** @throws TeamNotFound, TeamHasTeams */
  delete(scope: EnvScope, orgId: Id<'organization'>, id: Id<'team'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      const team = await this.teams.get(scope, orgId, id);
      await this.teams.delete(scope, team);
      await this.record(scope, 'org.team.deleted', team, actor);
    });
  }

  /** Those who became members of the organization first, first. @throws TeamNotFound, MalformedCursor */
  async listMembers(
    scope: EnvScope,
    orgId: Id<'organization'>,
    teamId: Id<'team'>,
    { limit, cursor }: PageRequest,
  ): Promise<Page<MemberWithUser>> {
    await this.teams.get(scope, orgId, teamId);
    const list = `team_members/${scope.envId}/${teamId}`;
    const after = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.teamMembers.page(scope, orgId, teamId, after, limit + 1);
    return this.cursors.page(list, limit, rows, ({ id }) => id);
  }

  /** Puts a member into a team; one who is in it stays. @throws TeamNotFound, MemberNotFound */
  addMember(
    scope: EnvScope,
    orgId: Id<'organization'>,
    teamId: Id<'team'>,
    memberId: Id<'member'>,
    actor: Actor,
  ): Promise<MemberWithUser> {
    return this.database.transaction(async () => {
      await this.teams.get(scope, orgId, teamId);
      const member = await this.members.get(scope, orgId, memberId);
      await this.put(scope, teamId, member, actor);
      return member;
    });
  }

  /** Puts a new member into those of the teams that still are: in the transaction that makes them a member. */
  async addToExisting(
    scope: EnvScope,
    teamIds: readonly Id<'team'>[],
    member: MemberEntity,
    actor: Actor,
  ): Promise<void> {
    for (const teamId of await this.teams.existing(scope, member.orgId, teamIds)) {
      await this.put(scope, teamId, member, actor);
    }
  }

  /** Whether the organization has every one of these teams. */
  async haveAll(scope: EnvScope, orgId: Id<'organization'>, ids: readonly Id<'team'>[]): Promise<boolean> {
    return (await this.teams.existing(scope, orgId, ids)).length === new Set(ids).size;
  }

  /** @throws TeamNotFound, NotInTeam */
  removeMember(
    scope: EnvScope,
    orgId: Id<'organization'>,
    teamId: Id<'team'>,
    memberId: Id<'member'>,
    actor: Actor,
  ): Promise<void> {
    return this.database.transaction(async () => {
      await this.teams.get(scope, orgId, teamId);
      if ((await this.teamMembers.delete(scope, { orgId, teamId, memberId })) === 0) throw new NotInTeam();
      await this.recordMember(scope, 'org.team.member_removed', { orgId, teamId, memberId }, actor);
    });
  }

  /** @returns the parent and those it lies in. @throws TeamNotFound, TeamsTooDeep when `height` more levels do not fit below it. */
  private async requirePlace(
    scope: EnvScope,
    orgId: Id<'organization'>,
    parentId: Id<'team'>,
    height: number,
  ): Promise<Id<'team'>[]> {
    const path = await this.teams.path(scope, orgId, parentId);
    if (path.length === 0) throw new TeamNotFound({ detail: 'parent team not found' });
    if (path.length + height > DEEPEST_TEAM) throw new TeamsTooDeep();
    return path;
  }

  private async put(
    scope: EnvScope,
    teamId: Id<'team'>,
    { orgId, id: memberId }: MemberEntity,
    actor: Actor,
  ): Promise<void> {
    const added = await this.teamMembers.insert(scope, { orgId, teamId, memberId }, this.clock.now());
    if (added) await this.recordMember(scope, 'org.team.member_added', { orgId, teamId, memberId }, actor);
  }

  private async record(
    scope: EnvScope,
    event: TeamEvent,
    { orgId, id, slug }: TeamEntity,
    actor: Actor,
  ): Promise<void> {
    await this.events.record(scope, event, id, { org_id: orgId, team_id: id, team_slug: slug });
    this.audit.record(scope, { action: event, actor, target: { type: 'team', id }, metadata: { org_id: orgId } });
  }

  private async recordMember(
    scope: EnvScope,
    event: TeamMemberEvent,
    { orgId, teamId, memberId }: { orgId: Id<'organization'>; teamId: Id<'team'>; memberId: Id<'member'> },
    actor: Actor,
  ): Promise<void> {
    await this.events.record(scope, event, teamId, { org_id: orgId, team_id: teamId, member_id: memberId });
    const metadata = { org_id: orgId, member_id: memberId };
    this.audit.record(scope, { action: event, actor, target: { type: 'team', id: teamId }, metadata });
  }
}
