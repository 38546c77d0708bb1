import { describe, expect, it } from '@jest/globals';
import type { Config } from '../config/config.js';
import { FakeClock } from '../kernel/clock/fake-clock.js';
import { Logger } from '../kernel/logging/logger.js';
import { Notifications } from '../kernel/notifications/notifications.js';
import { SESSION_CHANGED, SessionCache, type ValidatedSession } from './session-cache.js';

const SIZE = 3;
const REMEMBERED = 20_000;

/** Notifications that the test speaks, over a connection that is lost and found when it says so. */
class SpokenNotifications extends Notifications {
  live = true;
  readonly #resets: (() => void)[] = [];

  constructor() {
    super({ connection: {}, heartbeatMs: 500 }, new Logger({ level: 'silent', format: 'json' }));
  }

  override get isLive(): boolean {
    return this.live;
  }

  override onReset(listener: () => void): void {
    this.#resets.push(listener);
  }

  becomes(live: boolean): void {
    this.live = live;
    for (const reset of this.#resets) reset();
  }
}

function setUp(cacheSize = SIZE) {
  const notifications = new SpokenNotifications();
  const clock = new FakeClock(new Date('2030-01-15T12:00:00Z'));
  const cache = new SessionCache(notifications, clock, { sessions: { cacheSize } } as Config);
  return { notifications, clock, cache };
}

function session(sessionId: string, userId = 'ausr_ada'): ValidatedSession {
  return { principal: { sessionId, userId } } as ValidatedSession;
}

describe('SessionCache', () => {
  it('R027: a session leaves by a notification of itself, of its user, and of any app', () => {
    for (const payload of [`${SESSION_CHANGED}ases_1`, 'user:ausr_ada', 'tenant:aapp_1']) {
      const { notifications, cache } = setUp();
      cache.put('token', session('ases_1'), cache.round);
      expect(cache.get('token')).toBeDefined();
      notifications.dispatch(payload);
      expect(cache.get('token')).toBeUndefined();
    }
  });

  it('a notification of another session or user leaves it there', () => {
    const { notifications, cache } = setUp();
    cache.put('token', session('ases_1'), cache.round);
    notifications.dispatch(`${SESSION_CHANGED}ases_2`);
    notifications.dispatch('user:ausr_bob');
    expect(cache.get('token')).toBeDefined();
  });

  it('R027: every session of a user leaves with the user', () => {
    const { notifications, cache } = setUp();
    for (const id of ['1', '2', '3']) cache.put(`token-${id}`, session(`ases_${id}`), cache.round);
    notifications.dispatch('user:ausr_ada');
    for (const id of ['1', '2', '3']) expect(cache.get(`token-${id}`)).toBeUndefined();
  });

  it('R027: the token before a rotation leaves too when the new one was used here before the notification came', () => {
    const { notifications, cache } = setUp();
    cache.put('old-token', session('ases_1'), cache.round);
    cache.put('new-token', session('ases_1'), cache.round);
    notifications.dispatch(`${SESSION_CHANGED}ases_1`);
    expect(cache.get('old-token')).toBeUndefined();
    expect(cache.get('new-token')).toBeUndefined();
  });

  it('R027: a look-up that began before the notification and ended after it is not kept', () => {
    for (const payload of [`${SESSION_CHANGED}ases_1`, 'user:ausr_ada', 'tenant:aapp_1']) {
      const { notifications, cache } = setUp();
      const begun = cache.round;
      notifications.dispatch(payload);
      cache.put('token', session('ases_1'), begun);
      expect(cache.get('token')).toBeUndefined();
      cache.put('token', session('ases_1'), cache.round);
      expect(cache.get('token')).toBeDefined();
    }
  });

  it('R027: … not even when so much was invalidated meanwhile that this notification is forgotten', () => {
    const { notifications, cache } = setUp();
    const begun = cache.round;
    notifications.dispatch(`${SESSION_CHANGED}ases_1`);
    for (let other = 0; other < REMEMBERED; other += 1) notifications.dispatch(`${SESSION_CHANGED}ases_other${other}`);
    cache.put('token', session('ases_1'), begun);
    expect(cache.get('token')).toBeUndefined();
  });

  it('R027: while the listening connection is lost nothing is taken or kept, and nothing from before is there afterwards', () => {
    const { notifications, cache } = setUp();
    cache.put('token', session('ases_1'), cache.round);
    const begun = cache.round;
    notifications.becomes(false);
    expect(cache.get('token')).toBeUndefined();
    cache.put('meanwhile', session('ases_2'), cache.round);
    notifications.becomes(true);
    cache.put('late', session('ases_3'), begun);
    for (const key of ['token', 'meanwhile', 'late']) expect(cache.get(key)).toBeUndefined();
    cache.put('token', session('ases_1'), cache.round);
    expect(cache.get('token')).toBeDefined();
  });

  it('holds no more sessions than it may, and forgets the one that was not asked for longest', () => {
    const { notifications, cache } = setUp();
    for (const id of ['1', '2', '3']) cache.put(`token-${id}`, session(`ases_${id}`), cache.round);
    cache.get('token-1');
    cache.put('token-4', session('ases_4'), cache.round);
    expect(cache.get('token-2')).toBeUndefined();
    notifications.dispatch('user:ausr_ada');
    for (const id of ['1', '3', '4']) expect(cache.get(`token-${id}`)).toBeUndefined();
  });

  it('keeps nothing when it is switched off', () => {
    const { cache } = setUp(0);
    cache.put('token', session('ases_1'), cache.round);
    expect(cache.get('token')).toBeUndefined();
  });

  it('an entry is trusted for ten seconds: what nobody was told of is found out then', () => {
    const { clock, cache } = setUp();
    cache.put('token', session('ases_1'), cache.round);
    clock.advance(9_999);
    expect(cache.get('token')).toBeDefined();
    clock.advance(1);
    expect(cache.get('token')).toBeUndefined();
  });
});
