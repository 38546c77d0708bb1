import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireOperator } from '../http/access/access.js';
import { PageQuery, pageRequest } from '../http/paging/page.query.js';
import { Caller, Tenant } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import type { KeyOwner } from '../keys-bridge/key-manager.js';
import {
  InvalidScope,
  KeyFeatureUnsupported,
  KeyManagerNotAvailable,
  KeyProviderRefused,
  KeyProviderUnavailable,
  TooManyKeys,
} from '../keys-bridge/keys-bridge.problems.js';
import type { ServiceAccountEntity } from '../service-accounts/service-account.entity.js';
import { ServiceAccountNotFound } from '../service-accounts/service-accounts.problems.js';
import { ServiceAccountsService } from '../service-accounts/service-accounts.service.js';
import { ApiKeysService } from './api-keys.service.js';
import {
  ApiKeyListResponse,
  CreatedApiKeyResponse,
  CreateServiceAccountKeyRequest,
  toApiKeyResponse,
  toCreatedApiKeyResponse,
  toNewKey,
} from './dto/api-key.dto.js';
import { ExpiryBeyondPolicy, KeyPolicyNotFound } from './policies/policies.problems.js';
import { GrantableScopes } from './grantable-scopes.js';

const AccountId = () => Param('serviceAccountId', new IdPipe('service_account'));

@ApiTags('API keys')
@Controller('v1/admin/service-accounts/:serviceAccountId/api-keys')
export class ServiceAccountKeysController {
  constructor(
    private readonly keys: ApiKeysService,
    private readonly accounts: ServiceAccountsService,
    private readonly grantable: GrantableScopes,
  ) {}

  @Post()
  @RequireOperator('environment')
  @ApiOperation({
    operationId: 'adminCreateServiceAccountAPIKey',
    summary: 'Make a key for a service account, for one environment',
    description: 'The answer holds the key, which is never shown again.',
  })
  @ApiCreatedResponse({ type: CreatedApiKeyResponse })
  @ApiProblems(
    ServiceAccountNotFound,
    InvalidScope,
    KeyFeatureUnsupported,
    KeyPolicyNotFound,
    ExpiryBeyondPolicy,
    TooManyKeys,
    KeyProviderRefused,
    KeyManagerNotAvailable,
    KeyProviderUnavailable,
  )
  async create(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AccountId() id: Id<'service_account'>,
    @Body() body: CreateServiceAccountKeyRequest,
  ): Promise<CreatedApiKeyResponse> {
    const account = await this.account(scope, id);
    const input = toNewKey(body, ownerOf(account));
    this.grantable.requireForAccount(account.scopes, input.scopes ?? []);
    const created = await this.keys.create(scope, input, actorOf(caller));
    return toCreatedApiKeyResponse(await this.keys.get(scope, created.id), created, undefined);
  }

  @Get()
  @RequireOperator('environment')
  @ApiOperation({
    operationId: 'adminListServiceAccountAPIKeys',
    summary: 'The keys of a service account in an environment, newest first',
  })
  @ApiOkResponse({ type: ApiKeyListResponse })
  @ApiProblems(ServiceAccountNotFound, KeyManagerNotAvailable, KeyProviderUnavailable)
  async list(
    @Tenant() scope: EnvScope,
    @AccountId() id: Id<'service_account'>,
    @Query() query: PageQuery,
  ): Promise<ApiKeyListResponse> {
    const owner = ownerOf(await this.account(scope, id));
    const { items, nextCursor, total } = await this.keys.list(scope, { owner }, pageRequest(query));
    return {
      keys: items.map(toApiKeyResponse),
      total,
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  private async account(scope: EnvScope, id: Id<'service_account'>): Promise<ServiceAccountEntity> {
    const account = await this.accounts.get(scope, id);
    if (account.envId !== null && account.envId !== scope.envId) throw new ServiceAccountNotFound();
    return account;
  }
}

function ownerOf({ id }: ServiceAccountEntity): KeyOwner {
  return { kind: 'service_account', id };
}
