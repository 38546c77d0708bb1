import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { type BackgroundWorker, BackgroundWorkers } from '../../kernel/jobs/background-workers.js';
import { WakeLoop } from '../../kernel/jobs/wake-loop.js';
import { Logger } from '../../kernel/logging/logger.js';
import type { LimitState, WindowLimit } from '../../keys-bridge/key-manager.js';
import { type LeasedWindow, LeasesSystemRepository } from './leases.system-repository.js';
import { type KeyWindow, weightOfPrevious, windowAt } from './window-rules.js';

/** What this replica may still let pass in a window. */
interface Share {
  readonly window: LeasedWindow;
  readonly limit: WindowLimit;
  readonly startMs: number;
  readonly endMs: number;
  available: number;
  /** What was left for everybody when the last lease was given. */
  left: number;
  /** Nothing is to be had before. */
  deniedUntilMs: number;
  usedAtMs: number;
  leasing: Promise<void> | undefined;
}

export interface Verdict {
  readonly allowed: boolean;
  readonly limits: readonly LimitState[];
  /** The limit that refused. */
  readonly refusing?: LimitState;
}

const MOST_AT_ONCE = 500;
const IDLE_MS = 1_000;
/** How often a replica asks again for a window that is used up. */
const ASK_AGAIN_MS = 100;
const MOST_TRIES = 3;

/**
 * Limits of keys that hold over all replicas: each has a share of the window in memory and asks for another when it is used up. Never more than
 * the limit passes; a replica that dies takes its share with it until the window ends. Of several limits all count, or none does.
 */
@Injectable()
export class KeyLimiter implements BackgroundWorker, OnModuleInit {
  readonly #shares = new Map<string, Share>();
  readonly #loop = new WakeLoop(() => this.tidy(IDLE_MS));

  constructor(
    private readonly leases: LeasesSystemRepository,
    private readonly workers: BackgroundWorkers,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

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

  /** Takes one call of every window. @returns a promise only when a share has to be asked for. */
  take(scope: EnvScope, keyId: Id<'api_key'>, windows: readonly KeyWindow[]): Verdict | Promise<Verdict> {
    const nowMs = this.clock.nowMs();
    const shares = windows.map((window) => this.share(scope, keyId, window, nowMs));
    if (shares.every(({ available }) => available > 0)) return this.pass(shares, nowMs);
    const closed = shares.find(({ available, deniedUntilMs }) => available === 0 && deniedUntilMs > nowMs);
    if (closed !== undefined) return this.refuse(shares, closed, nowMs);
    return this.ask(scope, keyId, windows, MOST_TRIES);
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
    if (shares.every(({ available }) => available > 0)) return this.pass(shares, nowMs);
    const closed = shares.find(({ available, deniedUntilMs }) => available === 0 && deniedUntilMs > this.clock.nowMs());
    if (closed !== undefined) return this.refuse(shares, closed, nowMs);
    // Others were quicker with what was leased.
    const [first] = shares.filter(({ available }) => available === 0);
    return tries > 1 ? this.ask(scope, keyId, windows, tries - 1) : this.refuse(shares, first as Share, nowMs);
  }

  /** However many calls wait for a share, it is asked for once. */
  private lease(share: Share): Promise<void> {
    share.leasing ??= this.leases
      .anyTenantLease({ ...share.window, weight: weightOfPrevious(share.limit, this.clock.nowMs()) }, MOST_AT_ONCE)
      .then(({ granted, left }) => {
        share.available += granted;
        share.left = left;
        if (granted === 0) share.deniedUntilMs = Math.min(this.clock.nowMs() + ASK_AGAIN_MS, share.endMs);
      })
      .finally(() => (share.leasing = undefined));
    return share.leasing;
  }

  private pass(shares: readonly Share[], nowMs: number): Verdict {
    for (const share of shares) {
      share.available -= 1;
      share.usedAtMs = nowMs;
    }
    return { allowed: true, limits: shares.map((share) => stateOf(share, nowMs)) };
  }

  private refuse(shares: readonly Share[], closed: Share, nowMs: number): Verdict {
    return { allowed: false, limits: shares.map((share) => stateOf(share, nowMs)), refusing: stateOf(closed, nowMs) };
  }

  private share(scope: EnvScope, keyId: Id<'api_key'>, limit: KeyWindow, nowMs: number): Share {
    const { slot } = limit;
    const { startMs, endMs } = windowAt(limit, nowMs);
    const known = this.#shares.get(slot);
    if (known !== undefined && known.startMs === startMs && known.limit.limit === limit.limit) return known;
    if (known !== undefined) void this.giveBack(known);
    const window = {
      scope,
      keyId,
      name: limit.name,
      limit: limit.limit,
      startsAt: new Date(startMs),
      endsAt: new Date(endMs),
      previousStartsAt: new Date(startMs - (endMs - startMs)),
      weight: 0,
    };
    const share = {
      window,
      limit,
      startMs,
      endMs,
      available: 0,
      left: limit.limit,
      deniedUntilMs: 0,
      usedAtMs: nowMs,
      leasing: undefined,
    };
    this.#shares.set(slot, share);
    return share;
  }

  private async tidy(idleMs: number): Promise<void> {
    const nowMs = this.clock.nowMs();
    for (const [slot, share] of this.#shares) {
      if (nowMs - share.usedAtMs < idleMs || share.leasing !== undefined) continue;
      this.#shares.delete(slot);
      await this.giveBack(share);
    }
  }

  private async giveBack(share: Share): Promise<void> {
    const count = share.available;
    share.available = 0;
    if (count === 0) return;
    await this.leases.anyTenantGiveBack(share.window, count).catch((error: unknown) => {
      this.logger.warn('api_keys.share_lost', { key_id: share.window.keyId, error });
    });
  }
}

function stateOf({ limit, available, left, endMs }: Share, nowMs: number): LimitState {
  return { name: limit.name, limit: limit.limit, remaining: available + left, resetMs: endMs - nowMs };
}
