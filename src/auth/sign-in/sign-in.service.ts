import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DevicesService } from '../../devices/devices.service.js';
import { TenantRecords } from '../../environments/tenant-records.js';
import { type Submitted, SubmittedMetadata } from '../../form-configs/submitted-metadata.js';
import type { Metadata } from '../../http/validation/metadata.js';
import { ANONYMOUS, AuditTrail } from '../../kernel/audit/audit-trail.js';
import type { ClientInfo } from '../../kernel/context/client-info.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { KeyRing } from '../../kernel/crypto/key-ring.js';
import { Events } from '../../kernel/events/events.js';
import { Hooks } from '../../kernel/hooks/hooks.js';
import type { Id } from '../../kernel/ids/id.js';
import { Logger } from '../../kernel/logging/logger.js';
import { Database } from '../../kernel/persistence/database.js';
import { type IssuedSession, SessionIssuer } from '../../sessions/session-issuer.js';
import { InvalidCredentials } from '../../sessions/sessions.problems.js';
import type { UserEntity } from '../../users/user.entity.js';
import type { Credentials } from '../../users/users.repository.js';
import { UsersService } from '../../users/users.service.js';
import '../auth.events.js';
import { TenantLimits } from '../tenant-limits.js';
import { type AttemptOutcome, type AttemptSubject, Lockout } from './lockout.service.js';
import { PasswordSignInDisabled } from './sign-in.problems.js';

/** What names the account, in canonical form. */
export type Identifier = { readonly email: string } | { readonly username: string };

declare module '../../kernel/hooks/hooks.js' {
  interface HookMap {
    /** After the right password, before the session: may throw to refuse. */
    'before.sign_in': { readonly scope: EnvScope; readonly user: UserEntity; readonly client: ClientInfo };
  }
}

/** An unknown account asks for its devices too: the look-up must cost the same. */
const NOBODY = 'ausr_00000000000000000000000000' as Id<'user'>;

@Injectable()
export class SignInService {
  constructor(
    private readonly users: UsersService,
    private readonly tenants: TenantRecords,
    private readonly devices: DevicesService,
    private readonly submitted: SubmittedMetadata,
    private readonly limits: TenantLimits,
    private readonly lockout: Lockout,
    private readonly issuer: SessionIssuer,
    private readonly keys: KeyRing,
    private readonly hooks: Hooks,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly logger: Logger,
  ) {}

  /**
   * Signs a user in with their password. What is wrong with an account is told only after the right password (R152).
   * @param given what the sign-in form of the environment, if there is one, was answered.
   * @throws InvalidCredentials, FormRejected, RateLimited, PasswordSignInDisabled, and what {@link SessionIssuer} throws.
   */
  async signIn(
    scope: EnvScope,
    identifier: Identifier,
    password: string,
    client: ClientInfo,
    given: Submitted,
  ): Promise<IssuedSession> {
    const tenant = await this.tenants.get(scope);
    if (!tenant.client.passwordEnabled) throw new PasswordSignInDisabled();
    await this.limits.require(scope, tenant.limits.signIn, client);
    // Before anything is looked up: a form says nothing about accounts.
    const answers = await this.submitted.atSignIn(scope, given);
    const known = await this.find(scope, identifier);
    const knownDevice = (await this.devices.isKnown(scope, known?.user.id ?? NOBODY, client.deviceToken))
      ? client.deviceToken
      : undefined;
    const subject: AttemptSubject = { account: known?.user.id ?? `name:${nameOf(identifier)}`, knownDevice };
    return this.lockout.check(scope, subject, known?.passwordHash, password, async (outcome) => {
      if (known === undefined || !outcome.matches) {
        await this.recordFailure(scope, known?.user, identifier, outcome);
        throw new InvalidCredentials();
      }
      if (outcome.upgrade !== undefined) await this.upgrade(scope, known, outcome.upgrade);
      return this.admit(scope, known.user, subject, client, answers);
    });
  }

  private async admit(
    scope: EnvScope,
    user: UserEntity,
    subject: AttemptSubject,
    client: ClientInfo,
    answers: Metadata,
  ): Promise<IssuedSession> {
    try {
      await this.hooks.run('before.sign_in', { scope, user, client });
      await this.issuer.admit(scope, { user, methods: ['pwd'], client });
      return await this.database.transaction(() => this.start(scope, user, subject, client, answers));
    } catch (error) {
      // Refused for another reason: the right password must not lock its owner out.
      await this.lockout.clear(scope, subject);
      throw error;
    }
  }

  private async start(
    scope: EnvScope,
    user: UserEntity,
    subject: AttemptSubject,
    client: ClientInfo,
    answers: Metadata,
  ): Promise<IssuedSession> {
    const current = await this.users.addMetadata(scope, user, answers, { kind: 'user', id: user.id });
    const issued = await this.issuer.issueAdmitted(scope, { user: current, methods: ['pwd'], client });
    this.lockout.clearWithChange(scope, subject);
    const { id } = issued.session;
    await this.events.record(scope, 'auth.signin', user.id, { user_id: user.id, session_id: id });
    this.audit.record(scope, { action: 'auth.sign_in', actor: { kind: 'user', id: user.id, sessionId: id } });
    return issued;
  }

  private find(scope: EnvScope, identifier: Identifier): Promise<Credentials | undefined> {
    return 'email' in identifier
      ? this.users.findByEmail(scope, identifier.email)
      : this.users.findByUsername(scope, identifier.username);
  }

  /** A stronger hash is welcome, but the sign-in does not depend on storing it (R011). */
  private async upgrade(scope: EnvScope, { user, passwordHash }: Credentials, hash: string): Promise<void> {
    try {
      await this.users.upgradeHash(scope, user.id, passwordHash ?? '', hash);
    } catch (error) {
      this.logger.warn('sign_in.hash_not_upgraded', { user_id: user.id, error });
    }
  }

  private recordFailure(
    scope: EnvScope,
    user: UserEntity | undefined,
    identifier: Identifier,
    { locked }: AttemptOutcome,
  ): Promise<void> {
    return this.database.transaction(async () => {
      this.audit.record(scope, {
        action: 'auth.sign_in',
        outcome: 'failure',
        actor: ANONYMOUS,
        ...(user === undefined
          ? { metadata: { name_digest: this.digest(scope, identifier), locked } }
          : { target: { type: 'user', id: user.id }, metadata: { locked } }),
      });
      if (user === undefined) return;
      await this.events.record(scope, 'auth.signin.failed', user.id, { user_id: user.id });
      if (locked) await this.events.record(scope, 'auth.account_locked', user.id, { user_id: user.id });
    });
  }

  /** Groups failures for a name that has no account, without keeping the name: it may be a person's address. */
  private digest(scope: EnvScope, identifier: Identifier): string {
    return createHmac('sha256', this.keys.deriveActive('audit-name'))
      .update(`${scope.envId}/${nameOf(identifier)}`)
      .digest('hex')
      .slice(0, 16);
  }
}

function nameOf(identifier: Identifier): string {
  return 'email' in identifier ? identifier.email : identifier.username;
}
