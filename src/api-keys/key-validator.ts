import { Injectable } from '@nestjs/common';
import { UsageBuffer } from '../billing-bridge/usage/usage-buffer.js';
import { Config } from '../config/config.js';
import { Clock } from '../kernel/clock/clock.js';
import { ServiceUnavailable } from '../kernel/errors/common-problems.js';
import { DomainError } from '../kernel/errors/problem.js';
import { rateLimited } from '../kernel/limits/rate-limits.js';
import type { LimitState, ValidatedKey, ValidateOptions } from '../keys-bridge/key-manager.js';
import { CreditsExhausted, InvalidApiKey } from '../keys-bridge/keys-bridge.problems.js';
import { type CachedKey, KeyCache } from './key-cache.js';
import { flawOf } from './key-format.js';
import { KeyLookupSystemRepository } from './key-lookup.system-repository.js';
import { type KeyRefusal, problemOf, refusalOf, type UnknownKeyRefusal } from './key-rules.js';
import { KeyLimiter, type Verdict } from './limits/key-limiter.js';
import { FailedAttempts } from './outcomes/failed-attempts.js';
import { KeyAudit } from './outcomes/key-audit.js';
import { KeyOutcomes } from './outcomes/key-outcomes.js';
import { KeyUsageBuffer } from './usage/key-usage-buffer.js';
import { latencyBucket } from './usage/latency.js';

/** Made once: who tries forgeries is not to cost a stack trace each. */
const OPENS_NOTHING = new InvalidApiKey();
const NOTHING_ASKED: ValidateOptions = {};
const NO_LIMITS: readonly LimitState[] = [];
const FROM_MEMORY = 0;

/**
 * The hot path: one call that looks a key up, judges it, takes from its limits and credits, and counts it. What is in memory is judged without a
 * promise. Cheap refusals come first and take nothing from any limit.
 */
