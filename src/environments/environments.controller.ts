import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireOperator } from '../http/access/access.js';
import { Caller, TargetApp } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { AppScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import {
  CreateEnvironmentRequest,
  EnvironmentListResponse,
  EnvironmentResponse,
  toEnvironmentResponse,
  toEnvironmentSettings,
} from './dto/environment.dto.js';
import type { EnvironmentEntity } from './environment.entity.js';
import { EnvironmentNotFound, EnvironmentSlugTaken } from './environments.problems.js';
import { EnvironmentsService } from './environments.service.js';

@ApiTags('Environments')
@Controller('v1/environments')
export class EnvironmentsController {
  constructor(private readonly environments: EnvironmentsService) {}

  @Post()
  @RequireOperator('app')
  @ApiOperation({ operationId: 'createEnvironment', summary: 'Add an environment to an app' })
  @ApiCreatedResponse({ type: EnvironmentResponse })
  @ApiProblems(EnvironmentSlugTaken)
  async create(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @Body() body: CreateEnvironmentRequest,
  ): Promise<EnvironmentResponse> {
    const { name, slug, type, color, description, settings } = body;
    const input = {
      name,
      slug,
      type,
      ...(color && { color }),
      ...(description && { description }),
      ...(settings && { settings: toEnvironmentSettings(settings) }),
    };
    return this.withKeys(app, await this.environments.create(app, input, actorOf(caller)));
  }

  @Get()
  @RequireOperator('app')
  @ApiOperation({ operationId: 'listEnvironments', summary: 'The environments of an app, oldest first' })
  @ApiOkResponse({ type: EnvironmentListResponse })
  async list(@TargetApp() app: AppScope): Promise<EnvironmentListResponse> {
    const environments = await this.environments.list(app);
    const keys = await this.environments.publishableKeys(app);
    return {
      environments: environments.map((environment) =>
        toEnvironmentResponse(
          environment,
          keys.filter((key) => key.envId === environment.id).map((key) => key.key),
        ),
      ),
      total: environments.length,
    };
  }

  @Get(':envId')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'getEnvironment', summary: 'Read an environment' })
  @ApiOkResponse({ type: EnvironmentResponse })
  @ApiProblems(EnvironmentNotFound)
  async get(
    @TargetApp() app: AppScope,
    @Param('envId', new IdPipe('environment')) id: Id<'environment'>,
  ): Promise<EnvironmentResponse> {
    return this.withKeys(app, await this.environments.get(app, id));
  }

  private async withKeys(app: AppScope, environment: EnvironmentEntity): Promise<EnvironmentResponse> {
    const keys = await this.environments.publishableKeys(app);
    return toEnvironmentResponse(
      environment,
      keys.filter((key) => key.envId === environment.id).map((key) => key.key),
    );
  }
}
