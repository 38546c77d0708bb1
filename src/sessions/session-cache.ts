import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { TENANT_CHANGED } from '../http/tenancy/tenant-changed.js';
import { Config } from '../config/config.js';
import { Clock } from '../kernel/clock/clock.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import { Notifications } from '../kernel/notifications/notifications.js';
import { USER_CHANGED } from '../users/users.service.js';

/** Notification, followed by the session's id, that it ended or got new tokens. */
export const SESSION_CHANGED = 'session:';

/** A session that was checked against the database, with what is needed to check it again without. */
export interface ValidatedSession {
  readonly principal: UserPrincipal;
  readonly expiresAtMs: number;
  readonly absoluteExpiresAtMs: number;
  /** Undefined: the session is bound to no address. */
  readonly boundAddress: string | undefined;
  /** Undefined: the session is bound to no device. */
  readonly boundDevice: { readonly userAgent: string | null; readonly secretHash: Buffer | null } | undefined;
  lastActivityMs: number;
}

interface Entry {
  readonly session: ValidatedSession;
  readonly trustedUntilMs: number;
}

/**
 * An entry is trusted no longer than this. That a session has new tokens is announced after the commit; should the replica die in between,
 * the others find out from the database.
 */
const TRUSTED_MS = 10_000;

/** How many recent invalidations are remembered to catch look-ups that were under way. */
const REMEMBERED = 20_000;

/**
 * Validated sessions by token hash (C3). Entries leave when the database notifies that the session, its user or its app changed. While the
 * listening connection is lost nothing is taken from or put into the cache.
 *
 * A look-up that began before an invalidation may come back after it with the old row; it carries the round it began in, and is not
 * stored when anything it depends on was invalidated since.
 */
@Injectable()
export class SessionCache {
  readonly #sessions: LRUCache<string, Entry> | undefined;
  readonly #keysOfSession = new Map<string, string>();
  readonly #keysOfUser = new Map<string, Set<string>>();
  readonly #invalidatedIn: LRUCache<string, number>;
  #round = 0;
  /** Nothing that began in this round or before may be stored. */
  #barrier = 0;

  constructor(
    private readonly notifications: Notifications,
    private readonly clock: Clock,
    config: Config,
  ) {
    this.#invalidatedIn = new LRUCache({
      max: REMEMBERED,
      dispose: (round, _key, reason) => {
        if (reason === 'evict') this.#barrier = Math.max(this.#barrier, round);
      },
    });
    if (config.sessions.cacheSize === 0) return;
    this.#sessions = new LRUCache({
      max: config.sessions.cacheSize,
      dispose: ({ session }, key) => this.unindex(session, key),
    });
    notifications.on(SESSION_CHANGED, (payload) => this.invalidateSession(payload.slice(SESSION_CHANGED.length)));
    notifications.on(USER_CHANGED, (payload) => this.invalidateUser(payload.slice(USER_CHANGED.length)));
    notifications.on(TENANT_CHANGED, () => this.flush());
    notifications.onReset(() => this.flush());
  }

  get(key: string): ValidatedSession | undefined {
    const entry = this.notifications.isLive ? this.#sessions?.get(key) : undefined;
    return entry !== undefined && entry.trustedUntilMs > this.clock.nowMs() ? entry.session : undefined;
  }

  /** Taken before a look-up, handed to {@link put} after it. */
  get round(): number {
    return this.#round;
  }

  put(key: string, session: ValidatedSession, begunIn: number): void {
    const { sessionId, userId } = session.principal;
    const stale =
      begunIn < this.#barrier ||
      begunIn < (this.#invalidatedIn.get(sessionId) ?? 0) ||
      begunIn < (this.#invalidatedIn.get(userId) ?? 0);
    if (stale || this.#sessions === undefined || !this.notifications.isLive) return;
    // A session opens with one token at a time. The notification that it has another may still be on its way, and takes only one entry.
    const before = this.#keysOfSession.get(sessionId);
    if (before !== undefined && before !== key) this.#sessions.delete(before);
    this.#sessions.set(key, { session, trustedUntilMs: this.clock.nowMs() + TRUSTED_MS });
    this.#keysOfSession.set(sessionId, key);
    const keys = this.#keysOfUser.get(userId);
    if (keys === undefined) this.#keysOfUser.set(userId, new Set([key]));
    else keys.add(key);
  }

  private invalidateSession(id: string): void {
    this.#invalidatedIn.set(id, ++this.#round);
    const key = this.#keysOfSession.get(id);
    if (key !== undefined) this.#sessions?.delete(key);
  }

  private invalidateUser(id: string): void {
    this.#invalidatedIn.set(id, ++this.#round);
    for (const key of [...(this.#keysOfUser.get(id) ?? [])]) this.#sessions?.delete(key);
  }

  private flush(): void {
    this.#barrier = ++this.#round;
    this.#sessions?.clear();
    this.#keysOfSession.clear();
    this.#keysOfUser.clear();
  }

  private unindex({ principal }: ValidatedSession, key: string): void {
    if (this.#keysOfSession.get(principal.sessionId) === key) this.#keysOfSession.delete(principal.sessionId);
    const keys = this.#keysOfUser.get(principal.userId);
    keys?.delete(key);
    if (keys?.size === 0) this.#keysOfUser.delete(principal.userId);
  }
}
