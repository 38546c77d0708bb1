import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission, RequireScopes } from '../../http/access/access.js';
import { pageRequest } from '../../http/paging/page.query.js';
import { Tenant } from '../../http/params/caller.decorators.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { UnknownEvent } from '../webhooks.problems.js';
import { EventListResponse, ListEventsQuery } from './dto/event-feed.dto.js';
import { EventFeedService } from './event-feed.service.js';

@ApiTags('Events')
@Controller('v1/events')
export class EventFeedController {
  constructor(private readonly feed: EventFeedService) {}

  @Get()
  @RequirePermission('read', 'event')
  @RequireScopes('read:events')
  @ApiOperation({
    operationId: 'listEvents',
    summary: 'The events of an environment, oldest first',
    description: 'Keep `next_cursor` and go on from it: no event is missed, however late its transaction committed.',
  })
  @ApiOkResponse({ type: EventListResponse })
  @ApiProblems(UnknownEvent)
  async list(@Tenant() scope: EnvScope, @Query() query: ListEventsQuery): Promise<EventListResponse> {
    const patterns = (query.events ?? '').split(',').filter((pattern) => pattern !== '');
    const page = await this.feed.read(scope, patterns, query.start === 'now', pageRequest(query));
    return { events: page.events, next_cursor: page.nextCursor, has_more: page.hasMore };
  }
}
