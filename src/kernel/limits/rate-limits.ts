import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../clock/clock.js';
import { SYSTEM } from '../context/scope.js';
import { ServiceUnavailable } from '../errors/common-problems.js';
import { DomainError, defineProblem } from '../errors/problem.js';
import { Database } from '../persistence/database.js';
import { statement } from '../persistence/statement.js';

export const RateLimited = defineProblem({
  code: 'rate_limited',
  kind: 'rate_limited',
  title: 'Too many requests',
  detail: 'wait as long as Retry-After says, then try again',
});

export interface RateLimit {
  /** Names the policy in the RateLimit headers and the bucket in the store. */
  readonly name: string;
  /** Events per window. */
  readonly count: number;
  readonly windowMs: number;
}

export interface RateLimitState {
  readonly limit: RateLimit;
  readonly allowed: boolean;
  readonly remaining: number;
  /** Until the window ends. */
  readonly resetMs: number;
}

/**
 * One upsert counts and answers: replicas share the count, parallel calls cannot overshoot (R157, R158), a refused call neither
 * extends the window nor grows the count (R161). The table is UNLOGGED: losing counts in a crash of PostgreSQL is harmless.
 */
const TAKE = statement(
  'rate_limits.take',
  `INSERT INTO rate_limits AS l (key, count, window_ends_at) VALUES ($1, 1, $3)
   ON CONFLICT (key) DO UPDATE SET
     count = CASE WHEN l.window_ends_at <= $2 THEN 1 ELSE least(l.count + 1, $4 + 1) END,
     window_ends_at = CASE WHEN l.window_ends_at <= $2 THEN $3 ELSE l.window_ends_at END
   RETURNING count, window_ends_at AS "windowEndsAt"`,
);
const RESET = statement('rate_limits.reset', 'DELETE FROM rate_limits WHERE key = $1');
const PURGE = statement('rate_limits.purge', 'DELETE FROM rate_limits WHERE window_ends_at <= $1');

/** When the shared store is away each replica counts alone, and allows only a part, so that no limit opens (R169). */
const SHARE_WITHOUT_STORE = 1 / 4;
const MOST_LOCAL_KEYS = 10_000;

/** Fixed-window limits shared by all replicas. Keys are opaque: hash what is personal before it becomes one. */
@Injectable()
export class RateLimits {
  readonly #local = new LRUCache<string, { count: number; endsAtMs: number }>({ max: MOST_LOCAL_KEYS });

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Counts one event, outside any transaction: it counts even when the request fails later. @param key who or what is limited. */
  async take(limit: RateLimit, key: string): Promise<RateLimitState> {
    const slot = slotOf(limit, key);
    try {
      const values = [slot, this.clock.now(), this.clock.in(limit.windowMs), limit.count];
      const taken = await this.outsideTransactions(() =>
        this.database.query<{ count: number; windowEndsAt: Date }>(SYSTEM, TAKE, values),
      );
      const row = taken.rows[0] as { count: number; windowEndsAt: Date };
      return this.state(limit, limit.count, row.count, row.windowEndsAt.getTime());
    } catch (error) {
      if (!(error instanceof DomainError) || error.definition !== ServiceUnavailable.definition) throw error;
      return this.takeLocally(limit, slot);
    }
  }

  /** Counts one event. @throws RateLimited */
  async require(limit: RateLimit, key: string): Promise<RateLimitState> {
    const state = await this.take(limit, key);
    if (!state.allowed) throw rateLimited(state);
    return state;
  }

  async reset(limit: RateLimit, key: string): Promise<void> {
    await this.database.query(SYSTEM, RESET, [slotOf(limit, key)]);
  }

  async purge(): Promise<number> {
    return (await this.database.query(SYSTEM, PURGE, [this.clock.now()])).count;
  }

  private outsideTransactions<T>(work: () => Promise<T>): Promise<T> {
    return this.database.current === undefined ? work() : this.database.independently(work);
  }

  private takeLocally(limit: RateLimit, slot: string): RateLimitState {
    const most = Math.max(1, Math.floor(limit.count * SHARE_WITHOUT_STORE));
    const nowMs = this.clock.nowMs();
    const known = this.#local.get(slot);
    const window =
      known !== undefined && known.endsAtMs > nowMs ? known : { count: 0, endsAtMs: nowMs + limit.windowMs };
    window.count += 1;
    this.#local.set(slot, window);
    return this.state(limit, most, window.count, window.endsAtMs);
  }

  private state(limit: RateLimit, most: number, count: number, endsAtMs: number): RateLimitState {
    return {
      limit,
      allowed: count <= most,
      remaining: Math.max(0, most - count),
      resetMs: Math.max(0, endsAtMs - this.clock.nowMs()),
    };
  }
}

function slotOf(limit: RateLimit, key: string): string {
  return `${limit.name}:${key}`;
}

export function rateLimited(state: RateLimitState): DomainError {
  return new RateLimited({ extras: { retry_after: Math.max(1, Math.ceil(state.resetMs / 1_000)) } });
}
