import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission, RequireScopes } from '../../http/access/access.js';
import { pageRequest } from '../../http/paging/page.query.js';
import { Acting, Tenant } from '../../http/params/caller.decorators.js';
import { IdPipe } from '../../http/params/id.pipe.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import type { Actor } from '../../kernel/audit/audit-trail.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { RateLimited } from '../../kernel/limits/rate-limits.js';
import { ReplaysService } from '../replays/replays.service.js';
import {
  DeliveryNotFound,
  UnknownEvent,
  WebhookInactive,
  WebhookNotFound,
  WebhookUrlRefused,
} from '../webhooks.problems.js';
import { DeliveriesService } from './deliveries.service.js';
import {
  DeliveryAttemptResponse,
  DeliveryListResponse,
  DeliveryResponse,
  ListDeliveriesQuery,
  ReplayEventsRequest,
  ReplayResponse,
  ResendFailedRequest,
  ResentResponse,
  TestWebhookRequest,
  toDeliveryFilter,
  toDeliveryResponse,
  toReplayRequest,
} from './dto/delivery.dto.js';
import { TestDeliveriesService } from './test-deliveries.service.js';

const WebhookId = () => Param('webhookId', new IdPipe('webhook'));
const DeliveryId = () => Param('deliveryId', new IdPipe('webhook_delivery'));

@ApiTags('Webhooks')
@Controller('v1/webhooks/:webhookId')
export class DeliveriesController {
  constructor(
    private readonly deliveries: DeliveriesService,
    private readonly replays: ReplaysService,
    private readonly tests: TestDeliveriesService,
  ) {}

  @Get('deliveries')
  @RequirePermission('manage', 'webhook')
  @RequireScopes('read:webhooks')
  @ApiOperation({ operationId: 'listWebhookDeliveries', summary: 'What was sent and what waits, newest first' })
  @ApiOkResponse({ type: DeliveryListResponse })
  @ApiProblems(WebhookNotFound)
  async list(
    @Tenant() scope: EnvScope,
    @WebhookId() id: Id<'webhook'>,
    @Query() query: ListDeliveriesQuery,
  ): Promise<DeliveryListResponse> {
    const filter = toDeliveryFilter(query);
    const { items, nextCursor } = await this.deliveries.list(scope, id, filter, pageRequest(query));
    return {
      deliveries: items.map(toDeliveryResponse),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Get('deliveries/:deliveryId')
  @RequirePermission('manage', 'webhook')
  @RequireScopes('read:webhooks')
  @ApiOperation({ operationId: 'getWebhookDelivery', summary: 'Read a delivery with its attempts' })
  @ApiOkResponse({ type: DeliveryResponse })
  @ApiProblems(DeliveryNotFound)
  async get(
    @Tenant() scope: EnvScope,
    @WebhookId() id: Id<'webhook'>,
    @DeliveryId() deliveryId: Id<'webhook_delivery'>,
  ): Promise<DeliveryResponse> {
    return toDeliveryResponse(await this.deliveries.get(scope, id, deliveryId));
  }

  @Post('deliveries/:deliveryId/resend')
  @HttpCode(200)
  @RequirePermission('manage', 'webhook')
  @RequireScopes('write:webhooks')
  @ApiOperation({ operationId: 'resendWebhookDelivery', summary: 'Send a delivery once more' })
  @ApiOkResponse({ type: DeliveryResponse })
  @ApiProblems(DeliveryNotFound)
  async resend(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @WebhookId() id: Id<'webhook'>,
    @DeliveryId() deliveryId: Id<'webhook_delivery'>,
  ): Promise<DeliveryResponse> {
    return toDeliveryResponse(await this.deliveries.resend(scope, id, deliveryId, actor));
  }

  @Post('deliveries/resend-failed')
  @HttpCode(200)
  @RequirePermission('manage', 'webhook')
  @RequireScopes('write:webhooks')
  @ApiOperation({ operationId: 'resendFailedWebhookDeliveries', summary: 'Send dead letters once more' })
  @ApiOkResponse({ type: ResentResponse })
  @ApiProblems(WebhookNotFound)
  async resendFailed(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @WebhookId() id: Id<'webhook'>,
    @Body() body: ResendFailedRequest,
  ): Promise<ResentResponse> {
    const filter = toDeliveryFilter(body);
    return { resent: await this.deliveries.resendFailed(scope, id, filter, actor) };
  }

  @Post('replay')
  @HttpCode(202)
  @RequirePermission('manage', 'webhook')
  @RequireScopes('write:webhooks')
  @ApiOperation({
    operationId: 'replayWebhookEvents',
    summary: 'Send the events of a time once more',
    description: 'Under their old ids; also those from before the webhook was there, as long as they are kept.',
  })
  @ApiAcceptedResponse({ type: ReplayResponse })
  @ApiProblems(WebhookNotFound, WebhookInactive, UnknownEvent)
  async replay(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @WebhookId() id: Id<'webhook'>,
    @Body() body: ReplayEventsRequest,
  ): Promise<ReplayResponse> {
    return { replay_id: await this.replays.start(scope, id, toReplayRequest(body), actor) };
  }

  @Post('test')
  @HttpCode(200)
  @RequirePermission('manage', 'webhook')
  @RequireScopes('write:webhooks')
  @ApiOperation({
    operationId: 'testWebhook',
    summary: 'Send an example at once, and see what comes of it',
    description: 'Tried once, also while the webhook is switched off. Nothing of it is kept.',
  })
  @ApiOkResponse({ type: DeliveryAttemptResponse })
  @ApiProblems(WebhookNotFound, UnknownEvent, WebhookUrlRefused, RateLimited)
  async test(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @WebhookId() id: Id<'webhook'>,
    @Body() { event }: TestWebhookRequest,
  ): Promise<DeliveryAttemptResponse> {
    return { ...(await this.tests.send(scope, id, event || undefined, actor)) };
  }
}
