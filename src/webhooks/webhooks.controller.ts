import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public, RequirePermission, RequireScopes } from '../http/access/access.js';
import { IfMatch, PreconditionFailed } from '../http/etag.js';
import { PageQuery, pageRequest } from '../http/paging/page.query.js';
import { Acting, Caller, Tenant } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import type { Actor } from '../kernel/audit/audit-trail.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import type { UserEntity } from '../users/user.entity.js';
import { EventCatalogueResponse, toEventCatalogueResponse } from './dto/event-catalogue.dto.js';
import {
  CreateWebhookRequest,
  DEFAULT_OVERLAP_S,
  RotateWebhookSecretRequest,
  toWebhookChanges,
  toWebhookInput,
  toWebhookResponse,
  toWebhookWithSecretResponse,
  UpdateWebhookRequest,
  WebhookListResponse,
  WebhookResponse,
  WebhookWithSecretResponse,
} from './dto/webhook.dto.js';
import { WebhookSecrets } from './webhook-secrets.js';
import type { WebhookEntity } from './webhook.entity.js';
import { TooManyWebhooks, UnknownEvent, WebhookNotFound, WebhookUrlRefused } from './webhooks.problems.js';
import { WebhooksService } from './webhooks.service.js';

const WebhookId = () => Param('webhookId', new IdPipe('webhook'));

@ApiTags('Webhooks')
@Controller('v1/webhooks')
export class WebhooksController {
  constructor(
    private readonly webhooks: WebhooksService,
    private readonly secrets: WebhookSecrets,
  ) {}

  @Get()
  @RequirePermission('manage', 'webhook')
  @RequireScopes('read:webhooks')
  @ApiOperation({ operationId: 'listWebhooks', summary: 'The webhooks of an environment, newest first' })
  @ApiOkResponse({ type: WebhookListResponse })
  async list(@Tenant() scope: EnvScope, @Query() query: PageQuery): Promise<WebhookListResponse> {
    const { items, nextCursor } = await this.webhooks.list(scope, pageRequest(query));
    return {
      webhooks: items.map((webhook) => this.shown(webhook)),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Post()
  @RequirePermission('manage', 'webhook')
  @ApiOperation({
    operationId: 'createWebhook',
    summary: 'Register an address for events',
    description: 'The answer holds the signing secret, which is never shown again.',
  })
  @ApiCreatedResponse({ type: WebhookWithSecretResponse })
  @ApiProblems(WebhookUrlRefused, UnknownEvent, TooManyWebhooks)
  async create(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @Body() body: CreateWebhookRequest,
  ): Promise<WebhookWithSecretResponse> {
    const { email } = caller.account as UserEntity;
    const created = await this.webhooks.create(scope, toWebhookInput(body, email), actorOf(caller));
    return toWebhookWithSecretResponse(created, this.headerNames(created.webhook));
  }

  @Get('events')
  @Public({ tenant: 'none' })
  @ApiOperation({
    operationId: 'listWebhookEvents',
    summary: 'Every event, with the schema and an example of its payload',
  })
  @ApiOkResponse({ type: EventCatalogueResponse })
  catalogue(): EventCatalogueResponse {
    return toEventCatalogueResponse();
  }

  @Get(':webhookId')
  @RequirePermission('manage', 'webhook')
  @RequireScopes('read:webhooks')
  @ApiOperation({ operationId: 'getWebhook', summary: 'Read a webhook' })
  @ApiOkResponse({ type: WebhookResponse })
  @ApiProblems(WebhookNotFound)
  async get(@Tenant() scope: EnvScope, @WebhookId() id: Id<'webhook'>): Promise<WebhookResponse> {
    return this.shown(await this.webhooks.get(scope, id));
  }

  @Patch(':webhookId')
  @RequirePermission('manage', 'webhook')
  @RequireScopes('write:webhooks')
  @ApiOperation({
    operationId: 'updateWebhook',
    summary: 'Change a webhook, or switch it on or off',
    description:
      'What waited for a webhook that was off is sent once it is on. What happened meanwhile is not: replay it.',
  })
  @ApiOkResponse({ type: WebhookResponse })
  @ApiProblems(WebhookNotFound, WebhookUrlRefused, UnknownEvent, PreconditionFailed)
  async update(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @WebhookId() id: Id<'webhook'>,
    @IfMatch() version: number | undefined,
    @Body() body: UpdateWebhookRequest,
  ): Promise<WebhookResponse> {
    const changes = toWebhookChanges(body);
    return this.shown(await this.webhooks.update(scope, id, changes, version, actor));
  }

  @Post(':webhookId/rotate-secret')
  @HttpCode(200)
  @RequirePermission('manage', 'webhook')
  @RequireScopes('write:webhooks')
  @ApiOperation({
    operationId: 'rotateWebhookSecret',
    summary: 'Draw a new signing secret',
    description: 'For a while both sign, so that receivers can change over.',
  })
  @ApiOkResponse({ type: WebhookWithSecretResponse })
  @ApiProblems(WebhookNotFound)
  async rotateSecret(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @WebhookId() id: Id<'webhook'>,
    @Body() body: RotateWebhookSecretRequest,
  ): Promise<WebhookWithSecretResponse> {
    const overlapMs = (body.overlap_seconds ?? DEFAULT_OVERLAP_S) * 1_000;
    const rotated = await this.webhooks.rotateSecret(scope, id, overlapMs, actor);
    return toWebhookWithSecretResponse(rotated, this.headerNames(rotated.webhook));
  }

  @Delete(':webhookId')
  @RequirePermission('manage', 'webhook')
  @RequireScopes('write:webhooks')
  @ApiOperation({ operationId: 'deleteWebhook', summary: 'Delete a webhook with its deliveries' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(WebhookNotFound)
  async delete(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @WebhookId() id: Id<'webhook'>,
  ): Promise<StatusResponse> {
    await this.webhooks.delete(scope, id, actor);
    return status('deleted');
  }

  private shown(webhook: WebhookEntity): WebhookResponse {
    return toWebhookResponse(webhook, this.headerNames(webhook));
  }

  private headerNames(webhook: WebhookEntity): string[] {
    return Object.keys(this.secrets.headers(webhook));
  }
}
