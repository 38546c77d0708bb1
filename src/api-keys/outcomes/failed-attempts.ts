import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Config } from '../../config/config.js';
import { rateLimited } from '../../kernel/limits/rate-limits.js';
import type { DomainError } from '../../kernel/errors/problem.js';

interface Attempts {
  count: number;
  readonly endsAtMs: number;
}

const MOST_PRESENTERS = 50_000;

/**
 * Counts texts of one presenter that opened nothing, in this replica's memory: whoever guesses is not to have the database asked for every guess.
 * A key that is remembered works for them too, so that nobody is locked out by a neighbour.
 */
@Injectable()
export class FailedAttempts {
  readonly #attempts = new LRUCache<string, Attempts>({ max: MOST_PRESENTERS });

  constructor(private readonly config: Config) {}

  note(presenter: string, nowMs: number): void {
    const running = this.#attempts.get(presenter);
    if (running !== undefined && nowMs < running.endsAtMs) running.count += 1;
    else this.#attempts.set(presenter, { count: 1, endsAtMs: nowMs + this.config.limits.keyFailuresPerIp.windowMs });
  }

  /** @returns what somebody is told who has failed too often; undefined: they have not. */
  refusal(presenter: string, nowMs: number): DomainError | undefined {
    const running = this.#attempts.get(presenter);
    const limit = { name: 'key-failures', ...this.config.limits.keyFailuresPerIp };
    if (running === undefined || nowMs >= running.endsAtMs || running.count < limit.count) return undefined;
    return rateLimited({ limit, allowed: false, remaining: 0, resetMs: running.endsAtMs - nowMs });
  }
}
