import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Config } from '../../config/config.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { ServiceUnavailable } from '../../kernel/errors/common-problems.js';
import { DomainError } from '../../kernel/errors/problem.js';
import type { Id } from '../../kernel/ids/id.js';
import { type BackgroundWorker, BackgroundWorkers } from '../../kernel/jobs/background-workers.js';
import { WakeLoop } from '../../kernel/jobs/wake-loop.js';
import { Logger } from '../../kernel/logging/logger.js';
import { Metrics } from '../../kernel/metrics/metrics.js';
import type { LimitState } from '../../keys-bridge/key-manager.js';
import { LeasesSystemRepository } from './leases.system-repository.js';
import { NEVER, openShare, type Share, stateOf } from './share.js';
import { type KeyWindow, weightOfPrevious } from './window-rules.js';

export interface Verdict {
  readonly limits: readonly LimitState[];
  /** The limit that refused; undefined: none did. */
  readonly refusing?: LimitState;
}

const MOST_AT_ONCE = 1_000;
/** A share that was worth it is filled up before it is used up, so that nobody waits. */
const LEAST_TO_REFILL = 16;
const IDLE_MS = 1_000;
/** How often a replica asks again for a window that is used up. */
const ASK_AGAIN_MS = 100;
const MOST_TRIES = 3;

/**
 * Limits of keys that hold over all replicas: each has a share of the window in memory and asks for another when it is used up. Never more than
 * the limit passes; a replica that dies takes its share with it until the window ends. Of several limits all count, or none does.
 *
 * While the database is away, shares that were handed out go on; then a call is answered with 503, or, where the deployment has said how many
 * replicas there are (`AUTHSOME_KEYS_OFFLINE_REPLICAS`), each lets its part of every window pass that begins meanwhile.
 */
@Injectable()
export class KeyLimiter implements BackgroundWorker, OnModuleInit {
  readonly #shares = new Map<string, Share>();
  readonly #loop = new WakeLoop(() => this.tidy(IDLE_MS));
  /** What is leased belongs to no request's transaction: it stays leased when the request fails. */
  readonly #outside = AsyncLocalStorage.snapshot();
  readonly #offline: Counter;

