import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireKey, RequirePermission, RequireScopes, RequireSession } from '../http/access/access.js';
import { InsufficientPermissions, OrganizationNotFound } from '../http/access/access.problems.js';
import { IfMatch, PreconditionFailed } from '../http/etag.js';
import { pageRequest } from '../http/paging/page.query.js';
import { AsOperator, Caller, CallingKey, Tenant } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { TenantDirectory } from '../http/tenancy/tenant-directory.js';
import { Clock } from '../kernel/clock/clock.js';
import { actorOf, type KeyPrincipal, type UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { DomainError } from '../kernel/errors/problem.js';
import type { Id } from '../kernel/ids/id.js';
import { SERVICE_KEYS, type KeyManager, type ValidatedKey } from '../keys-bridge/key-manager.js';
import {
  InvalidScope,
  KeyFeatureUnsupported,
  KeyManagerNotAvailable,
  KeyNotFound,
  KeyProviderRefused,
  KeyProviderUnavailable,
  KeyStateConflict,
  TooManyKeys,
} from '../keys-bridge/keys-bridge.problems.js';
import { UserNotFound } from '../users/users.problems.js';
import { ApiKeysService } from './api-keys.service.js';
import {
  ApiKeyListResponse,
  ApiKeyResponse,
  CreateApiKeyRequest,
  CreatedApiKeyResponse,
  ListApiKeysQuery,
  RevokeApiKeyQuery,
  RotateApiKeyRequest,
  RotatedApiKeyResponse,
  toApiKeyResponse,
  toCreatedApiKeyResponse,
  toKeyChanges,
  toNewKey,
  toRotatedApiKeyResponse,
  UpdateApiKeyRequest,
} from './dto/api-key.dto.js';
import { KeyUsageQuery, KeyUsageResponse, toKeyUsageResponse, toSpan } from './dto/key-usage.dto.js';
import {
  toRefusedResponse,
  toScopeExpression,
  toVerifyResponse,
  VerifyApiKeyRequest,
  VerifyApiKeyResponse,
} from './dto/verify-key.dto.js';
import { KeyOwners } from './key-owners.js';
import { ExpiryBeyondPolicy, KeyPolicyNotFound } from './policies/policies.problems.js';
import { KeyRotationListResponse, toRotationListResponse } from './rotations/key-rotation.dto.js';

const KeyId = () => Param('keyId', new IdPipe('api_key'));

@ApiTags('API keys')
@Controller('v1/keys')
export class ApiKeysController {
  constructor(
    private readonly keys: ApiKeysService,
    private readonly owners: KeyOwners,
    private readonly directory: TenantDirectory,
    private readonly clock: Clock,
    @Inject(SERVICE_KEYS) private readonly manager: KeyManager,
  ) {}

  @Post()
  @RequireSession({ operators: true })
  @ApiOperation({
    operationId: 'createAPIKey',
    summary: 'Make an API key',
    description: 'The answer holds the key, which is never shown again.',
  })
  @ApiCreatedResponse({ type: CreatedApiKeyResponse })
  @ApiProblems(
    InsufficientPermissions,
    UserNotFound,
    OrganizationNotFound,
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
    @AsOperator() asOperator: boolean,
    @Body() body: CreateApiKeyRequest,
  ): Promise<CreatedApiKeyResponse> {
    const by = { caller, scope, asOperator };
    const owner = await this.owners.ofNew(by, body.user_id, body.org_id);
    const input = toNewKey(body, owner);
    if (input.policyId !== undefined) await this.owners.requireManager(by);
    await this.owners.requireGrantable(by, owner, input.scopes ?? []);
    const created = await this.keys.create(scope, input, actorOf(caller));
    const publicKey = await this.directory.publishableKeyOf(scope);
    return toCreatedApiKeyResponse(await this.keys.get(scope, created.id), created, publicKey);
  }

  @Get()
  @RequireSession({ operators: true })
  @ApiOperation({
    operationId: 'listAPIKeys',
    summary: 'API keys, newest first: yours, or everybody’s with `manage` on `apikey`',
  })
  @ApiOkResponse({ type: ApiKeyListResponse })
  @ApiProblems(InsufficientPermissions, KeyManagerNotAvailable, KeyProviderUnavailable)
  async list(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @Query() query: ListApiKeysQuery,
  ): Promise<ApiKeyListResponse> {
    const owner = await this.owners.listed({ caller, scope, asOperator }, query.user_id, query.org_id);
    const filter = { ...(owner && { owner }), ...(query.state && { state: query.state }) };
    const { items, nextCursor, total } = await this.keys.list(scope, filter, pageRequest(query));
    return {
      keys: items.map(toApiKeyResponse),
      total,
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Get('current')
  @RequireKey()
  @ApiOperation({
    operationId: 'getCurrentAPIKey',
    summary: 'The key that you call with: what it may do, and how its limits stand',
    description: 'For programs that hold a key. It counts as a call; no scope is needed.',
  })
  @ApiOkResponse({ type: VerifyApiKeyResponse })
  current(@CallingKey() { key }: KeyPrincipal): VerifyApiKeyResponse {
    return toVerifyResponse(key as ValidatedKey);
  }

  @Post('verify')
  @HttpCode(200)
  @RequirePermission('verify', 'apikey')
  @RequireScopes('verify:keys')
  @ApiOperation({
    operationId: 'verifyAPIKey',
    summary: 'Verify a key that was presented to another service',
    description:
      'One call that checks the key, its scopes and restrictions, takes from its limits and credits, and counts its use.',
  })
  @ApiOkResponse({ type: VerifyApiKeyResponse })
  @ApiProblems(KeyManagerNotAvailable, KeyProviderUnavailable)
  async verify(@Tenant() scope: EnvScope, @Body() body: VerifyApiKeyRequest): Promise<VerifyApiKeyResponse> {
    const { key, scopes, cost, ip, origin, method, path, tag } = body;
    const requiredScopes = toScopeExpression(scopes);
    const optional = Object.fromEntries(Object.entries({ ip, origin, method, path, tag }).filter(([, value]) => value));
    try {
      const options = { scope, cost: cost ?? 1, ...optional, ...(requiredScopes && { requiredScopes }) };
      return toVerifyResponse(await this.manager.validateKey(key, options));
    } catch (error) {
      if (!(error instanceof DomainError) || error.kind === 'unavailable') throw error;
      return toRefusedResponse(error);
    }
  }

  @Get(':keyId')
  @RequireSession({ operators: true })
  @ApiOperation({ operationId: 'getAPIKey', summary: 'Read an API key; the key itself is never shown again' })
  @ApiOkResponse({ type: ApiKeyResponse })
  @ApiProblems(KeyNotFound, KeyManagerNotAvailable, KeyProviderUnavailable)
  async get(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @KeyId() id: Id<'api_key'>,
  ): Promise<ApiKeyResponse> {
    return toApiKeyResponse(
      await this.keys.get(scope, id, await this.owners.around({ caller, scope, asOperator }, id)),
    );
  }

  @Patch(':keyId')
  @RequireSession({ operators: true })
  @ApiOperation({
    operationId: 'updateAPIKey',
    summary: 'Change an API key: name, scopes, limits, credits, restrictions, expiry',
  })
  @ApiOkResponse({ type: ApiKeyResponse })
  @ApiProblems(
    KeyNotFound,
    KeyStateConflict,
    InvalidScope,
    InsufficientPermissions,
    KeyPolicyNotFound,
    ExpiryBeyondPolicy,
    KeyFeatureUnsupported,
    PreconditionFailed,
    KeyManagerNotAvailable,
    KeyProviderRefused,
    KeyProviderUnavailable,
  )
  async update(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @KeyId() id: Id<'api_key'>,
    @IfMatch() version: number | undefined,
    @Body() body: UpdateApiKeyRequest,
  ): Promise<ApiKeyResponse> {
    const by = { caller, scope, asOperator };
    const within = await this.owners.around(by, id);
    const { owner } = await this.keys.get(scope, id, within);
    const changes = toKeyChanges(body);
    // A policy binds whoever stands under it: they do not choose another one themselves.
    if (changes.policyId !== undefined) await this.owners.requireManager(by);
    await this.owners.requireGrantable(by, owner, changes.scopes ?? []);
    return toApiKeyResponse(await this.keys.update(scope, id, changes, version, within, actorOf(caller)));
  }

  @Post(':keyId/rotate')
  @HttpCode(200)
  @RequireSession({ operators: true })
  @ApiOperation({
    operationId: 'rotateAPIKey',
    summary: 'Draw a new secret; the one before works for a while',
    description: 'Both share id, scopes, limits and credits. The answer holds the new key, which is never shown again.',
  })
  @ApiOkResponse({ type: RotatedApiKeyResponse })
  @ApiProblems(KeyNotFound, InvalidScope, KeyStateConflict, KeyManagerNotAvailable, KeyProviderUnavailable)
  async rotate(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @KeyId() id: Id<'api_key'>,
    @Body() { grace_seconds, reason }: RotateApiKeyRequest,
  ): Promise<RotatedApiKeyResponse> {
    const by = { caller, scope, asOperator };
    const within = await this.owners.around(by, id);
    await this.owners.requireHeld(by, await this.keys.get(scope, id, within));
    const grace = typeof grace_seconds === 'number' ? { graceMs: grace_seconds * 1_000 } : {};
    const options = { reason: reason ?? 'manual', ...grace };
    return toRotatedApiKeyResponse(await this.keys.rotate(scope, id, options, within, actorOf(caller)));
  }

  @Post(':keyId/suspend')
  @HttpCode(204)
  @RequireSession({ operators: true })
  @ApiOperation({ operationId: 'suspendAPIKey', summary: 'Let a key open nothing until it is reactivated' })
  @ApiNoContentResponse()
  @ApiProblems(KeyNotFound, KeyStateConflict, KeyManagerNotAvailable, KeyProviderUnavailable)
  async suspend(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @KeyId() id: Id<'api_key'>,
  ): Promise<void> {
    await this.keys.suspend(scope, id, await this.owners.around({ caller, scope, asOperator }, id), actorOf(caller));
  }

  @Post(':keyId/reactivate')
  @HttpCode(204)
  @RequireSession({ operators: true })
  @ApiOperation({ operationId: 'reactivateAPIKey', summary: 'Let a suspended key work again' })
  @ApiNoContentResponse()
  @ApiProblems(KeyNotFound, KeyStateConflict, KeyManagerNotAvailable, KeyProviderUnavailable)
  async reactivate(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @KeyId() id: Id<'api_key'>,
  ): Promise<void> {
    await this.keys.reactivate(scope, id, await this.owners.around({ caller, scope, asOperator }, id), actorOf(caller));
  }

  @Delete(':keyId')
  @HttpCode(204)
  @RequireSession({ operators: true })
  @ApiOperation({ operationId: 'revokeAPIKey', summary: 'Revoke a key for good: both of its secrets stop at once' })
  @ApiNoContentResponse()
  @ApiProblems(KeyNotFound, KeyManagerNotAvailable, KeyProviderUnavailable)
  async revoke(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @KeyId() id: Id<'api_key'>,
    @Query() { reason }: RevokeApiKeyQuery,
  ): Promise<void> {
    const within = await this.owners.around({ caller, scope, asOperator }, id);
    await this.keys.revoke(scope, id, reason || undefined, within, actorOf(caller));
  }

  @Get(':keyId/rotations')
  @RequireSession({ operators: true })
  @ApiOperation({ operationId: 'listAPIKeyRotations', summary: 'When, why and by whom a key was rotated' })
  @ApiOkResponse({ type: KeyRotationListResponse })
  @ApiProblems(KeyNotFound, KeyManagerNotAvailable)
  async rotations(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @KeyId() id: Id<'api_key'>,
  ): Promise<KeyRotationListResponse> {
    const within = await this.owners.around({ caller, scope, asOperator }, id);
    return toRotationListResponse(await this.keys.rotationsOf(scope, id, within));
  }

  @Get(':keyId/usage')
  @RequireSession({ operators: true })
  @ApiOperation({
    operationId: 'getAPIKeyUsage',
    summary: 'What a key was used for, with what outcome, and by which of its secrets',
  })
  @ApiOkResponse({ type: KeyUsageResponse })
  @ApiProblems(KeyNotFound, KeyManagerNotAvailable, KeyProviderUnavailable)
  async usage(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @KeyId() id: Id<'api_key'>,
    @Query() query: KeyUsageQuery,
  ): Promise<KeyUsageResponse> {
    const within = await this.owners.around({ caller, scope, asOperator }, id);
    const span = toSpan(query, this.clock.now());
    const { rows, latencies } = await this.keys.usageOf(scope, id, span, query.window || 'day', within);
    return toKeyUsageResponse(rows, latencies);
  }
}
