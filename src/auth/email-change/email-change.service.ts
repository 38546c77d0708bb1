import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { ANONYMOUS, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { actorOf, type UserPrincipal } from '../../kernel/context/principal.js';
import { type EnvScope, scopeTo } from '../../kernel/context/scope.js';
import { hashToken } from '../../kernel/crypto/token.js';
import { DomainError } from '../../kernel/errors/problem.js';
import { Events } from '../../kernel/events/events.js';
import type { Id } from '../../kernel/ids/id.js';
import { RateLimits } from '../../kernel/limits/rate-limits.js';
import { Database } from '../../kernel/persistence/database.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { UsersService } from '../../users/users.service.js';
import '../auth.events.js';
import { AuthMails } from '../auth-mails.js';
import type { ChallengeEntity, ChallengePurpose } from '../challenges/challenge.entity.js';
import { ChallengesService, InvalidChallenge, type IssuedChallenge } from '../challenges/challenges.service.js';

/**
 * A change of address happens when the new mailbox confirms it. The old mailbox is told when it is asked for and when it has happened, each
 * time with a link that calls it off (R128).
 */
@Injectable()
export class EmailChangeService {
  constructor(
    private readonly users: UsersService,
    private readonly challenges: ChallengesService,
    private readonly sessions: SessionsService,
    private readonly limits: RateLimits,
    private readonly mails: AuthMails,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly config: Config,
  ) {}

  /**
   * Asks for a change. An address that belongs to somebody else answers alike; it only gets no mail (R129).
   * @throws RateLimited when the old or the new address has had its share of such mails: anybody's mailbox can be named here.
   */
  async request(caller: UserPrincipal, newEmail: string): Promise<void> {
    const { scope, userId: id } = caller;
    const { email } = await this.users.get(scope, id);
    if (email === null) return;
    await this.requireShare(scope, 'mail_email_change_notice', email);
    await this.requireShare(scope, 'mail_change_email', newEmail);
    const taken = (await this.users.findByEmail(scope, newEmail)) !== undefined;
    await this.database.transaction(async () => {
      const confirm = await this.issue(scope, id, 'change_email', newEmail, this.config.challenges.emailChangeTtlMs);
      const undo = await this.issue(scope, id, 'undo_email_change', email, this.config.challenges.emailChangeUndoTtlMs);
      if (!taken) await this.mails.changeEmail(scope, { id, email: newEmail }, confirm);
      await this.mails.emailChangeNotice(scope, { id, email }, undo);
      await this.events.record(scope, 'auth.email_change_requested', id, { user_id: id });
      const target = { type: 'user', id };
      this.audit.record(scope, { action: 'auth.email_change_requested', actor: actorOf(caller), target });
    });
  }

  /**
   * Makes the change, with the token mailed to the new address. The new address counts as verified because its mailbox has just spoken, not
   * because the old one was (R132).
   * @throws InvalidChallenge; EmailTaken when somebody else got the address first (R130).
   */
  async confirm(token: string, named: EnvScope | undefined): Promise<void> {
    const challenge = await this.challenges.read(token, 'change_email', named);
    const scope = scopeTo.env(challenge.appId, challenge.envId);
    const { userId: id, email: newEmail } = challenge;
    await this.database.transaction(async () => {
      await this.challenges.consume(challenge);
      const { email: oldEmail } = await this.users.get(scope, id);
      await this.replace(scope, id, oldEmail ?? '', newEmail);
      const revert = await this.wayBack(scope, id, oldEmail ?? '');
      await this.mails.emailChanged(scope, { id, email: oldEmail ?? '' }, revert);
    });
  }

  /**
   * Calls a change off, from the old mailbox: before it happened nothing comes of it, afterwards the old address is back. Every session ends
   * either way, because one of them asked for the change.
   * @throws InvalidChallenge; EmailTaken when the old address has been taken meanwhile.
   */
  async undo(token: string, named: EnvScope | undefined): Promise<void> {
    const challenge = await this.readUndo(token, named);
    const scope = scopeTo.env(challenge.appId, challenge.envId);
    const { userId: id, email: oldEmail } = challenge;
    await this.database.transaction(async () => {
      await this.challenges.consume(challenge);
      const { email } = await this.users.get(scope, id);
      if (email !== oldEmail) await this.replace(scope, id, email ?? '', oldEmail);
      await this.challenges.drop(scope, id, 'change_email', 'undo_email_change');
      // Calling off what has not happened leaves an earlier address its way back from what has.
      const isBack = email !== oldEmail || challenge.purpose === 'revert_email_change';
      if (isBack) await this.challenges.drop(scope, id, 'revert_email_change');
      await this.sessions.endAll(scope, id, 'revoked', ANONYMOUS);
      this.audit.record(scope, { action: 'auth.email_change_undone', actor: ANONYMOUS, target: { type: 'user', id } });
    });
  }

  /**
   * The first address of a chain of changes keeps the one way back while it lives: an intruder cannot bury it under a second change, to
   * which they would hold both mailboxes.
   */
  private async wayBack(scope: EnvScope, id: Id<'user'>, email: string): Promise<IssuedChallenge | undefined> {
    if ((await this.challenges.find(scope, id, 'revert_email_change')) !== undefined) {
      await this.challenges.drop(scope, id, 'undo_email_change');
      return undefined;
    }
    return this.issue(scope, id, 'revert_email_change', email, this.config.challenges.emailChangeUndoTtlMs);
  }

  private async readUndo(token: string, named: EnvScope | undefined): Promise<ChallengeEntity> {
    try {
      return await this.challenges.read(token, 'undo_email_change', named);
    } catch (error) {
      if (!(error instanceof DomainError) || error.definition !== InvalidChallenge.definition) throw error;
      return this.challenges.read(token, 'revert_email_change', named);
    }
  }

  /** Secrets that were mailed to the address that is left behind are worthless from here on (R119, R122). */
  private async replace(scope: EnvScope, id: Id<'user'>, from: string, to: string): Promise<void> {
    const changed = await this.users.changeEmail(scope, id, from, to, { kind: 'user', id });
    if (changed === undefined) throw new InvalidChallenge();
    await this.challenges.drop(scope, id, 'verify_email', 'reset_password');
  }

  private async requireShare(scope: EnvScope, name: string, email: string): Promise<void> {
    const limit = { name, ...this.config.limits.mailPerAddress };
    await this.limits.require(limit, hashToken(`${scope.envId}/${email}`).toString('hex'));
  }

  private issue(scope: EnvScope, userId: Id<'user'>, purpose: ChallengePurpose, email: string, ttlMs: number) {
    return this.challenges.issue(scope, { userId, purpose, email, ttlMs, withCode: false });
  }
}
