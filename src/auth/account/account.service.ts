import { Injectable } from '@nestjs/common';
import { DevicesService } from '../../devices/devices.service.js';
import type { DeviceEntity } from '../../devices/device.entity.js';
import type { AuditEntryEntity } from '../../kernel/audit/audit-entry.entity.js';
import { AuditTrail } from '../../kernel/audit/audit-trail.js';
import { AuditRepository } from '../../kernel/audit/audit.repository.js';
import { actorOf, type UserPrincipal } from '../../kernel/context/principal.js';
import { defineProblem } from '../../kernel/errors/problem.js';
import { Database } from '../../kernel/persistence/database.js';
import type { MemberEntity } from '../../organizations/members/member.entity.js';
import { MembersService } from '../../organizations/members/members.service.js';
import type { RoleOfUser } from '../../roles/role-assignments.repository.js';
import { RoleAssignmentsService } from '../../roles/role-assignments.service.js';
import type { SessionEntity } from '../../sessions/session.entity.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import type { UserEntity } from '../../users/user.entity.js';
import { UsersService } from '../../users/users.service.js';

export const LastAuthMethod = defineProblem({
  code: 'last_auth_method',
  kind: 'invalid',
  title: 'The last way in cannot be removed',
  detail: 'add another way to sign in first',
});

export const AuthMethodNotFound = defineProblem({
  code: 'auth_method_not_found',
  kind: 'not_found',
  title: 'No such way in',
  detail: 'the account has no authentication method of that provider',
});

export interface AuthMethod {
  readonly type: string;
  readonly provider: string;
  readonly label: string;
  readonly linkedAt: Date | null;
}

export interface PersonalData {
  readonly user: UserEntity;
  readonly authMethods: readonly AuthMethod[];
  readonly sessions: readonly SessionEntity[];
  readonly devices: readonly DeviceEntity[];
  readonly memberships: readonly MemberEntity[];
  readonly roles: readonly RoleOfUser[];
  readonly events: readonly AuditEntryEntity[];
}

/** More of one kind than a person can have, or wants to read; the audit trail keeps the rest. */
const MOST_EXPORTED = 10_000;

/** What people may do with their account as a whole. */
@Injectable()
export class AccountService {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly devices: DevicesService,
    private readonly members: MembersService,
    private readonly roles: RoleAssignmentsService,
    private readonly trail: AuditRepository,
    private readonly database: Database,
    private readonly audit: AuditTrail,
  ) {}

  /** Everything kept on the caller (GDPR Art. 15 and 20), and no secret (R294). */
  async export(caller: UserPrincipal): Promise<PersonalData> {
    const { scope, userId } = caller;
    await this.database.transaction(() => {
      const target = { type: 'user', id: userId };
      this.audit.record(scope, { action: 'user.export', actor: actorOf(caller), target });
      return Promise.resolve();
    });
    const sessions = await this.sessions.list(scope, userId, { limit: MOST_EXPORTED });
    return {
      user: await this.users.get(scope, userId),
      authMethods: await this.authMethods(caller),
      sessions: sessions.items,
      devices: await this.devices.listAll(scope, userId, MOST_EXPORTED),
      memberships: await this.members.ofUser(scope, userId, MOST_EXPORTED),
      roles: await this.roles.allOfUser(scope, userId, MOST_EXPORTED),
      events: await this.trail.ofPerson(scope, userId, MOST_EXPORTED),
    };
  }

  /** The ways in to the caller's account. */
  async authMethods({ scope, userId }: UserPrincipal): Promise<AuthMethod[]> {
    const { user, passwordHash } = await this.users.credentials(scope, userId);
    if (passwordHash === undefined) return [];
    return [{ type: 'password', provider: 'password', label: 'Password', linkedAt: user.passwordChangedAt }];
  }

  /** @throws AuthMethodNotFound; LastAuthMethod, because nobody may lock themselves out (R143). */
  async unlink(caller: UserPrincipal, provider: string): Promise<void> {
    const methods = await this.authMethods(caller);
    if (!methods.some((method) => method.provider === provider)) throw new AuthMethodNotFound();
    throw new LastAuthMethod();
  }

  /** Erases the caller. Irreversible. */
  erase(caller: UserPrincipal): Promise<void> {
    return this.users.erase(caller.scope, caller.userId, actorOf(caller));
  }
}
