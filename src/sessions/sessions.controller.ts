import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireFreshSession, RequireSession } from '../http/access/access.js';
import { PageQuery, pageRequest } from '../http/paging/page.query.js';
import { Caller } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { Id } from '../kernel/ids/id.js';
import {
  SessionListResponse,
  SessionResponse,
  SessionsRevokedResponse,
  toSessionResponse,
} from './dto/session.response.js';
import { SessionNotFound } from './sessions.problems.js';
import { SessionsService } from './sessions.service.js';

@ApiTags('Sessions')
@Controller('v1/sessions')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  @Get()
  @RequireSession({ impersonators: true })
  @ApiOperation({ operationId: 'listSessions', summary: 'Your live sessions, newest first' })
  @ApiOkResponse({ type: SessionListResponse })
  async list(@Caller() caller: UserPrincipal, @Query() query: PageQuery): Promise<SessionListResponse> {
    const { items, nextCursor } = await this.sessions.list(caller.scope, caller.userId, pageRequest(query));
    return {
      sessions: items.map((session) => toSessionResponse(session, caller.sessionId)),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Get(':sessionId')
  @RequireSession({ impersonators: true })
  @ApiOperation({ operationId: 'getSession', summary: 'Read a session of yours' })
  @ApiOkResponse({ type: SessionResponse })
  @ApiProblems(SessionNotFound)
  async get(
    @Caller() caller: UserPrincipal,
    @Param('sessionId', new IdPipe('session')) id: Id<'session'>,
  ): Promise<SessionResponse> {
    return toSessionResponse(await this.sessions.get(caller.scope, caller.userId, id), caller.sessionId);
  }

  @Delete()
  @RequireFreshSession()
  @ApiOperation({ operationId: 'revokeOtherSessions', summary: 'End every session of yours but this one' })
  @ApiOkResponse({ type: SessionsRevokedResponse })
  async revokeOthers(@Caller() caller: UserPrincipal): Promise<SessionsRevokedResponse> {
    const { scope, userId, sessionId } = caller;
    return {
      status: 'revoked',
      revoked: await this.sessions.endAll(scope, userId, 'revoked', actorOf(caller), sessionId),
    };
  }

  @Delete(':sessionId')
  @RequireSession()
  @ApiOperation({ operationId: 'revokeSession', summary: 'End a session of yours' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(SessionNotFound)
  async revoke(
    @Caller() caller: UserPrincipal,
    @Param('sessionId', new IdPipe('session')) id: Id<'session'>,
  ): Promise<StatusResponse> {
    await this.sessions.revoke(caller.scope, caller.userId, id, actorOf(caller));
    return status('revoked');
  }
}
