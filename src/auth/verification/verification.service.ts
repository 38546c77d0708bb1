import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { type Actor, ANONYMOUS, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { ClientInfo } from '../../kernel/context/client-info.js';
import { type EnvScope, scopeTo } from '../../kernel/context/scope.js';
import { DomainError } from '../../kernel/errors/problem.js';
import type { Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { type IssuedSession, SessionIssuer } from '../../sessions/session-issuer.js';
import type { UserEntity } from '../../users/user.entity.js';
import { UsersService } from '../../users/users.service.js';
import { AuthMails } from '../auth-mails.js';
import type { ChallengeEntity } from '../challenges/challenge.entity.js';
import { ChallengesService, InvalidChallenge } from '../challenges/challenges.service.js';
import { MailRequests } from '../mail-requests.js';
import { ContestedAddresses } from './contested-addresses.js';

/** A second code is not mailed while the first has hardly arrived. */
const COOLDOWN_MS = 60_000;

/** Proof that a mailbox belongs to the account that names it: by link, or by a six-digit code. */
@Injectable()
export class VerificationService implements OnModuleInit {
  constructor(
    private readonly challenges: ChallengesService,
    private readonly users: UsersService,
    private readonly issuer: SessionIssuer,
    private readonly contested: ContestedAddresses,
    private readonly requests: MailRequests,
    private readonly mails: AuthMails,
    private readonly database: Database,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.requests.handle('resend_verification', (scope, email) => this.sendAgain(scope, email));
  }

  /** Mails link and code to a user's address, in the caller's transaction. */
  async send(scope: EnvScope, user: { readonly id: Id<'user'>; readonly email: string }): Promise<void> {
    const issued = await this.challenges.issue(scope, {
      userId: user.id,
      purpose: 'verify_email',
      email: user.email,
      ttlMs: this.config.challenges.verificationTtlMs,
      withCode: true,
    });
    await this.mails.verifyEmail(scope, user, issued);
  }

  requestAgain(scope: EnvScope, email: string): Promise<void> {
    return this.requests.request(scope, 'resend_verification', email);
  }

  /** Mails anew to an account whose address is not verified, unless that has just been done. */
  async sendAgain(scope: EnvScope, email: string): Promise<void> {
    const known = await this.users.findByEmail(scope, email);
    if (known === undefined || known.user.emailVerified) return;
    const { user } = known;
    const last = await this.challenges.find(scope, user.id, 'verify_email');
    if (last !== undefined && last.createdAt.getTime() + COOLDOWN_MS > this.clock.nowMs()) return;
    await this.database.transaction(() => this.send(scope, { id: user.id, email }));
  }

  /** @throws InvalidChallenge */
  async verifyByLink(token: string, named: EnvScope | undefined): Promise<void> {
    const challenge = await this.challenges.read(token, 'verify_email', named);
    await this.verify(challenge, ANONYMOUS, (scope, user) => this.contested.adopt(scope, user));
  }

  /** A signed-in user types the code that was mailed to them. @throws InvalidChallenge, RateLimited */
  async verifyOwn(scope: EnvScope, userId: Id<'user'>, code: string): Promise<void> {
    const user = await this.users.get(scope, userId);
    const challenge = await this.guess(scope, user, userId, code, { kind: 'user', id: userId });
    await this.verify(challenge, { kind: 'user', id: userId }, (_, own) => this.contested.settle(scope, own));
  }

  /**
   * Somebody without a session names an address and types the code that was mailed to it.
   * @returns a session, or undefined when the address is verified now but a gate stands before a session.
   * @throws InvalidChallenge, RateLimited
   */
  async verifyByCode(
    scope: EnvScope,
    email: string,
    code: string,
    client: ClientInfo,
  ): Promise<IssuedSession | undefined> {
    const known = await this.users.findByEmail(scope, email);
    const challenge = await this.guess(scope, known?.user, email, code, ANONYMOUS);
    const user = await this.verify(challenge, ANONYMOUS, (_, claimed) => this.contested.adopt(scope, claimed));
    try {
      return await this.issuer.issue(scope, { user, methods: ['otp'], client });
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'forbidden') return undefined;
      throw error;
    }
  }

  /** A wrong code is a failed sign-in like a wrong password: it is on record, whether there is an account or not (R302). */
  private async guess(
    scope: EnvScope,
    user: Pick<UserEntity, 'id' | 'email'> | undefined,
    named: string,
    code: string,
    actor: Actor,
  ): Promise<ChallengeEntity> {
    try {
      return await this.challenges.guess(scope, user, named, 'verify_email', code);
    } catch (error) {
      if (!(error instanceof DomainError) || error.definition !== InvalidChallenge.definition) throw error;
      await this.database.transaction(() => {
        const target = user === undefined ? {} : { target: { type: 'user', id: user.id } };
        this.audit.record(scope, { action: 'auth.verify_email', outcome: 'failure', actor, ...target });
        return Promise.resolve();
      });
      throw error;
    }
  }

  /** @param settle says what becomes of a contested password, now that the mailbox has spoken. */
  private verify(
    challenge: ChallengeEntity,
    actor: Actor,
    settle: (scope: EnvScope, user: UserEntity) => Promise<UserEntity>,
  ): Promise<UserEntity> {
    const scope = scopeTo.env(challenge.appId, challenge.envId);
    return this.database.transaction(async () => {
      await this.challenges.consume(challenge);
      const user = await this.users.verifyEmail(scope, challenge.userId, challenge.email, actor);
      if (user === undefined) throw new InvalidChallenge();
      return settle(scope, user);
    });
  }
}
