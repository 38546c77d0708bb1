import { Injectable } from '@nestjs/common';
import { type Actor, AuditTrail, SYSTEM_ACTOR } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import { type EnvScope, scopeTo } from '../kernel/context/scope.js';
import { Events } from '../kernel/events/events.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { SESSION_CHANGED } from './session-cache.js';
import type { EndReason } from './session.entity.js';
import './sessions.events.js';
import type { EndedSession } from './sessions.repository.js';
import { type ImpersonationsOf, SessionsSystemRepository } from './sessions.system-repository.js';

/** What follows when sessions end: impersonations are told to be over, and those that were begun from an ended session end too. */
@Injectable()
export class SessionEndings {
  constructor(
    private readonly sessions: SessionsSystemRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** In the transaction that ended the sessions, all of one user. */
  async follow(
    scope: EnvScope,
    userId: Id<'user'>,
    ended: readonly EndedSession[],
    reason: EndReason,
    actor: Actor,
  ): Promise<void> {
    for (const { id, impersonatedBy } of ended) {
      if (impersonatedBy !== null)
        await this.recordOver(scope, { userId, id, operatorId: impersonatedBy, reason }, actor);
    }
    if (ended.some(({ ofOperator }) => ofOperator)) await this.endBy(userId, { begunIn: ended.map(({ id }) => id) });
  }

  /** Ends impersonations whose operator has lost the session or the right that they stood on (R292). */
  async endBy(operatorId: Id<'user'>, which: ImpersonationsOf = {}): Promise<void> {
    const ended = await this.sessions.anyTenantEndImpersonations(operatorId, which, this.clock.now());
    for (const { id, appId, envId, userId } of ended) {
      const scope = scopeTo.env(appId, envId);
      const payload = { user_id: userId, session_id: id, reason: 'impersonator' as const };
      await this.events.record(scope, 'session.revoked', userId, payload);
      await this.recordOver(scope, { userId, id, operatorId, reason: 'impersonator' }, SYSTEM_ACTOR);
      this.database.notify(SESSION_CHANGED + id);
    }
  }

  private async recordOver(
    scope: EnvScope,
    {
      userId,
      id,
      operatorId,
      reason,
    }: { userId: Id<'user'>; id: Id<'session'>; operatorId: Id<'user'>; reason: EndReason },
    actor: Actor,
  ): Promise<void> {
    const payload = { user_id: userId, session_id: id, operator_id: operatorId, reason };
    await this.events.record(scope, 'impersonation.ended', userId, payload);
    this.audit.record(scope, {
      action: 'impersonation.end',
      actor,
      target: { type: 'user', id: userId },
      metadata: { session_id: id, operator_id: operatorId, reason },
    });
  }
}
