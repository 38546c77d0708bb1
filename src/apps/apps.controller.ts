import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequireOperator, RequirePlatformOwner } from '../http/access/access.js';
import { PageQuery, pageRequest } from '../http/paging/page.query.js';
import { Caller, TargetApp } from '../http/params/caller.decorators.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { AppScope } from '../kernel/context/scope.js';
import { AppSlugTaken } from './apps.problems.js';
import { AppsService } from './apps.service.js';
import { AppListResponse, AppResponse, CreateAppRequest, toAppResponse } from './dto/app.dto.js';

@ApiTags('Apps')
@Controller('v1/admin/apps')
export class AppsController {
  constructor(private readonly apps: AppsService) {}

  @Post()
  @HttpCode(200)
  @RequirePlatformOwner()
  @ApiOperation({
    operationId: 'adminCreateApp',
    summary: 'Create an app with its three environments and their publishable keys',
  })
  @ApiOkResponse({ type: AppResponse })
  @ApiProblems(AppSlugTaken)
  async create(@Caller() caller: UserPrincipal, @Body() body: CreateAppRequest): Promise<AppResponse> {
    const { name, slug, description, logo } = body;
    const input = { name, slug, ...(description && { description }), ...(logo && { logo }) };
    return toAppResponse(await this.apps.create(input, actorOf(caller)));
  }

  @Get()
  @RequirePlatformOwner()
  @ApiOperation({ operationId: 'adminListApps', summary: 'Every app, oldest first' })
  @ApiOkResponse({ type: AppListResponse })
  async list(@Query() query: PageQuery): Promise<AppListResponse> {
    const { items, nextCursor } = await this.apps.list(pageRequest(query));
    return { apps: items.map(toAppResponse), ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }) };
  }

  @Get(':appId')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'adminGetApp', summary: 'Read an app' })
  @ApiParam({ name: 'appId' })
  @ApiOkResponse({ type: AppResponse })
  async get(@TargetApp() app: AppScope): Promise<AppResponse> {
    return toAppResponse(await this.apps.get(app));
  }
}
