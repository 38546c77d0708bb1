import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { ClientInfo } from '../kernel/context/client-info.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { Events } from '../kernel/events/events.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { OperatorsService } from '../operators/operators.service.js';
import { type IssuedSession, SessionIssuer } from '../sessions/session-issuer.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { UsersService } from '../users/users.service.js';
import { NotImpersonating } from './impersonation.problems.js';

export interface ImpersonationWish {
  readonly userId: Id<'user'>;
  readonly reason: string;
  readonly durationMs: number;
  readonly client: ClientInfo;
}

/** Operators who act as users: with a reason, for a while, in everybody's sight (R288–R292). */
@Injectable()
export class ImpersonationService {
  constructor(
    private readonly operators: OperatorsService,
    private readonly users: UsersService,
    private readonly issuer: SessionIssuer,
    private readonly sessions: SessionsService,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /**
   * @param scope where the user lives; the caller reaches its app.
   * @throws UserNotFound, OperatorProtected, UserBanned; ForeignTenant or InvalidCredentials when the caller has just lost right or session.
   */
  start(scope: EnvScope, operator: UserPrincipal, wish: ImpersonationWish): Promise<IssuedSession> {
    const { userId, reason, durationMs, client } = wish;
    return this.database.transaction(async () => {
      const user = await this.users.get(scope, userId);
      await this.operators.requireImpersonable(operator.userId, scope.appId, userId);
      const endsAt = this.clock.in(durationMs);
      const issued = await this.issuer.impersonate(scope, { user, operator, reason, endsAt, client });
      const { id } = issued.session;
      const ends_at = endsAt.toISOString();
      const payload = { user_id: userId, session_id: id, operator_id: operator.userId, ends_at };
      await this.events.record(scope, 'impersonation.started', userId, payload);
      this.audit.record(scope, {
        action: 'impersonation.start',
        actor: actorOf(operator),
        target: { type: 'user', id: userId },
        metadata: { session_id: id, reason, ends_at },
      });
      return issued;
    });
  }

  /** Ends the impersonation that calls. @throws NotImpersonating */
  async stop(caller: UserPrincipal): Promise<void> {
    const { scope, userId, sessionId, impersonatedBy } = caller;
    if (impersonatedBy === null) throw new NotImpersonating();
    await this.sessions.revoke(scope, userId, sessionId, actorOf(caller), 'stopped');
  }
}
