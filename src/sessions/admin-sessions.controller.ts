import { Controller, Delete, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { RequireOperator } from '../http/access/access.js';
import { Caller, Tenant } from '../http/params/caller.decorators.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { Text } from '../http/validation/text.decorators.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { parseId } from '../kernel/ids/id.js';
import { UserNotFound } from '../users/users.problems.js';
import { UsersService } from '../users/users.service.js';
import { SessionsService } from './sessions.service.js';

class BulkRevokeQuery {
  @Text({ longest: 64, description: 'Whose sessions to end.' }) user_id: string;
}

class BulkRevokeResponse {
  @ApiProperty({ description: 'How many sessions ended.' }) revoked: number;
  @ApiProperty() user_id: string;
}

@ApiTags('Sessions')
@Controller('v1/admin/bulk/sessions')
export class AdminSessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly users: UsersService,
  ) {}

  @Delete()
  @RequireOperator('environment')
  @ApiOperation({ operationId: 'adminBulkRevokeSessions', summary: 'End every session of a user' })
  @ApiOkResponse({ type: BulkRevokeResponse })
  @ApiProblems(UserNotFound)
  async revoke(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @Query() query: BulkRevokeQuery,
  ): Promise<BulkRevokeResponse> {
    const { id } = await this.users.get(scope, parseId('user', query.user_id));
    const actor = { kind: 'user', id: caller.userId } as const;
    return { revoked: await this.sessions.endAll(scope, id, 'revoked', actor), user_id: id };
  }
}
