import { Injectable } from '@nestjs/common';
import { DevicesService } from '../../devices/devices.service.js';
import { AuditTrail } from '../../kernel/audit/audit-trail.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Passwords } from '../../kernel/crypto/passwords.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import type { UserEntity } from '../../users/user.entity.js';
import type { Credentials } from '../../users/users.repository.js';
import { UsersService } from '../../users/users.service.js';
import { ChallengesService } from '../challenges/challenges.service.js';
import { MailRequests } from '../mail-requests.js';

/**
 * Two people may sign up with one address before it is proved; one of them owns the mailbox. Without this, a stranger who comes first waits
 * until the owner proves the address, and then shares the account with a password that the owner never chose ("Pre-hijacked accounts",
 * USENIX Security 2022; R116). So the proof settles whose the account is, and only a password that the owner is known to know stays.
 */
@Injectable()
export class ContestedAddresses {
  constructor(
    private readonly users: UsersService,
    private readonly passwords: Passwords,
    private readonly sessions: SessionsService,
    private readonly devices: DevicesService,
    private readonly challenges: ChallengesService,
    private readonly requests: MailRequests,
    private readonly audit: AuditTrail,
  ) {}

  /** Somebody signs up with the address of an account. The same password again is the same person; costs what one hash costs. */
  async claim(scope: EnvScope, { user, passwordHash }: Credentials, password: string): Promise<void> {
    const { matches } = await this.passwords.check(passwordHash, password);
    if (!matches && !user.emailVerified) await this.users.contestPassword(scope, user.id);
  }

  /** The address was proved from a session of the account: who opened it knows the password. In the caller's transaction. */
  async settle(scope: EnvScope, user: UserEntity): Promise<UserEntity> {
    await this.users.confirmPassword(scope, user.id);
    return user;
  }

  /**
   * The address was proved by somebody who shows the mailbox alone. A contested password goes, with everything it has opened, and a link to
   * choose one is mailed. In the caller's transaction.
   */
  async adopt(scope: EnvScope, user: UserEntity): Promise<UserEntity> {
    const adopted = await this.users.dropContestedPassword(scope, user.id);
    if (adopted === undefined) return user;
    const actor = { kind: 'user', id: user.id } as const;
    await this.sessions.endAll(scope, user.id, 'password', actor);
    await this.devices.distrustAll(scope, user.id);
    await this.challenges.drop(scope, user.id, 'reset_password', 'change_email');
    this.audit.record(scope, {
      action: 'auth.contested_password_dropped',
      actor,
      target: { type: 'user', id: user.id },
    });
    if (user.email !== null) await this.requests.request(scope, 'forgot_password', user.email);
    return adopted;
  }
}