@Injectable()
export class KeyValidator {
  constructor(
    private readonly cache: KeyCache,
    private readonly lookup: KeyLookupSystemRepository,
    private readonly limiter: KeyLimiter,
    private readonly usage: KeyUsageBuffer,
    private readonly meter: UsageBuffer,
    private readonly outcomes: KeyOutcomes,
    private readonly audit: KeyAudit,
    private readonly attempts: FailedAttempts,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** @throws InvalidApiKey, InsufficientScope, KeyNotAllowedHere, RateLimited, CreditsExhausted, ServiceUnavailable; also as a rejection */
  validate(rawKey: string, options: ValidateOptions = NOTHING_ASKED): ValidatedKey | Promise<ValidatedKey> {
    // A slip or a forgery costs neither a hash nor a query.
    const flaw = flawOf(rawKey, this.config.keys.foreignPrefixes);
    if (flaw !== undefined) throw this.unknown(flaw, options);
    const found = this.cache.recall(rawKey);
    if (found !== undefined) return this.answer(found, options, undefined);
    if (options.presenter !== undefined) this.requirePatience(options.presenter);
    const startedAt = performance.now();
    const asked = this.cache.find(rawKey);
    return asked instanceof Promise
      ? asked.then((key) => this.answer(key, options, startedAt))
      : this.answer(asked, options, startedAt);
  }

  /** @param startedAt by the monotonic timer, where somebody had to be asked. */
  private answer(
    key: CachedKey | undefined,
    options: ValidateOptions,
    startedAt: number | undefined,
  ): ValidatedKey | Promise<ValidatedKey> {
    if (key === undefined) throw this.unknown('not_found', options);
    const nowMs = this.clock.nowMs();
    const refusal = refusalOf(key, options, nowMs);
    if (refusal !== undefined) throw this.refused(key, refusal, options, startedAt, problemOf(refusal, key, options));
    const { scope, found, windows } = key;
    if (windows.length === 0) return this.charge(key, options, NO_LIMITS, startedAt, nowMs);
    const taken = this.limiter.take(scope, found.id, windows, nowMs);
    if (!(taken instanceof Promise)) return this.limited(key, options, taken, startedAt, nowMs);
    const askedAt = startedAt ?? performance.now();
    return taken.then(
      (verdict) => this.limited(key, options, verdict, askedAt, nowMs),
      (error: unknown) => {
        throw this.refused(key, 'limits_unavailable', options, askedAt, unavailable(error));
      },
    );
  }

  private limited(
    key: CachedKey,
    options: ValidateOptions,
    { refusing, limits }: Verdict,
    startedAt: number | undefined,
    nowMs: number,
  ): ValidatedKey | Promise<ValidatedKey> {
    if (refusing === undefined) return this.charge(key, options, limits, startedAt, nowMs);
    const { name, limit: count, resetMs } = refusing;
    const limit = { name, count, windowMs: resetMs };
    const problem = rateLimited({ limit, allowed: false, remaining: 0, resetMs });
    throw this.refused(key, 'rate_limited', options, startedAt, problem);
  }

  private charge(
    key: CachedKey,
    options: ValidateOptions,
    limits: readonly LimitState[],
    startedAt: number | undefined,
    nowMs: number,
  ): ValidatedKey | Promise<ValidatedKey> {
    if (key.found.credits === null) return this.accept(key, options, limits, startedAt, nowMs, undefined);
    const askedAt = startedAt ?? performance.now();
    return this.lookup.anyTenantSpend(key.found.id, options.cost ?? 1, this.clock.now()).then(({ paid, remaining }) => {
      if (paid) return this.accept(key, options, limits, askedAt, nowMs, remaining);
      throw this.refused(key, 'credits_exhausted', options, askedAt, new CreditsExhausted({ extras: { remaining } }));
    });
  }

  private accept(
    key: CachedKey,
    { tag = '' }: ValidateOptions,
    limits: readonly LimitState[],
    startedAt: number | undefined,
    nowMs: number,
    creditsRemaining: number | undefined,
  ): ValidatedKey {
    this.usage.note(key, 'accepted', tag, bucketSince(startedAt), nowMs);
    this.outcomes.count('accepted');
    this.meter.keyValidated(key.metered, nowMs);
    if (key.found.secret === 'grace') {
      this.outcomes.countGraceUse();
      this.audit.graceUsed(key, nowMs);
    }
    return validated(key, limits, creditsRemaining);
  }

  /** @returns the problem, once everybody who counts knows of it. */
  private refused(
    key: CachedKey,
    refusal: KeyRefusal,
    { tag = '', presenter }: ValidateOptions,
    startedAt: number | undefined,
    problem: DomainError,
  ): DomainError {
    const nowMs = this.clock.nowMs();
    this.usage.note(key, refusal, tag, bucketSince(startedAt), nowMs);
    this.outcomes.count(refusal);
    this.audit.refused(key, refusal);
    if (presenter !== undefined && problem.kind === 'unauthenticated') this.attempts.note(presenter, nowMs);
    return problem;
  }

  private unknown(refusal: UnknownKeyRefusal, { presenter }: ValidateOptions): DomainError {
    this.outcomes.count(refusal);
    if (presenter !== undefined) {
      const nowMs = this.clock.nowMs();
      const tooMany = this.attempts.refusal(presenter, nowMs);
      if (tooMany !== undefined) return tooMany;
      this.attempts.note(presenter, nowMs);
    }
    return OPENS_NOTHING;
  }

  /** Whoever has guessed too often is not looked up for. @throws RateLimited */
  private requirePatience(presenter: string): void {
    const tooMany = this.attempts.refusal(presenter, this.clock.nowMs());
    if (tooMany === undefined) return;
    this.outcomes.count('too_many_failures');
    throw tooMany;
  }
}

function bucketSince(startedAt: number | undefined): number {
  return startedAt === undefined ? FROM_MEMORY : latencyBucket(performance.now() - startedAt);
}

function unavailable(error: unknown): DomainError {
  return error instanceof DomainError ? error : new ServiceUnavailable({ cause: error });
}

function validated(
  { found, scope, scopes, owner, grace, expiresAt }: CachedKey,
  limits: readonly LimitState[],
  creditsRemaining: number | undefined,
): ValidatedKey {
  const { id, name, metadata, secret } = found;
  const common = { id, name, owner, scope, scopes, metadata, expiresAt, secret, limits };
  if (grace === undefined && creditsRemaining === undefined) return common;
  return { ...common, ...(grace && { grace }), ...(creditsRemaining === undefined ? {} : { creditsRemaining }) };
}
