import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequireAnyOperator, RequireOperator, RequirePlatformOwner } from '../http/access/access.js';
import { IfMatch, PreconditionFailed } from '../http/etag.js';
import { PageQuery, pageRequest } from '../http/paging/page.query.js';
import { Caller, TargetApp } from '../http/params/caller.decorators.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import { TenantDirectory } from '../http/tenancy/tenant-directory.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { AppScope } from '../kernel/context/scope.js';
import { AppSlugTaken, PlatformProtected } from './apps.problems.js';
import { AppsService } from './apps.service.js';
import {
  AppListResponse,
  AppResponse,
  CreateAppRequest,
  toAppChanges,
  toAppResponse,
  UpdateAppRequest,
} from './dto/app.dto.js';

@ApiTags('Apps')
@Controller('v1/admin/apps')
export class AppsController {
  constructor(
    private readonly apps: AppsService,
    private readonly directory: TenantDirectory,
  ) {}

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
    const app = await this.apps.create(input, actorOf(caller));
    const environment = await this.directory.byApp(app.id);
    const key = environment && (await this.directory.publishableKeyOf(environment.scope));
    return toAppResponse(app, key);
  }

  @Get()
  @RequireAnyOperator()
  @ApiOperation({ operationId: 'adminListApps', summary: 'The apps that the caller reaches, oldest first' })
  @ApiOkResponse({ type: AppListResponse })
  async list(@Caller() { operator }: UserPrincipal, @Query() query: PageQuery): Promise<AppListResponse> {
    const { items, nextCursor } = await this.apps.list(operator ?? new Set(), pageRequest(query));
    return {
      apps: items.map((app) => toAppResponse(app)),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Get(':appId')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'adminGetApp', summary: 'Read an app' })
  @ApiParam({ name: 'appId' })
  @ApiOkResponse({ type: AppResponse })
  async get(@TargetApp() app: AppScope): Promise<AppResponse> {
    return toAppResponse(await this.apps.get(app));
  }

  @Patch(':appId')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'adminUpdateApp', summary: 'Change an app, or switch it off and on' })
  @ApiParam({ name: 'appId' })
  @ApiOkResponse({ type: AppResponse })
  @ApiProblems(AppSlugTaken, PlatformProtected, PreconditionFailed)
  async update(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @IfMatch() version: number | undefined,
    @Body() body: UpdateAppRequest,
  ): Promise<AppResponse> {
    return toAppResponse(await this.apps.update(app, toAppChanges(body), version, actorOf(caller)));
  }

  @Delete(':appId')
  @RequirePlatformOwner('app')
  @ApiOperation({
    operationId: 'adminDeleteApp',
    summary: 'Delete an app with everything under it',
    description: 'Its keys, sessions and tokens are dead at once; the rows go soon after.',
  })
  @ApiParam({ name: 'appId' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(PlatformProtected)
  async delete(@TargetApp() app: AppScope, @Caller() caller: UserPrincipal): Promise<StatusResponse> {
    await this.apps.delete(app, { actor: actorOf(caller), scope: caller.scope });
    return status('ok');
  }
}
