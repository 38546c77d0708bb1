import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { RequireOperator } from '../http/access/access.js';
import { CSV, NDJSON, TableBody, TakesTables } from '../http/body/table-body.js';
import { pageRequest, PageQuery } from '../http/paging/page.query.js';
import { Caller, Tenant } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { MalformedCursor } from '../kernel/persistence/page.js';
import {
  CreateUserImportRequest,
  ImportResultListResponse,
  ImportResultsQuery,
  toNewImport,
  toResultResponse,
  toUserImportResponse,
  UserImportListResponse,
  UserImportResponse,
} from './dto/user-import.dto.js';
import type { SourceDocument } from './mappings/source-user.js';
import { readCsv, readNdjson } from './rows-body.js';
import { TooManyRows, UnreadableRows, UserImportClosed, UserImportNotFound } from './user-imports.problems.js';
import { UserImportsService } from './user-imports.service.js';

const ImportId = () => Param('importId', new IdPipe('user_import'));

@ApiTags('User imports')
@Controller('v1/admin/user-imports')
export class UserImportsController {
  constructor(private readonly imports: UserImportsService) {}

  @Post()
  @RequireOperator('environment')
  @ApiOperation({
    operationId: 'createUserImport',
    summary: 'Begin an import of users',
    description: 'Then send its rows in one or more parts, and start it.',
  })
  @ApiCreatedResponse({ type: UserImportResponse })
  async create(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @Body() body: CreateUserImportRequest,
  ): Promise<UserImportResponse> {
    return toUserImportResponse(await this.imports.create(scope, toNewImport(body), actorOf(caller)));
  }

  @Get()
  @RequireOperator('environment')
  @ApiOperation({ operationId: 'listUserImports', summary: 'The imports of an environment, newest first' })
  @ApiOkResponse({ type: UserImportListResponse })
  @ApiProblems(MalformedCursor)
  async list(@Tenant() scope: EnvScope, @Query() query: PageQuery): Promise<UserImportListResponse> {
    const { items, nextCursor } = await this.imports.list(scope, pageRequest(query));
    return {
      user_imports: items.map(toUserImportResponse),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Get(':importId')
  @RequireOperator('environment')
  @ApiOperation({ operationId: 'getUserImport', summary: 'How far an import has come' })
  @ApiOkResponse({ type: UserImportResponse })
  @ApiProblems(UserImportNotFound)
  async get(@Tenant() scope: EnvScope, @ImportId() id: Id<'user_import'>): Promise<UserImportResponse> {
    return toUserImportResponse(await this.imports.get(scope, id));
  }

  @Post(':importId/rows')
  @HttpCode(200)
  @TakesTables()
  @RequireOperator('environment')
  @ApiOperation({
    operationId: 'addUserImportRows',
    summary: 'Send rows: CSV whose first line names the columns, or one JSON object per line',
    description: 'Up to 4 MiB at a time, all of it or nothing. Every part of a CSV has its line of names.',
  })
  @ApiConsumes(CSV, NDJSON)
  @ApiBody({ schema: { type: 'string', example: 'email,first_name\nada@example.com,Ada\n' } })
  @ApiOkResponse({ type: UserImportResponse })
  @ApiProblems(UserImportNotFound, UserImportClosed, TooManyRows, UnreadableRows)
  async addRows(
    @Tenant() scope: EnvScope,
    @ImportId() id: Id<'user_import'>,
    @Req() request: FastifyRequest,
  ): Promise<UserImportResponse> {
    // Before the rows are read: what is not the caller's does not exist, whatever was sent.
    await this.imports.get(scope, id);
    return toUserImportResponse(await this.imports.receive(scope, id, rowsOf(request.body)));
  }

  @Post(':importId/start')
  @HttpCode(200)
  @RequireOperator('environment')
  @ApiOperation({ operationId: 'startUserImport', summary: 'Let the rows become accounts' })
  @ApiOkResponse({ type: UserImportResponse })
  @ApiProblems(UserImportNotFound, UserImportClosed)
  async start(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @ImportId() id: Id<'user_import'>,
  ): Promise<UserImportResponse> {
    return toUserImportResponse(await this.imports.start(scope, id, actorOf(caller)));
  }

  @Get(':importId/results')
  @RequireOperator('environment')
  @ApiOperation({ operationId: 'listUserImportResults', summary: 'What became of each row, in their order' })
  @ApiOkResponse({ type: ImportResultListResponse })
  @ApiProblems(UserImportNotFound, MalformedCursor)
  async results(
    @Tenant() scope: EnvScope,
    @ImportId() id: Id<'user_import'>,
    @Query() query: ImportResultsQuery,
  ): Promise<ImportResultListResponse> {
    const outcome = query.outcome || undefined;
    const { items, nextCursor } = await this.imports.results(scope, id, outcome, pageRequest(query));
    return {
      results: items.map(toResultResponse),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Delete(':importId')
  @RequireOperator('environment')
  @ApiOperation({
    operationId: 'cancelUserImport',
    summary: 'Stop an import: what was written stays, what waits is forgotten',
  })
  @ApiOkResponse({ type: UserImportResponse })
  @ApiProblems(UserImportNotFound, UserImportClosed)
  async cancel(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @ImportId() id: Id<'user_import'>,
  ): Promise<UserImportResponse> {
    return toUserImportResponse(await this.imports.cancel(scope, id, actorOf(caller)));
  }
}

function rowsOf(body: unknown): SourceDocument[] {
  if (!(body instanceof TableBody)) throw new UnreadableRows();
  return body.type === CSV ? readCsv(body.text) : readNdjson(body.text);
}
