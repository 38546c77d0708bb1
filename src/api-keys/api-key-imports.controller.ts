import { Body, Controller, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireOperator } from '../http/access/access.js';
import { OrganizationNotFound } from '../http/access/access.problems.js';
import { Caller, Tenant } from '../http/params/caller.decorators.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import {
  InvalidScope,
  KeyAlreadyKnown,
  KeyFeatureUnsupported,
  KeyManagerNotAvailable,
} from '../keys-bridge/keys-bridge.problems.js';
import { ServiceAccountNotFound } from '../service-accounts/service-accounts.problems.js';
import { UserNotFound } from '../users/users.problems.js';
import { ApiKeysService, type ImportedKey } from './api-keys.service.js';
import { toNewKey } from './dto/api-key.dto.js';
import { ImportApiKeysRequest, ImportApiKeysResponse, toForeignSecret } from './dto/import-keys.dto.js';
import { ExpiryBeyondPolicy, KeyPolicyNotFound } from './policies/policies.problems.js';
import { ImportedOwners } from './imported-owners.js';

@ApiTags('API keys')
@Controller('v1/admin/api-keys')
export class ApiKeyImportsController {
  constructor(
    private readonly keys: ApiKeysService,
    private readonly owners: ImportedOwners,
  ) {}

  @Post('import')
  @RequireOperator('environment')
  @ApiOperation({
    operationId: 'adminImportAPIKeys',
    summary: 'Take over keys that were issued elsewhere, by their hashes: all of them, or none',
    description:
      'Whoever holds such a key goes on using it. See AUTHSOME_KEY_FOREIGN_PREFIXES for keys that Authsome did not issue.',
  })
  @ApiCreatedResponse({ type: ImportApiKeysResponse })
  @ApiProblems(
    UserNotFound,
    OrganizationNotFound,
    ServiceAccountNotFound,
    InvalidScope,
    KeyAlreadyKnown,
    KeyFeatureUnsupported,
    KeyPolicyNotFound,
    ExpiryBeyondPolicy,
    KeyManagerNotAvailable,
  )
  async import(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @Body() { keys }: ImportApiKeysRequest,
  ): Promise<ImportApiKeysResponse> {
    const imported: ImportedKey[] = [];
    for (const [index, key] of keys.entries()) {
      const owner = await this.owners.of(scope, key, index);
      imported.push({ input: toNewKey(key, owner), secret: toForeignSecret(key) });
    }
    return { ids: await this.keys.import(scope, imported, actorOf(caller)) };
  }
}
