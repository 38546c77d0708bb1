import { Readable } from 'node:stream';
import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { RequireOperator } from '../http/access/access.js';
import { InsufficientPermissions } from '../http/access/access.problems.js';
import { requireEveryApp } from '../http/access/reach.js';
import { CSV, NDJSON } from '../http/body/table-body.js';
import { Caller, Tenant } from '../http/params/caller.decorators.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { IfPresent, QueryFlag } from '../http/validation/text.decorators.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { csvHeader, type ExportedUser, toCsv, toNdjson, UserExports } from './user-exports.js';

class UserExportQuery {
  @ApiPropertyOptional({ enum: ['ndjson', 'csv'], description: 'Default: ndjson.' })
  @IfPresent()
  @IsIn(['ndjson', 'csv'], { message: '$property must be ndjson or csv' })
  format?: 'ndjson' | 'csv';
  @QueryFlag('Whether password hashes come along: for platform owners alone.') password_hashes?: boolean;
}

@ApiTags('User imports')
@Controller('v1/admin/user-exports')
export class UserExportsController {
  constructor(private readonly exports: UserExports) {}

  @Get()
  @RequireOperator('environment')
  @ApiOperation({
    operationId: 'exportUsers',
    summary: 'Every user of an environment, in the form that an import reads',
    description: 'Oldest first; leaves an entry in the audit trail.',
  })
  @ApiProduces(NDJSON, CSV)
  @ApiOkResponse({ schema: { type: 'string' } })
  @ApiProblems(InsufficientPermissions)
  export(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @Query() { format, password_hashes: withHashes }: UserExportQuery,
  ): StreamableFile {
    if (withHashes === true) requireEveryApp(caller);
    const users = this.exports.everybody(scope, withHashes === true, actorOf(caller));
    return format === 'csv'
      ? new StreamableFile(Readable.from(lines(users, toCsv, csvHeader())), { type: CSV })
      : new StreamableFile(Readable.from(lines(users, toNdjson, '')), { type: NDJSON });
  }
}

async function* lines(
  users: AsyncGenerator<ExportedUser>,
  toLine: (user: ExportedUser) => string,
  header: string,
): AsyncGenerator<Buffer> {
  if (header !== '') yield Buffer.from(header);
  for await (const user of users) yield Buffer.from(toLine(user));
}
