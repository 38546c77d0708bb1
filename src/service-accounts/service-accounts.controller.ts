import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { EnvironmentNotFound } from '../environments/environments.problems.js';
import { RequireOperator } from '../http/access/access.js';
import { IfMatch, PreconditionFailed } from '../http/etag.js';
import { PageQuery, pageRequest } from '../http/paging/page.query.js';
import { Caller, TargetApp } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { AppScope } from '../kernel/context/scope.js';
import { type Id, parseId } from '../kernel/ids/id.js';
import {
  CreateServiceAccountRequest,
  ServiceAccountListResponse,
  ServiceAccountResponse,
  toServiceAccountResponse,
  UpdateServiceAccountRequest,
} from './dto/service-account.dto.js';
import { ServiceAccountNameTaken, ServiceAccountNotFound } from './service-accounts.problems.js';
import { ServiceAccountsService } from './service-accounts.service.js';

const ServiceAccountId = () => Param('serviceAccountId', new IdPipe('service_account'));

@ApiTags('Service accounts')
@Controller('v1/admin/service-accounts')
export class ServiceAccountsController {
  constructor(private readonly accounts: ServiceAccountsService) {}

  @Post()
  @RequireOperator('app')
  @ApiOperation({ operationId: 'adminCreateServiceAccount', summary: 'Add a service account to an app' })
  @ApiCreatedResponse({ type: ServiceAccountResponse })
  @ApiProblems(EnvironmentNotFound, ServiceAccountNameTaken)
  async create(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @Body() { name, description, scopes, env_id }: CreateServiceAccountRequest,
  ): Promise<ServiceAccountResponse> {
    const input = {
      name,
      ...(description && { description }),
      ...(scopes && { scopes }),
      ...(env_id && { envId: parseId('environment', env_id) }),
    };
    return toServiceAccountResponse(await this.accounts.create(app, input, actorOf(caller)));
  }

  @Get()
  @RequireOperator('app')
  @ApiOperation({ operationId: 'adminListServiceAccounts', summary: 'The service accounts of an app, oldest first' })
  @ApiOkResponse({ type: ServiceAccountListResponse })
  async list(@TargetApp() app: AppScope, @Query() query: PageQuery): Promise<ServiceAccountListResponse> {
    const { items, nextCursor, total } = await this.accounts.list(app, pageRequest(query));
    return {
      service_accounts: items.map((account) => toServiceAccountResponse(account)),
      total,
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Get(':serviceAccountId')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'adminGetServiceAccount', summary: 'Read a service account' })
  @ApiOkResponse({ type: ServiceAccountResponse })
  @ApiProblems(ServiceAccountNotFound)
  async get(
    @TargetApp() app: AppScope,
    @ServiceAccountId() id: Id<'service_account'>,
  ): Promise<ServiceAccountResponse> {
    return toServiceAccountResponse(await this.accounts.get(app, id));
  }

  @Patch(':serviceAccountId')
  @RequireOperator('app')
  @ApiOperation({
    operationId: 'adminUpdateServiceAccount',
    summary: 'Rename or describe a service account, change its scopes, or switch it off and on',
  })
  @ApiOkResponse({ type: ServiceAccountResponse })
  @ApiProblems(ServiceAccountNotFound, ServiceAccountNameTaken, PreconditionFailed)
  async update(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @ServiceAccountId() id: Id<'service_account'>,
    @IfMatch() version: number | undefined,
    @Body() { name, description, scopes, active }: UpdateServiceAccountRequest,
  ): Promise<ServiceAccountResponse> {
    const changes = {
      ...(name && { name }),
      ...(description == null ? {} : { description: description || null }),
      ...(scopes && { scopes }),
      ...(active == null ? {} : { active }),
    };
    return toServiceAccountResponse(await this.accounts.update(app, id, changes, version, actorOf(caller)));
  }

  @Delete(':serviceAccountId')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'adminDeleteServiceAccount', summary: 'Delete a service account' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(ServiceAccountNotFound)
  async delete(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @ServiceAccountId() id: Id<'service_account'>,
  ): Promise<StatusResponse> {
    await this.accounts.delete(app, id, actorOf(caller));
    return status('deleted');
  }
}
