import { Injectable } from '@nestjs/common';
import { TenantRecords } from '../../environments/tenant-records.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { Messages } from '../../messaging/messages.js';
import { apiKeyLeakedMail, type ApiKeyLeakedParameters } from '../../messaging/templates/api-key-leaked.js';
import { OperatorsService } from '../../operators/operators.service.js';
import { MembersService } from '../../organizations/members/members.service.js';
import { UsersService } from '../../users/users.service.js';
import type { ApiKeyEntity } from '../api-key.entity.js';

/** A key may have many owners; the first who came are told. */
const MOST_RECIPIENTS = 100;

interface Recipient {
  readonly email: string | null;
  /** Absent for operators, who are nobody's users in the environment of the key. */
  readonly userId?: Id<'user'>;
}

/** Tells those who answer for a key: its person, the owners of its organization, the operators of the app for a machine's. */
@Injectable()
export class LeakMails {
  constructor(
    private readonly messages: Messages,
    private readonly tenants: TenantRecords,
    private readonly users: UsersService,
    private readonly members: MembersService,
    private readonly operators: OperatorsService,
  ) {}

  /** In the transaction of what it tells about. */
  async tell(scope: EnvScope, key: ApiKeyEntity, facts: Omit<ApiKeyLeakedParameters, 'appName'>): Promise<void> {
    const { appName } = await this.tenants.get(scope);
    const content = apiKeyLeakedMail({ appName, ...facts });
    for (const { email, userId } of await this.ownersOf(scope, key)) {
      if (email === null) continue;
      const concerns = userId === undefined ? {} : { userId };
      this.messages.send(scope, { to: email, purpose: 'api_key_leaked', ...content, ...concerns });
    }
  }

  private async ownersOf(scope: EnvScope, { ownerKind, ownerId }: ApiKeyEntity): Promise<Recipient[]> {
    switch (ownerKind) {
      case 'user':
        return this.person(scope, ownerId as Id<'user'>);
      case 'organization':
        return this.organizationOwners(scope, ownerId as Id<'organization'>);
      case 'service_account':
        return this.appOperators(scope);
    }
  }

  /** Nobody where the person is gone: their keys open nothing either. */
  private async person(scope: EnvScope, id: Id<'user'>): Promise<Recipient[]> {
    return (await this.users.findMany(scope, [id])).map(({ email }) => ({ email, userId: id }));
  }

  private async organizationOwners(scope: EnvScope, id: Id<'organization'>): Promise<Recipient[]> {
    return (await this.members.list(scope, id, { role: 'owner' }, { limit: MOST_RECIPIENTS })).items;
  }

  /** Those who were given the app; where there are none, those who reach every app. */
  private async appOperators({ appId }: EnvScope): Promise<Recipient[]> {
    const { items } = await this.operators.list(appId, { limit: MOST_RECIPIENTS });
    const own = items.filter(({ appIds }) => appIds.includes(appId));
    return (own.length > 0 ? own : items).map(({ email }) => ({ email }));
  }
}
