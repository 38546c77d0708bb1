import { Injectable } from '@nestjs/common';
import { Memberships } from '../http/access/memberships.js';
import { OrganizationNotFound } from '../http/access/access.problems.js';
import { invalidFields } from '../http/validation/validation.pipe.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import type { KeyOwner } from '../keys-bridge/key-manager.js';
import { ServiceAccountNotFound } from '../service-accounts/service-accounts.problems.js';
import { ServiceAccountsService } from '../service-accounts/service-accounts.service.js';
import { UsersService } from '../users/users.service.js';
import type { ImportedApiKeyDto } from './dto/import-keys.dto.js';
import { GrantableScopes } from './grantable-scopes.js';

/** Whose an imported key becomes: somebody who is there, and who may do what the key says. */
@Injectable()
export class ImportedOwners {
  constructor(
    private readonly users: UsersService,
    private readonly memberships: Memberships,
    private readonly accounts: ServiceAccountsService,
    private readonly grantable: GrantableScopes,
  ) {}

  /** @throws ValidationFailed, UserNotFound, OrganizationNotFound, ServiceAccountNotFound, InvalidScope */
  async of(scope: EnvScope, key: ImportedApiKeyDto, index: number): Promise<KeyOwner> {
    const { user_id, org_id, service_account_id, scopes = [] } = key;
    if ([user_id, org_id, service_account_id].filter(Boolean).length !== 1) {
      const message = 'name one of user_id, org_id and service_account_id';
      throw invalidFields([{ path: `keys.${index}`, code: 'owner', message }]);
    }
    if (org_id) return this.organization(scope, org_id);
    if (service_account_id) return this.account(scope, service_account_id, scopes);
    const { id } = await this.users.get(scope, user_id as Id<'user'>);
    await this.grantable.requireForUser(scope, id, scopes);
    return { kind: 'user', id };
  }

  private async organization(scope: EnvScope, id: Id<'organization'>): Promise<KeyOwner> {
    if (!(await this.memberships.exists(scope, id))) throw new OrganizationNotFound();
    return { kind: 'organization', id };
  }

  private async account(scope: EnvScope, id: Id<'service_account'>, scopes: readonly string[]): Promise<KeyOwner> {
    const account = await this.accounts.get(scope, id);
    if (account.envId !== null && account.envId !== scope.envId) throw new ServiceAccountNotFound();
    this.grantable.requireForAccount(account.scopes, scopes);
    return { kind: 'service_account', id };
  }
}
