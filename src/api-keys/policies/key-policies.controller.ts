import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../../http/access/access.js';
import { IfMatch, PreconditionFailed } from '../../http/etag.js';
import { Caller, Tenant } from '../../http/params/caller.decorators.js';
import { IdPipe } from '../../http/params/id.pipe.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import { actorOf, type UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { KeyPoliciesService } from './key-policies.service.js';
import {
  KeyPolicyListResponse,
  KeyPolicyRequest,
  KeyPolicyResponse,
  toKeyPolicyResponse,
  toPolicyTerms,
} from './key-policy.dto.js';
import { KeyPolicyInUse, KeyPolicyNameTaken, KeyPolicyNotFound } from './policies.problems.js';

const PolicyId = () => Param('policyId', new IdPipe('api_key_policy'));

@ApiTags('API keys')
@Controller('v1/keys/policies')
export class KeyPoliciesController {
  constructor(private readonly policies: KeyPoliciesService) {}

  @Get()
  @RequirePermission('manage', 'apikey')
  @ApiOperation({ operationId: 'listAPIKeyPolicies', summary: 'What keys have in common: policies, by name' })
  @ApiOkResponse({ type: KeyPolicyListResponse })
  async list(@Tenant() scope: EnvScope): Promise<KeyPolicyListResponse> {
    return { policies: (await this.policies.all(scope)).map(toKeyPolicyResponse) };
  }

  @Post()
  @RequirePermission('manage', 'apikey')
  @ApiOperation({ operationId: 'createAPIKeyPolicy', summary: 'Make a policy for keys to stand under' })
  @ApiCreatedResponse({ type: KeyPolicyResponse })
  @ApiProblems(KeyPolicyNameTaken)
  async create(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @Body() body: KeyPolicyRequest,
  ): Promise<KeyPolicyResponse> {
    return toKeyPolicyResponse(await this.policies.create(scope, toPolicyTerms(body), actorOf(caller)));
  }

  @Get(':policyId')
  @RequirePermission('manage', 'apikey')
  @ApiOperation({ operationId: 'getAPIKeyPolicy', summary: 'Read a policy of keys' })
  @ApiOkResponse({ type: KeyPolicyResponse })
  @ApiProblems(KeyPolicyNotFound)
  async get(@Tenant() scope: EnvScope, @PolicyId() id: Id<'api_key_policy'>): Promise<KeyPolicyResponse> {
    return toKeyPolicyResponse(await this.policies.get(scope, id));
  }

  @Put(':policyId')
  @RequirePermission('manage', 'apikey')
  @ApiOperation({
    operationId: 'replaceAPIKeyPolicy',
    summary: 'Replace a policy of keys',
    description: 'What is left out is none. It counts at once for every key under it.',
  })
  @ApiOkResponse({ type: KeyPolicyResponse })
  @ApiProblems(KeyPolicyNotFound, KeyPolicyNameTaken, PreconditionFailed)
  async replace(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @PolicyId() id: Id<'api_key_policy'>,
    @IfMatch() version: number | undefined,
    @Body() body: KeyPolicyRequest,
  ): Promise<KeyPolicyResponse> {
    return toKeyPolicyResponse(await this.policies.replace(scope, id, toPolicyTerms(body), version, actorOf(caller)));
  }

  @Delete(':policyId')
  @HttpCode(204)
  @RequirePermission('manage', 'apikey')
  @ApiOperation({ operationId: 'deleteAPIKeyPolicy', summary: 'Delete a policy that no key stands under' })
  @ApiNoContentResponse()
  @ApiProblems(KeyPolicyNotFound, KeyPolicyInUse)
  async delete(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @PolicyId() id: Id<'api_key_policy'>,
  ): Promise<void> {
    await this.policies.delete(scope, id, actorOf(caller));
  }
}
