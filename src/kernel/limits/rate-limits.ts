import { AsyncLocalStorage } from 'node:async_hooks';
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

/** Counting stops here: what comes after is refused whatever the number, and an integer holds it. */
const FAR_PAST_ANY_LIMIT = 1_000_000_000;

/**
 * One upsert counts and answers: replicas share the count, parallel calls cannot overshoot (R157, R158), and a refused call does not extend
 * the window (R161). In the order of the keys, so that two replicas never wait for each other. The table is UNLOGGED: losing counts in a
 * crash of PostgreSQL is harmless.
 */
const TAKE = statement(
  'rate_limits.take',
  `INSERT INTO rate_limits AS l (key, count, window_ends_at)
   SELECT * FROM unnest($1::text[], $2::integer[], $3::timestamptz[]) AS t (key, count, ends_at) ORDER BY key
   ON CONFLICT (key) DO UPDATE SET
     count = CASE WHEN l.window_ends_at <= $4 THEN 0 ELSE least(l.count, ${FAR_PAST_ANY_LIMIT}) END + excluded.count,
     window_ends_at = CASE WHEN l.window_ends_at <= $4 THEN excluded.window_ends_at ELSE l.window_ends_at END
   RETURNING key, count, window_ends_at AS "windowEndsAt"`,
);
const RESET = statement('rate_limits.reset', 'DELETE FROM rate_limits WHERE key = $1');
const PURGE = statement('rate_limits.purge', 'DELETE FROM rate_limits WHERE window_ends_at <= $1');

/** When the shared store is away each replica counts alone, and allows only a part, so that no limit opens (R169). */
const SHARE_WITHOUT_STORE = 1 / 4;
const MOST_LOCAL_KEYS = 10_000;

/** Calls that count against one key, in the order they came. */
interface Waiting {
  readonly limit: RateLimit;
  readonly answers: {
    readonly resolve: (state: RateLimitState) => void;
    readonly reject: (error: unknown) => void;
  }[];
}

interface Taken {
  readonly key: string;
  /** After the last of the calls. */
  readonly count: number;
  readonly windowEndsAt: Date;
}

/**
 * Fixed-window limits shared by all replicas. Keys are opaque: hash what is personal before it becomes one.
 *
 * While one statement counts, the calls that come meanwhile wait and are counted together by the next: a flood from one address is one
 * statement at a time, not a queue of requests for one row.
 */
@Injectable()
export class RateLimits {
  readonly #local = new LRUCache<string, { count: number; endsAtMs: number }>({ max: MOST_LOCAL_KEYS });
  /** Counting belongs to no request's transaction: what is counted stays counted when the request fails. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #waiting = new Map<string, Waiting>();
  #counting = false;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Counts one event, outside any transaction. @param key who or what is limited. */
  take(limit: RateLimit, key: string): Promise<RateLimitState> {
    const slot = slotOf(limit, key);
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(slot);
      if (waiting === undefined) this.#waiting.set(slot, { limit, answers: [{ resolve, reject }] });
      else waiting.answers.push({ resolve, reject });
      if (!this.#counting) void this.#outside(() => this.count());
    });
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

  private async count(): Promise<void> {
    this.#counting = true;
    while (this.#waiting.size > 0) {
      const batch = this.#waiting;
      this.#waiting = new Map();
      await this.countBatch(batch);
    }
    this.#counting = false;
  }

  private async countBatch(batch: ReadonlyMap<string, Waiting>): Promise<void> {
    const waiting = [...batch.values()];
    const values = [
      [...batch.keys()],
      waiting.map(({ answers }) => answers.length),
      waiting.map(({ limit }) => this.clock.in(limit.windowMs)),
      this.clock.now(),
    ];
    try {
      const { rows } = await this.database.query<Taken>(SYSTEM, TAKE, values);
      for (const { key, count, windowEndsAt } of rows) {
        const { limit, answers } = batch.get(key) as Waiting;
        const before = count - answers.length;
        answers.forEach(({ resolve }, index) =>
          resolve(this.state(limit, limit.count, before + index + 1, windowEndsAt.getTime())),
        );
      }
    } catch (error) {
      const away = error instanceof DomainError && error.definition === ServiceUnavailable.definition;
      for (const [slot, { limit, answers }] of batch)
        for (const { resolve, reject } of answers) {
          if (away) resolve(this.takeLocally(limit, slot));
          else reject(error);
        }
    }
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
