import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePlatformOwner } from '../http/access/access.js';
import { PageQuery, pageRequest } from '../http/paging/page.query.js';
import { Caller } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { Id } from '../kernel/ids/id.js';
import { ParkedEventListResponse, toParkedEventResponse } from './dto/parked-event.dto.js';
import { ParkedEventNotFound, ParkedEventRefused } from './parked-events.problems.js';
import { ParkedEventsService } from './parked-events.service.js';

@ApiTags('Events')
@Controller('v1/admin/parked-events')
export class ParkedEventsController {
  constructor(private readonly parked: ParkedEventsService) {}

  @Get()
  @RequirePlatformOwner()
  @ApiOperation({
    operationId: 'adminListParkedEvents',
    summary: 'Events that a consumer of the service could not take, newest first',
  })
  @ApiOkResponse({ type: ParkedEventListResponse })
  async list(@Query() query: PageQuery): Promise<ParkedEventListResponse> {
    const { items, nextCursor } = await this.parked.list(pageRequest(query));
    return {
      parked_events: items.map(toParkedEventResponse),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Post(':consumer/:eventId/retry')
  @HttpCode(200)
  @RequirePlatformOwner()
  @ApiOperation({ operationId: 'adminRetryParkedEvent', summary: 'Hand a parked event to its consumer once more' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(ParkedEventNotFound, ParkedEventRefused)
  async retry(
    @Caller() caller: UserPrincipal,
    @Param('consumer') consumer: string,
    @Param('eventId', new IdPipe('event')) eventId: Id<'event'>,
  ): Promise<StatusResponse> {
    await this.parked.retry(consumer, eventId, actorOf(caller));
    return status('taken');
  }
}
