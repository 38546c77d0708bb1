import { Body, Controller, Delete, Get, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequireOperator } from '../http/access/access.js';
import { Caller, TargetApp } from '../http/params/caller.decorators.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import type { AppScope } from '../kernel/context/scope.js';
import { SettingEnforced } from '../settings/settings.problems.js';
import { authorOf } from '../settings/settings.service.js';
import { AppConfigsService } from './app-configs.service.js';
import { ClientConfigNotFound, SessionConfigNotFound } from './apps.problems.js';
import {
  AppClientConfigResponse,
  PutClientConfigRequest,
  PutSessionConfigRequest,
  SessionConfigResponse,
  toAppClientConfigResponse,
  toClientConfigInput,
  toSessionConfigInput,
  toSessionConfigResponse,
} from './dto/app-configs.dto.js';

@ApiTags('Apps')
@ApiParam({ name: 'appId' })
@Controller('v1/admin/apps/:appId')
export class AppConfigsController {
  constructor(private readonly configs: AppConfigsService) {}

  @Get('session-config')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'getAppSessionConfig', summary: 'How the sessions of an app behave' })
  @ApiOkResponse({ type: SessionConfigResponse })
  @ApiProblems(SessionConfigNotFound)
  async sessionConfig(@TargetApp() app: AppScope): Promise<SessionConfigResponse> {
    return toSessionConfigResponse(await this.configs.sessionConfig(app));
  }

  @Put('session-config')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'setAppSessionConfig', summary: 'Replace how the sessions of an app behave' })
  @ApiOkResponse({ type: SessionConfigResponse })
  @ApiProblems(SettingEnforced)
  async putSessionConfig(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @Body() body: PutSessionConfigRequest,
  ): Promise<SessionConfigResponse> {
    const stored = await this.configs.putSessionConfig(app, toSessionConfigInput(body), authorOf(caller));
    return toSessionConfigResponse(stored);
  }

  @Delete('session-config')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'deleteAppSessionConfig', summary: 'Let the deployment’s settings apply again' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(SessionConfigNotFound)
  async deleteSessionConfig(@TargetApp() app: AppScope, @Caller() caller: UserPrincipal): Promise<StatusResponse> {
    await this.configs.deleteSessionConfig(app, authorOf(caller));
    return status('deleted');
  }

  @Get('client-config')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'getAppClientConfig', summary: 'What an app offers its users' })
  @ApiOkResponse({ type: AppClientConfigResponse })
  @ApiProblems(ClientConfigNotFound)
  async clientConfig(@TargetApp() app: AppScope): Promise<AppClientConfigResponse> {
    return toAppClientConfigResponse(await this.configs.clientConfig(app));
  }

  @Put('client-config')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'setAppClientConfig', summary: 'Replace what an app offers its users' })
  @ApiOkResponse({ type: AppClientConfigResponse })
  @ApiProblems(SettingEnforced)
  async putClientConfig(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @Body() body: PutClientConfigRequest,
  ): Promise<AppClientConfigResponse> {
    const stored = await this.configs.putClientConfig(app, toClientConfigInput(body), authorOf(caller));
    return toAppClientConfigResponse(stored);
  }

  @Delete('client-config')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'deleteAppClientConfig', summary: 'Let the defaults apply again' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(ClientConfigNotFound)
  async deleteClientConfig(@TargetApp() app: AppScope, @Caller() caller: UserPrincipal): Promise<StatusResponse> {
    await this.configs.deleteClientConfig(app, authorOf(caller));
    return status('deleted');
  }
}
