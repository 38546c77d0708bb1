import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireSession } from '../http/access/access.js';
import { PageQuery, pageRequest } from '../http/paging/page.query.js';
import { Caller } from '../http/params/caller.decorators.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import { MalformedCursor } from '../kernel/persistence/page.js';
import { AuditLogService } from './audit-log.service.js';
import { AccountEventListResponse, toAccountEvent } from './dto/audit.dto.js';

@ApiTags('Me')
@Controller('v1/me/security-events')
export class SecurityEventsController {
  constructor(private readonly log: AuditLogService) {}

  @Get()
  @RequireSession()
  @ApiOperation({
    operationId: 'listSecurityEvents',
    summary: 'What happened with your account, newest first',
    description: 'Sign-ins and failures, changes of password and address, what operators did.',
  })
  @ApiOkResponse({ type: AccountEventListResponse })
  @ApiProblems(MalformedCursor)
  async list(@Caller() { scope, userId }: UserPrincipal, @Query() query: PageQuery): Promise<AccountEventListResponse> {
    const { items, nextCursor } = await this.log.ofPerson(scope, userId, pageRequest(query));
    return {
      events: items.map((entry) => toAccountEvent(entry, userId)),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }
}
