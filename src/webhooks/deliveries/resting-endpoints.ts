import { LRUCache } from 'lru-cache';
import type { Id } from '../../kernel/ids/id.js';

const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 30_000;
const MOST_ENDPOINTS = 10_000;

interface Rest {
  /** Lanes in a row in which nothing was delivered. */
  readonly failures: number;
  readonly untilMs: number;
}

/**
 * Endpoints that have just failed, each with a time in which this replica leaves it alone: what is due waits, and costs nobody anything.
 * Short beside the waits between attempts, so that whoever comes back is found at once. In memory only: another replica finds out itself.
 */
export class RestingEndpoints {
  readonly #rests = new LRUCache<Id<'webhook'>, Rest>({ max: MOST_ENDPOINTS });

  /** Those to be left alone at `nowMs`. */
  at(nowMs: number): Id<'webhook'>[] {
    return [...this.#rests.entries()].filter(([, { untilMs }]) => untilMs > nowMs).map(([id]) => id);
  }

  failed(id: Id<'webhook'>, nowMs: number): void {
    const failures = (this.#rests.peek(id)?.failures ?? 0) + 1;
    const rest = Math.min(FIRST_REST_MS * 2 ** (failures - 1), LONGEST_REST_MS);
    this.#rests.set(id, { failures, untilMs: nowMs + rest });
  }

  recovered(id: Id<'webhook'>): void {
    this.#rests.delete(id);
  }
}
