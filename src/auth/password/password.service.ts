import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { DevicesService } from '../../devices/devices.service.js';
import { TenantRecords } from '../../environments/tenant-records.js';
import { AuthenticationRequired } from '../../http/access/access.problems.js';
import { type Actor, administeredBy, ANONYMOUS, AuditTrail } from '../../kernel/audit/audit-trail.js';
import type { ClientInfo } from '../../kernel/context/client-info.js';
import { actorOf, type UserPrincipal } from '../../kernel/context/principal.js';
import { type EnvScope, scopeTo } from '../../kernel/context/scope.js';
import { Passwords } from '../../kernel/crypto/passwords.js';
import { DomainError } from '../../kernel/errors/problem.js';
import type { EventName } from '../../kernel/events/event-map.js';
import { Events } from '../../kernel/events/events.js';
import type { Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { SignInGates } from '../../sessions/sign-in-gates.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import type { IssuedTokens } from '../../sessions/token-issuer.js';
import { TokenRefresher } from '../../sessions/token-refresher.js';
import { InvalidCredentials, SessionNotFound } from '../../sessions/sessions.problems.js';
import type { UserEntity } from '../../users/user.entity.js';
import { UserNotFound } from '../../users/users.problems.js';
import type { Credentials } from '../../users/users.repository.js';
import { UsersService } from '../../users/users.service.js';
import '../auth.events.js';
import { AuthMails } from '../auth-mails.js';
import { ChallengesService, InvalidChallenge } from '../challenges/challenges.service.js';
import { MailRequests } from '../mail-requests.js';
import { Lockout } from '../sign-in/lockout.service.js';
import { PasswordResetRequired } from '../sign-in/sign-in.problems.js';
import { PasswordPolicy } from './password-policy.js';

type PasswordEvent = Extract<EventName, 'auth.password_reset' | 'auth.password_changed'>;

/** Forgetting, resetting and changing passwords. A new password ends whatever the old one opened. */
@Injectable()
export class PasswordService implements OnModuleInit {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly refresher: TokenRefresher,
    private readonly devices: DevicesService,
    private readonly challenges: ChallengesService,
    private readonly lockout: Lockout,
    private readonly tenants: TenantRecords,
    private readonly policy: PasswordPolicy,
    private readonly passwords: Passwords,
    private readonly gates: SignInGates,
    private readonly requests: MailRequests,
    private readonly mails: AuthMails,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.requests.handle('forgot_password', (scope, email) => this.mailReset(scope, email));
    this.gates.register({
      id: 'password_reset_required',
      check: (_, { user, methods }) => {
        if (user.resetRequiredAt !== null && methods.includes('pwd')) throw new PasswordResetRequired();
        return Promise.resolve();
      },
    });
  }

  /** Asks for a reset link. Nothing tells whether the address has an account (R120). */
  forgot(scope: EnvScope, email: string): Promise<void> {
    return this.requests.request(scope, 'forgot_password', email);
  }

  /**
   * Lets the password of an account open nothing until its owner has replaced it by the link that is mailed: sessions and trust in devices
   * end. @throws UserNotFound
   */
  requireReset(scope: EnvScope, id: Id<'user'>, admin: Actor): Promise<void> {
    return this.database.transaction(async () => {
      const { email } = await this.users.requirePasswordReset(scope, id);
      await this.sessions.endAll(scope, id, 'password', admin);
      await this.devices.distrustAll(scope, id);
      await this.events.record(scope, 'admin.user.password_reset_required', id, {
        user_id: id,
        ...administeredBy(admin),
      });
      this.audit.record(scope, {
        action: 'admin.user.require_password_reset',
        actor: admin,
        target: { type: 'user', id },
      });
      if (email !== null) await this.requests.request(scope, 'forgot_password', email);
    });
  }

  /**
   * Sets a new password with a mailed token. Every session, trusted device and pending change of address ends (R123, R131); a ban, a phone
   * or a second factor is not touched (R127).
   * @throws InvalidChallenge, WeakPassword (the token stays usable)
   */
  async reset(token: string, password: string, named: EnvScope | undefined): Promise<void> {
    const challenge = await this.challenges.read(token, 'reset_password', named);
    const scope = scopeTo.env(challenge.appId, challenge.envId);
    const tenant = await this.tenants.get(scope);
    this.policy.require(password, { email: challenge.email, tenant }, 'new_password');
    const hash = await this.passwords.hash(password);
    await this.database.transaction(async () => {
      await this.challenges.consume(challenge);
      // About to be proved; a code mailed before would go on signing in whoever has read it.
      await this.challenges.drop(scope, challenge.userId, 'verify_email');
      // The link was mailed to this address: using it proves the mailbox; a link to an earlier address proves nothing any more.
      const user = await this.users.verifyEmail(scope, challenge.userId, challenge.email, ANONYMOUS);
      if (user === undefined) throw new InvalidChallenge();
      await this.replace(scope, user, hash, 'auth.password_reset', { kind: 'user', id: user.id });
      await this.lockout.clear(scope, { account: user.id, knownDevice: undefined });
    });
  }

  /**
   * Replaces the password of a signed-in user. Their other sessions end; this one gets new tokens (R015).
   * @throws InvalidCredentials (counts against the account's lockout, R014), WeakPassword, RateLimited
   */
  async change(caller: UserPrincipal, current: string, next: string, client: ClientInfo): Promise<IssuedTokens> {
    const { scope, userId, sessionId } = caller;
    const { user } = await this.confirm(caller, current, client);
    const tenant = await this.tenants.get(scope);
    this.policy.require(next, { email: user.email ?? '', tenant }, 'new_password');
    const hash = await this.passwords.hash(next);
    const session = await whileItLives(this.sessions.get(scope, userId, sessionId));
    return this.database.transaction(async () => {
      await this.replace(scope, user, hash, 'auth.password_changed', actorOf(caller), sessionId);
      return this.refresher.renew(scope, session.locator);
    });
  }

  /** Proves a signed-in user's identity again, for sensitive calls. @throws InvalidCredentials, RateLimited */
  async reauthenticate(caller: UserPrincipal, password: string, client: ClientInfo): Promise<void> {
    await this.confirm(caller, password, client);
    await whileItLives(this.sessions.reauthenticated(caller.scope, caller.userId, caller.sessionId));
  }

  /** Under the same count as sign-in: a session is no way around an account's lock (R166). */
  private async confirm(caller: UserPrincipal, password: string, client: ClientInfo): Promise<Credentials> {
    const { scope, userId } = caller;
    const known = await this.users.credentials(scope, userId);
    const fromKnownDevice = await this.devices.isKnown(scope, userId, client.deviceToken);
    const subject = { account: userId, knownDevice: fromKnownDevice ? client.deviceToken : undefined };
    return this.lockout.check(scope, subject, known.passwordHash, password, async ({ matches, locked }) => {
      if (!matches) {
        await this.recordFailure(caller, locked);
        throw new InvalidCredentials();
      }
      await this.lockout.clear(scope, subject);
      return known;
    });
  }

  /** Whoever holds the session did not know the password: on record like a failed sign-in (R302). */
  private recordFailure(caller: UserPrincipal, locked: boolean): Promise<void> {
    const { scope, userId: id } = caller;
    return this.database.transaction(async () => {
      this.audit.record(scope, {
        action: 'session.reauthenticate',
        outcome: 'failure',
        actor: actorOf(caller),
        target: { type: 'user', id },
        metadata: { locked },
      });
      if (locked) await this.events.record(scope, 'auth.account_locked', id, { user_id: id });
    });
  }

  private async replace(
    scope: EnvScope,
    user: UserEntity,
    hash: string,
    event: PasswordEvent,
    actor: Actor,
    keep?: Id<'session'>,
  ): Promise<void> {
    await this.users.replacePassword(scope, user.id, hash);
    await this.sessions.endAll(scope, user.id, 'password', actor, keep);
    await this.devices.distrustAll(scope, user.id);
    await this.challenges.drop(scope, user.id, 'reset_password', 'change_email');
    await this.events.record(scope, event, user.id, { user_id: user.id });
    this.audit.record(scope, { action: event, actor, target: { type: 'user', id: user.id } });
    if (user.email === null) throw new UserNotFound();
    await this.mails.passwordChanged(scope, { id: user.id, email: user.email });
  }

  private async mailReset(scope: EnvScope, email: string): Promise<void> {
    const known = await this.users.findByEmail(scope, email);
    if (known === undefined) return;
    const { id } = known.user;
    await this.database.transaction(async () => {
      const ttlMs = this.config.challenges.passwordResetTtlMs;
      const challenge = { userId: id, purpose: 'reset_password', email, ttlMs, withCode: false } as const;
      await this.mails.resetPassword(scope, { id, email }, await this.challenges.issue(scope, challenge));
      await this.events.record(scope, 'auth.forgot_password', id, { user_id: id });
      this.audit.record(scope, { action: 'auth.forgot_password', actor: ANONYMOUS, target: { type: 'user', id } });
    });
  }
}

/** A session may end between the guard and here — by the same person, on another device: its caller is then nobody, not somewhere else. */
async function whileItLives<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const isOver = error instanceof DomainError && error.definition === SessionNotFound.definition;
    throw isOver ? new AuthenticationRequired() : error;
  }
}
