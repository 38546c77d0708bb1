import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireOperator } from '../http/access/access.js';
import { IfMatch, PreconditionFailed } from '../http/etag.js';
import { Caller, TargetApp } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import { type AppScope, scopeTo } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { SettingEnforced } from '../settings/settings.problems.js';
import { authorOf } from '../settings/settings.service.js';
import {
  CreateEnvironmentRequest,
  EnvironmentListResponse,
  EnvironmentResponse,
  EnvironmentSettingsDto,
  ExplainedEnvironmentSettingsResponse,
  toExplainedResponse,
  toNewEnvironment,
  UpdateEnvironmentRequest,
} from './dto/environment.dto.js';
import { EnvironmentViews } from './environment-views.js';
import { EnvironmentSettingsService } from './environment-settings.service.js';
import { DefaultEnvironmentProtected, EnvironmentNotFound, EnvironmentSlugTaken } from './environments.problems.js';
import { EnvironmentsService } from './environments.service.js';

const EnvironmentId = () => Param('envId', new IdPipe('environment'));

@ApiTags('Environments')
@Controller('v1/environments')
export class EnvironmentsController {
  constructor(
    private readonly environments: EnvironmentsService,
    private readonly settings: EnvironmentSettingsService,
    private readonly views: EnvironmentViews,
  ) {}

  @Post()
  @RequireOperator('app')
  @ApiOperation({ operationId: 'createEnvironment', summary: 'Add an environment to an app' })
  @ApiCreatedResponse({ type: EnvironmentResponse })
  @ApiProblems(EnvironmentSlugTaken, SettingEnforced)
  async create(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @Body() body: CreateEnvironmentRequest,
  ): Promise<EnvironmentResponse> {
    return this.views.one(app, await this.environments.create(app, toNewEnvironment(body), authorOf(caller)));
  }

  @Get()
  @RequireOperator('app')
  @ApiOperation({ operationId: 'listEnvironments', summary: 'The environments of an app, oldest first' })
  @ApiOkResponse({ type: EnvironmentListResponse })
  async list(@TargetApp() app: AppScope): Promise<EnvironmentListResponse> {
    const environments = await this.environments.list(app);
    return { environments: await this.views.all(app, environments), total: environments.length };
  }

  @Get(':envId')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'getEnvironment', summary: 'Read an environment' })
  @ApiOkResponse({ type: EnvironmentResponse })
  @ApiProblems(EnvironmentNotFound)
  async get(@TargetApp() app: AppScope, @EnvironmentId() id: Id<'environment'>): Promise<EnvironmentResponse> {
    return this.views.one(app, await this.environments.get(app, id));
  }

  @Patch(':envId')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'updateEnvironment', summary: 'Rename, describe or recolour an environment' })
  @ApiOkResponse({ type: EnvironmentResponse })
  @ApiProblems(EnvironmentNotFound, PreconditionFailed)
  async update(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @EnvironmentId() id: Id<'environment'>,
    @IfMatch() version: number | undefined,
    @Body() { name, description, color }: UpdateEnvironmentRequest,
  ): Promise<EnvironmentResponse> {
    const changes = {
      ...(name && { name }),
      ...(description == null ? {} : { description: description || null }),
      ...(color && { color }),
    };
    return this.views.one(app, await this.environments.update(app, id, changes, version, actorOf(caller)));
  }

  @Delete(':envId')
  @RequireOperator('app')
  @ApiOperation({
    operationId: 'deleteEnvironment',
    summary: 'Delete an environment with everything under it',
    description: 'Its keys, sessions and tokens are dead at once; the rows go soon after.',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(EnvironmentNotFound, DefaultEnvironmentProtected)
  async delete(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @EnvironmentId() id: Id<'environment'>,
  ): Promise<StatusResponse> {
    await this.environments.delete(app, id, actorOf(caller));
    return status('deleted');
  }

  @Post(':envId/set-default')
  @HttpCode(200)
  @RequireOperator('app')
  @ApiOperation({
    operationId: 'setDefaultEnvironment',
    summary: 'Make an environment the one that is meant where none is named',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(EnvironmentNotFound)
  async setDefault(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @EnvironmentId() id: Id<'environment'>,
  ): Promise<StatusResponse> {
    await this.environments.setDefault(app, id, actorOf(caller));
    return status('default environment updated');
  }

  @Get(':envId/settings')
  @RequireOperator('app')
  @ApiOperation({
    operationId: 'getEnvironmentSettings',
    summary: 'What holds in an environment, what its type would give, and what is set on it',
  })
  @ApiOkResponse({ type: ExplainedEnvironmentSettingsResponse })
  @ApiProblems(EnvironmentNotFound)
  async getSettings(
    @TargetApp() app: AppScope,
    @EnvironmentId() id: Id<'environment'>,
  ): Promise<ExplainedEnvironmentSettingsResponse> {
    const { type } = await this.environments.get(app, id);
    return toExplainedResponse(await this.settings.explain(scopeTo.env(app.appId, id), type));
  }

  @Patch(':envId/settings')
  @RequireOperator('app')
  @ApiOperation({
    operationId: 'updateEnvironmentSettings',
    summary: 'Set values of an environment',
    description: 'What is absent stays; null inherits again.',
  })
  @ApiOkResponse({ type: EnvironmentResponse })
  @ApiProblems(EnvironmentNotFound, SettingEnforced)
  async patchSettings(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @EnvironmentId() id: Id<'environment'>,
    @Body() body: EnvironmentSettingsDto,
  ): Promise<EnvironmentResponse> {
    return this.views.one(app, await this.environments.changeSettings(app, id, { ...body }, authorOf(caller)));
  }
}