  constructor(
    private readonly leases: LeasesSystemRepository,
    private readonly workers: BackgroundWorkers,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly config: Config,
    metrics: Metrics,
  ) {
    this.#offline = new Counter({
      name: 'authsome_api_key_offline_shares_total',
      help: 'Windows of limits that a replica shared out by itself because the database was away',
      registers: [metrics.registry],
    });
  }

  onModuleInit(): void {
    this.workers.register(this);
  }

  start(): void {
    this.#loop.start(IDLE_MS);
  }

  /** Gives back what is not used. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.tidy(0);
  }

  drain(): Promise<void> {
    return this.tidy(0);
  }

  /** Takes one call of every window. @returns a promise only when a share has to be asked for. @throws ServiceUnavailable (as a rejection) */
  take(
    scope: EnvScope,
    keyId: Id<'api_key'>,
    windows: readonly KeyWindow[],
    nowMs: number,
  ): Verdict | Promise<Verdict> {
    let isOpen = true;
    let closed: Share | undefined;
    for (const window of windows) {
      const share = this.share(scope, keyId, window, nowMs);
      if (share.available > 0) continue;
      isOpen = false;
      if (share.deniedUntilMs > nowMs) closed ??= share;
    }
    if (isOpen) return this.pass(windows, nowMs);
    return closed === undefined ? this.ask(scope, keyId, windows, MOST_TRIES) : refuse(windows, closed, nowMs);
  }

  private async ask(
    scope: EnvScope,
    keyId: Id<'api_key'>,
    windows: readonly KeyWindow[],
    tries: number,
  ): Promise<Verdict> {
    const nowMs = this.clock.nowMs();
    const shares = windows.map((window) => this.share(scope, keyId, window, nowMs));
    for (const share of shares) if (share.available === 0 && share.deniedUntilMs <= nowMs) await this.lease(share);
    if (shares.every(({ available }) => available > 0)) return this.pass(windows, nowMs);
    const closed = shares.find(({ available, deniedUntilMs }) => available === 0 && deniedUntilMs > this.clock.nowMs());
    if (closed !== undefined) return refuse(windows, closed, nowMs);
    // Others were quicker with what was leased.
    const [first] = shares.filter(({ available }) => available === 0);
    return tries > 1 ? this.ask(scope, keyId, windows, tries - 1) : refuse(windows, first as Share, nowMs);
  }

  /** However many calls wait for a share, it is asked for once. */
  private lease(share: Share): Promise<void> {
    share.leasing ??= this.#outside(() => this.leaseOf(share)).finally(() => (share.leasing = undefined));
    return share.leasing;
  }

  private async leaseOf(share: Share): Promise<void> {
    const weight = weightOfPrevious(share.limit, this.clock.nowMs());
    try {
      const lease = await this.leases.anyTenantLease({ ...share.window, weight }, MOST_AT_ONCE, 0);
      share.isLeased = true;
      share.available += lease.granted;
      share.left = lease.left;
      share.refillAt = lease.granted >= LEAST_TO_REFILL ? Math.floor(lease.granted / 4) : NEVER;
      if (lease.granted === 0) share.deniedUntilMs = Math.min(this.clock.nowMs() + ASK_AGAIN_MS, share.endMs);
    } catch (error) {
      if (!isAway(error) || !this.shareOut(share, weight)) throw error;
    }
  }

  /**
   * This replica's part of a window that began without the database: all it gets of it, so that the parts of all replicas never add up to more than
   * the limit, whoever has the database back first.
   * @returns false where nobody may count alone: others may have had any part of a window that was leased before.
   */
  private shareOut(share: Share, weight: number): boolean {
    const replicas = this.config.keys.offlineReplicas;
    if (replicas === 0 || share.isLeased) return false;
    share.available = Math.max(0, Math.floor(share.limit.limit / replicas - share.spentBefore * weight));
    share.owed = share.available;
    share.left = 0;
    share.refillAt = NEVER;
    share.isSharedOut = true;
    if (share.available === 0) share.deniedUntilMs = share.endMs;
    this.#offline.inc();
    return true;
  }

  private share(scope: EnvScope, keyId: Id<'api_key'>, limit: KeyWindow, nowMs: number): Share {
    const atHand = limit.share;
    if (atHand !== undefined && !atHand.isClosed && nowMs < atHand.endMs && nowMs >= atHand.startMs) return atHand;
    const known = this.#shares.get(limit.slot);
    const isRunning = known !== undefined && nowMs < known.endMs && nowMs >= known.startMs;
    if (isRunning && known.limit.limit === limit.limit && known.limit.seconds === limit.seconds) {
      limit.share = known;
      return known;
    }
    const share = openShare(scope, keyId, limit, nowMs, known);
    if (known !== undefined) void this.giveBack(known);
    this.#shares.set(limit.slot, share);
    limit.share = share;
    return share;
  }

  /** @param windows whose shares are at hand. */
  private pass(windows: readonly KeyWindow[], nowMs: number): Verdict {
    const limits: LimitState[] = [];
    for (const { share } of windows as readonly { readonly share: Share }[]) {
      share.available -= 1;
      share.spent += 1;
      share.usedAtMs = nowMs;
      if (share.available === share.refillAt) this.refill(share);
      else if (share.available === 0 && share.isSharedOut) share.deniedUntilMs = share.endMs;
      limits.push(stateOf(share, nowMs));
    }
    return { limits };
  }

  private refill(share: Share): void {
    this.lease(share).catch((error: unknown) => {
      // Whoever finds the share used up asks again, and is told.
      this.logger.debug('api_keys.share_not_filled', { key_id: share.window.keyId, error });
    });
  }

  private async tidy(idleMs: number): Promise<void> {
    const nowMs = this.clock.nowMs();
    for (const [slot, share] of this.#shares) {
      // What the database does not know of it is told first, and a part stays a part until its window ends.
      if (share.owed > 0 && nowMs < share.endMs && !(await this.settle(share))) continue;
      if (nowMs - share.usedAtMs < idleMs || share.leasing !== undefined || (share.isSharedOut && nowMs < share.endMs))
        continue;
      this.#shares.delete(slot);
      await this.giveBack(share);
    }
  }

  /** Tells the database what was let pass without it. @returns whether it knows. */
  private async settle(share: Share): Promise<boolean> {
    const { owed } = share;
    try {
      await this.leases.anyTenantLease({ ...share.window, weight: 0 }, 0, owed);
      share.owed -= owed;
      return true;
    } catch (error) {
      this.logger.debug('api_keys.share_not_settled', { key_id: share.window.keyId, error });
      return false;
    }
  }

  private async giveBack(share: Share): Promise<void> {
    const count = share.available;
    share.available = 0;
    share.isClosed = true;
    if (count === 0 || share.owed > 0) return;
    await this.leases.anyTenantGiveBack(share.window, count).catch((error: unknown) => {
      this.logger.warn('api_keys.share_lost', { key_id: share.window.keyId, error });
    });
  }
}

function isAway(error: unknown): boolean {
  return error instanceof DomainError && error.definition === ServiceUnavailable.definition;
}

function refuse(windows: readonly KeyWindow[], closed: Share, nowMs: number): Verdict {
  return { limits: windows.map(({ share }) => stateOf(share as Share, nowMs)), refusing: stateOf(closed, nowMs) };
}
