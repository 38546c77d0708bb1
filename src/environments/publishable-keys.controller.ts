import { Controller, Delete, Get, Param, Post } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiTags,
} from '@nestjs/swagger';
import { RequireOperator } from '../http/access/access.js';
import { Caller, TargetApp } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import { type AppScope, scopeTo } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { EnvironmentNotFound, PublishableKeyNotFound } from './environments.problems.js';
import { EnvironmentsService } from './environments.service.js';
import type { PublishableKeyEntity } from './publishable-key.entity.js';
import { PublishableKeysService } from './publishable-keys.service.js';

class PublishableKeyResponse {
  @ApiProperty() id: string;
  @ApiProperty() env_id: string;
  @ApiProperty({ example: 'pk_test_…', description: 'Names the environment; no secret.' }) key: string;
  @ApiPropertyOptional({ format: 'date-time', description: 'Since then it names nothing.' }) retired_at?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
}

class PublishableKeyListResponse {
  @ApiProperty({ type: [PublishableKeyResponse] }) publishable_keys: PublishableKeyResponse[];
}

const EnvironmentId = () => Param('envId', new IdPipe('environment'));

@ApiTags('Environments')
@Controller('v1/environments/:envId/publishable-keys')
export class PublishableKeysController {
  constructor(
    private readonly environments: EnvironmentsService,
    private readonly keys: PublishableKeysService,
  ) {}

  @Get()
  @RequireOperator('app')
  @ApiOperation({
    operationId: 'listPublishableKeys',
    summary: 'The publishable keys of an environment, retired ones too, oldest first',
  })
  @ApiOkResponse({ type: PublishableKeyListResponse })
  @ApiProblems(EnvironmentNotFound)
  async list(
    @TargetApp() { appId }: AppScope,
    @EnvironmentId() envId: Id<'environment'>,
  ): Promise<PublishableKeyListResponse> {
    const scope = scopeTo.env(appId, envId);
    await this.environments.get(scope, envId);
    return { publishable_keys: (await this.keys.ofEnvironment(scope)).map(toKeyResponse) };
  }

  @Post()
  @RequireOperator('app')
  @ApiOperation({ operationId: 'createPublishableKey', summary: 'Give an environment a further publishable key' })
  @ApiCreatedResponse({ type: PublishableKeyResponse })
  @ApiProblems(EnvironmentNotFound)
  async create(
    @TargetApp() { appId }: AppScope,
    @Caller() caller: UserPrincipal,
    @EnvironmentId() envId: Id<'environment'>,
  ): Promise<PublishableKeyResponse> {
    const scope = scopeTo.env(appId, envId);
    const { type } = await this.environments.get(scope, envId);
    return toKeyResponse(await this.keys.add(scope, type, actorOf(caller)));
  }

  @Delete(':keyId')
  @RequireOperator('app')
  @ApiOperation({
    operationId: 'retirePublishableKey',
    summary: 'Let a publishable key name its environment no longer',
  })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(EnvironmentNotFound, PublishableKeyNotFound)
  async retire(
    @TargetApp() { appId }: AppScope,
    @Caller() caller: UserPrincipal,
    @EnvironmentId() envId: Id<'environment'>,
    @Param('keyId', new IdPipe('publishable_key')) id: Id<'publishable_key'>,
  ): Promise<StatusResponse> {
    const scope = scopeTo.env(appId, envId);
    await this.environments.get(scope, envId);
    await this.keys.retire(scope, id, actorOf(caller));
    return status('retired');
  }
}

function toKeyResponse({ id, envId, key, retiredAt, createdAt }: PublishableKeyEntity): PublishableKeyResponse {
  return {
    id,
    env_id: envId,
    key,
    ...(retiredAt === null ? {} : { retired_at: retiredAt.toISOString() }),
    created_at: createdAt.toISOString(),
  };
}
