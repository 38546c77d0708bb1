import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config/config.js';
import { type Actor, AuditTrail, SYSTEM_ACTOR } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { Events } from '../kernel/events/events.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import { USER_CHANGED } from '../users/users.service.js';
import { SESSION_CHANGED } from './session-cache.js';
import type { EndReason, SessionEntity } from './session.entity.js';
import { stands } from './session.rules.js';
import './sessions.events.js';
import { SessionNotFound } from './sessions.problems.js';
import { SessionEndings } from './session-endings.js';
import { type EndedSession, SessionsRepository } from './sessions.repository.js';

/** Sessions that exist: who has which, and ending them. Starting one is {@link SessionIssuer}'s, renewing one {@link TokenRefresher}'s. */
@Injectable()
export class SessionsService implements OnModuleInit {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly endings: SessionEndings,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.events.within('admin.user.banned', async (scope, { payload }) => {
      await this.endAll(scope as EnvScope, payload.user_id, 'ban', SYSTEM_ACTOR);
    });
    this.events.within('user.account_deleted', async (scope, { payload }) => {
      await this.sessions.deleteAll(scope as EnvScope, payload.user_id);
    });
    this.events.within('user.deleted', async (scope, { payload }) => {
      await this.endAll(scope as EnvScope, payload.user_id, 'deleted', SYSTEM_ACTOR);
    });
    this.events.within('device.deleted', async (scope, { payload }) => {
      const now = this.clock.now();
      const ended = await this.sessions.endOfDevice(scope as EnvScope, payload.user_id, payload.device_id, now);
      await this.recordEnded(scope as EnvScope, payload.user_id, ended, 'device', SYSTEM_ACTOR);
    });
  }

  /** A live session. @throws SessionNotFound, also for one that is over: the list does not show it either. */
  async get(scope: EnvScope, userId: Id<'user'>, id: Id<'session'>): Promise<SessionEntity> {
    const session = await this.sessions.find(scope, userId, id);
    if (session === null || !stands(session, this.config.sessions.idleTtlMs, this.clock.nowMs())) {
      throw new SessionNotFound();
    }
    return session;
  }

  /** A user's live sessions, newest first. @throws MalformedCursor */
  async list(scope: EnvScope, userId: Id<'user'>, { limit, cursor }: PageRequest): Promise<Page<SessionEntity>> {
    const list = `sessions/${scope.envId}/${userId}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const activeSince = this.clock.in(-this.config.sessions.idleTtlMs);
    const rows = await this.sessions.page(scope, userId, before, this.clock.now(), activeSince, limit + 1);
    return this.cursors.page(list, limit, rows, (session) => session.id);
  }

  /** Ends the caller's own session. Idempotent: a session that is over stays over. */
  signOut(scope: EnvScope, userId: Id<'user'>, id: Id<'session'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      // Also when it is over already: whoever asks again may do so because somebody has not heard of it.
      this.database.notify(SESSION_CHANGED + id);
      const ended = await this.sessions.endOne(scope, userId, id, 'sign_out', this.clock.now());
      if (ended.length === 0) return;
      await this.events.record(scope, 'auth.signout', userId, { user_id: userId, session_id: id });
      this.audit.record(scope, {
        action: 'session.sign_out',
        actor,
        target: { type: 'session', id },
      });
      await this.endings.follow(scope, userId, ended, 'sign_out', actor);
    });
  }

  /** @throws SessionNotFound */
  revoke(
    scope: EnvScope,
    userId: Id<'user'>,
    id: Id<'session'>,
    actor: Actor,
    reason: EndReason = 'revoked',
  ): Promise<void> {
    return this.database.transaction(async () => {
      const ended = await this.sessions.endOne(scope, userId, id, reason, this.clock.now());
      if (ended.length === 0) throw new SessionNotFound();
      await this.recordEnded(scope, userId, ended, reason, actor);
    });
  }

  /** Ends an operator's impersonations: all of them, or those in one app. */
  endImpersonationsBy(operatorId: Id<'user'>, appId?: Id<'app'>): Promise<void> {
    return this.database.transaction(() => this.endings.endBy(operatorId, appId === undefined ? {} : { appId }));
  }

  /** Ends every session of a user, or every one but `except`. @returns how many ended. */
  endAll(
    scope: EnvScope,
    userId: Id<'user'>,
    reason: EndReason,
    actor: Actor,
    except?: Id<'session'>,
  ): Promise<number> {
    return this.database.transaction(async () => {
      const ended = await this.sessions.endAll(scope, userId, reason, this.clock.now(), except);
      await this.recordEnded(scope, userId, ended, reason, actor);
      return ended.length;
    });
  }

  /** Notes that the caller has just proved who they are again. @throws SessionNotFound */
  reauthenticated(scope: EnvScope, userId: Id<'user'>, id: Id<'session'>): Promise<void> {
    return this.database.transaction(async () => {
      if (!(await this.sessions.reauthenticate(scope, userId, id, this.clock.now()))) throw new SessionNotFound();
      this.audit.record(scope, {
        action: 'session.reauthenticate',
        actor: { kind: 'user', id: userId, sessionId: id },
        target: { type: 'session', id },
      });
      this.database.notify(SESSION_CHANGED + id);
    });
  }

  /**
   * Makes a session act for an organization, or for none. The caller has made sure that its owner belongs there; every use asks again.
   * @throws SessionNotFound
   */
  switchOrganization(
    scope: EnvScope,
    userId: Id<'user'>,
    id: Id<'session'>,
    orgId: Id<'organization'> | null,
    actor: Actor,
  ): Promise<void> {
    return this.database.transaction(async () => {
      const switched = await this.sessions.switchOrganization(scope, userId, id, orgId, this.clock.now());
      if (!switched) throw new SessionNotFound();
      const payload = { user_id: userId, session_id: id, ...(orgId !== null && { org_id: orgId }) };
      await this.events.record(scope, 'session.organization_switched', userId, payload);
      this.audit.record(scope, {
        action: 'session.switch_organization',
        actor,
        target: { type: 'session', id },
        metadata: { org_id: orgId },
      });
      this.database.notify(SESSION_CHANGED + id);
    });
  }

  private async recordEnded(
    scope: EnvScope,
    userId: Id<'user'>,
    ended: readonly EndedSession[],
    reason: EndReason,
    actor: Actor,
  ): Promise<void> {
    if (ended.length === 0) return;
    for (const { id } of ended) {
      await this.events.record(scope, 'session.revoked', userId, { user_id: userId, session_id: id, reason });
      this.database.notify(SESSION_CHANGED + id);
    }
    this.audit.record(scope, {
      action: 'session.revoke',
      actor,
      target: { type: 'user', id: userId },
      metadata: { sessions: ended.map(({ id }) => id), reason },
    });
    await this.endings.follow(scope, userId, ended, reason, actor);
    this.database.notify(USER_CHANGED + userId);
  }
}
