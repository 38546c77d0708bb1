import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireOrgRole } from '../../http/access/access.js';
import { IfMatch, PreconditionFailed } from '../../http/etag.js';
import { PageQuery, pageRequest } from '../../http/paging/page.query.js';
import { Caller, Organization, Tenant } from '../../http/params/caller.decorators.js';
import { IdPipe } from '../../http/params/id.pipe.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import type { ActedOrganization } from '../../http/request-state.js';
import { status, StatusResponse } from '../../http/responses/status.response.js';
import { actorOf, type UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { MemberListResponse, MemberResponse, toMemberResponse } from '../members/dto/member.dto.js';
import { MemberNotFound } from '../members/members.problems.js';
import {
  AddTeamMemberRequest,
  CreateTeamRequest,
  ListTeamsQuery,
  TeamListResponse,
  TeamResponse,
  toTeamChanges,
  toTeamInput,
  toTeamResponse,
  UpdateTeamRequest,
} from './dto/team.dto.js';
import { NotInTeam, TeamCycle, TeamHasTeams, TeamNotFound, TeamSlugTaken, TeamsTooDeep } from './teams.problems.js';
import { TeamsService } from './teams.service.js';

const TeamId = () => Param('teamId', new IdPipe('team'));
const MemberId = () => Param('memberId', new IdPipe('member'));

@ApiTags('Teams')
@Controller('v1/orgs/:orgId/teams')
export class TeamsController {
  constructor(private readonly teams: TeamsService) {}

  @Post()
  @RequireOrgRole('admin')
  @ApiOperation({ operationId: 'createTeam', summary: 'Create a team' })
  @ApiCreatedResponse({ type: TeamResponse })
  @ApiProblems(TeamSlugTaken, TeamNotFound, TeamsTooDeep)
  async create(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId }: ActedOrganization,
    @Caller() caller: UserPrincipal,
    @Body() body: CreateTeamRequest,
  ): Promise<TeamResponse> {
    return toTeamResponse(await this.teams.create(scope, orgId, toTeamInput(body), actorOf(caller)));
  }

  @Get()
  @RequireOrgRole('member')
  @ApiOperation({ operationId: 'listTeams', summary: 'The teams of an organization, oldest first' })
  @ApiOkResponse({ type: TeamListResponse })
  async list(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId }: ActedOrganization,
    @Query() query: ListTeamsQuery,
  ): Promise<TeamListResponse> {
    const parentId = query.parent_id || undefined;
    const { items, nextCursor } = await this.teams.list(scope, orgId, parentId, pageRequest(query));
    return { teams: items.map(toTeamResponse), ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }) };
  }

  @Get(':teamId')
  @RequireOrgRole('member')
  @ApiOperation({ operationId: 'getTeam', summary: 'Read a team' })
  @ApiOkResponse({ type: TeamResponse })
  @ApiProblems(TeamNotFound)
  async get(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId }: ActedOrganization,
    @TeamId() id: Id<'team'>,
  ): Promise<TeamResponse> {
    return toTeamResponse(await this.teams.get(scope, orgId, id));
  }

  @Patch(':teamId')
  @RequireOrgRole('admin')
  @ApiOperation({ operationId: 'updateTeam', summary: 'Change a team, or where it lies' })
  @ApiOkResponse({ type: TeamResponse })
  @ApiProblems(TeamNotFound, TeamSlugTaken, TeamCycle, TeamsTooDeep, PreconditionFailed)
  async update(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId }: ActedOrganization,
    @Caller() caller: UserPrincipal,
    @TeamId() id: Id<'team'>,
    @IfMatch() version: number | undefined,
    @Body() body: UpdateTeamRequest,
  ): Promise<TeamResponse> {
    const changes = toTeamChanges(body);
    return toTeamResponse(await this.teams.update(scope, orgId, id, changes, version, actorOf(caller)));
  }

  @Delete(':teamId')
  @RequireOrgRole('admin')
  @ApiOperation({ operationId: 'deleteTeam', summary: 'Delete a team; its members stay in the organization' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(TeamNotFound, TeamHasTeams)
  async delete(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId }: ActedOrganization,
    @Caller() caller: UserPrincipal,
    @TeamId() id: Id<'team'>,
  ): Promise<StatusResponse> {
    await this.teams.delete(scope, orgId, id, actorOf(caller));
    return status('deleted');
  }

  @Get(':teamId/members')
  @RequireOrgRole('member')
  @ApiOperation({ operationId: 'listTeamMembers', summary: 'The members in a team' })
  @ApiOkResponse({ type: MemberListResponse })
  @ApiProblems(TeamNotFound)
  async listMembers(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId }: ActedOrganization,
    @TeamId() id: Id<'team'>,
    @Query() query: PageQuery,
  ): Promise<MemberListResponse> {
    const { items, nextCursor } = await this.teams.listMembers(scope, orgId, id, pageRequest(query));
    return { members: items.map(toMemberResponse), ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }) };
  }

  @Post(':teamId/members')
  @HttpCode(200)
  @RequireOrgRole('admin')
  @ApiOperation({ operationId: 'addTeamMember', summary: 'Put a member into a team' })
  @ApiOkResponse({ type: MemberResponse })
  @ApiProblems(TeamNotFound, MemberNotFound)
  async addMember(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId }: ActedOrganization,
    @Caller() caller: UserPrincipal,
    @TeamId() id: Id<'team'>,
    @Body() { member_id: memberId }: AddTeamMemberRequest,
  ): Promise<MemberResponse> {
    return toMemberResponse(await this.teams.addMember(scope, orgId, id, memberId, actorOf(caller)));
  }

  @Delete(':teamId/members/:memberId')
  @RequireOrgRole('admin')
  @ApiOperation({ operationId: 'removeTeamMember', summary: 'Take a member out of a team' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(TeamNotFound, NotInTeam)
  async removeMember(
    @Tenant() scope: EnvScope,
    @Organization() { id: orgId }: ActedOrganization,
    @Caller() caller: UserPrincipal,
    @TeamId() id: Id<'team'>,
    @MemberId() memberId: Id<'member'>,
  ): Promise<StatusResponse> {
    await this.teams.removeMember(scope, orgId, id, memberId, actorOf(caller));
    return status('removed');
  }
}
