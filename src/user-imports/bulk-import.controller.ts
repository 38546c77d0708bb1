import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireOperator } from '../http/access/access.js';
import { Caller, Tenant } from '../http/params/caller.decorators.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { IdGenerator } from '../kernel/ids/id.js';
import { BulkImportRequest, BulkImportResponse } from './dto/user-import.dto.js';
import { fromAuthsome } from './mappings/authsome.mapping.js';
import { textOf } from './mappings/source-user.js';
import { UserImportWriter } from './user-import-writer.js';

@ApiTags('User imports')
@Controller('v1/admin/bulk/users/import')
export class BulkImportController {
  constructor(
    private readonly writer: UserImportWriter,
    private readonly ids: IdGenerator,
  ) {}

  @Post()
  @HttpCode(200)
  @RequireOperator('environment')
  @ApiOperation({
    operationId: 'adminBulkImportUsers',
    summary: 'Make up to 1,000 accounts at once, and answer when they are there',
    description: 'For more, and from other systems, use POST /v1/admin/user-imports.',
  })
  @ApiOkResponse({ type: BulkImportResponse })
  async import(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @Body() { users }: BulkImportRequest,
  ): Promise<BulkImportResponse> {
    const options = { importId: this.ids.next('user_import'), onConflict: 'skip', dryRun: false } as const;
    const sources = users.map((user) => fromAuthsome(user, undefined));
    const outcomes = await this.writer.writeAtOnce(scope, sources, { ...options, actor: actorOf(caller) });
    const errors = outcomes.flatMap(({ outcome, code = '' }, index) => {
      const email = textOf(users[index]?.email);
      return outcome === 'failed' ? [{ index, ...(email !== undefined && { email }), error: code }] : [];
    });
    return {
      created: outcomes.filter(({ outcome }) => outcome === 'created').length,
      skipped: outcomes.filter(({ outcome }) => outcome === 'skipped').length,
      ...(errors.length > 0 && { errors }),
    };
  }
}
