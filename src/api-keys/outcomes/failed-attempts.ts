import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Config } from '../../config/config.js';
import { addressBucket } from '../../http/security/client-address.js';
import { rateLimited } from '../../kernel/limits/rate-limits.js';
import type { DomainError } from '../../kernel/errors/problem.js';

interface Attempts {
  count: number;
  readonly endsAtMs: number;
}

const MOST_ADDRESSES = 50_000;

/**
 * Counts texts from one address that opened nothing, in this replica's memory: whoever guesses is not to have the database asked for every guess.
 * A key that is remembered works from such an address too, so that nobody is locked out by a neighbour.
 */
@Injectable()
export class FailedAttempts {
  readonly #attempts = new LRUCache<string, Attempts>({ max: MOST_ADDRESSES });

  constructor(private readonly config: Config) {}

  note(ip: string, nowMs: number): void {
    const bucket = addressBucket(ip);
    const running = this.#attempts.get(bucket);
    if (running !== undefined && nowMs < running.endsAtMs) running.count += 1;
    else this.#attempts.set(bucket, { count: 1, endsAtMs: nowMs + this.config.limits.keyFailuresPerIp.windowMs });
  }

  /** @returns what an address is told that has failed too often; undefined: it has not. */
  refusal(ip: string, nowMs: number): DomainError | undefined {
    const running = this.#attempts.get(addressBucket(ip));
    const limit = { name: 'key-failures', ...this.config.limits.keyFailuresPerIp };
    if (running === undefined || nowMs >= running.endsAtMs || running.count < limit.count) return undefined;
    return rateLimited({ limit, allowed: false, remaining: 0, resetMs: running.endsAtMs - nowMs });
  }
}
