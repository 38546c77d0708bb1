import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../kernel/clock/clock.js';
import { scopeTo } from '../../kernel/context/scope.js';
import { type BackgroundWorker, BackgroundWorkers } from '../../kernel/jobs/background-workers.js';
import { WakeLoop } from '../../kernel/jobs/wake-loop.js';
import { Logger } from '../../kernel/logging/logger.js';
import { Notifications } from '../../kernel/notifications/notifications.js';
import { LEDGER, type Ledger, type Usage, UsageRefused } from '../ledger.js';
import type { UsageDispatchEntity } from './usage-dispatch.entity.js';
import { USAGE_QUEUED } from './usage-dispatches.js';
import { UsageDispatchesSystemRepository } from './usage-dispatches.system-repository.js';

const MOST_AT_ONCE = 500;
const LEASE_MS = 60_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30 * 60_000;
/** About a day: as long as an engine elsewhere remembers keys. */
const MOST_ATTEMPTS = 60;
/** So many failures alone, one after the other, are the engine's fault and not the rows'. */
const MOST_ALONE = 3;

/**
 * Takes queued usage to the engine elsewhere, always with the same keys. A batch that fails is tried row by row, so that one that can never
 * be taken holds up no other (F21); while nothing gets through, everything waits longer and longer.
 */
@Injectable()
export class UsageDispatcher implements BackgroundWorker, OnModuleInit {
  readonly #loop = new WakeLoop(() => this.round());

  constructor(
    @Inject(LEDGER) private readonly ledger: Ledger,
    private readonly repository: UsageDispatchesSystemRepository,
    private readonly workers: BackgroundWorkers,
    private readonly notifications: Notifications,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    if (this.ledger.transactional) return;
    this.workers.register(this);
    this.notifications.on(USAGE_QUEUED, () => this.#loop.wake());
  }

  start(everyMs: number): void {
    this.#loop.start(everyMs);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async drain(): Promise<void> {
    while ((await this.send()) > 0);
  }

  private async round(): Promise<void> {
    try {
      while (!this.#loop.isStopped && (await this.send()) > 0);
    } catch (error) {
      this.logger.warn('usage.round_failed', { error });
    }
  }

  /** @returns how many rows it had in hand. */
  private async send(): Promise<number> {
    const leased = this.clock.in(LEASE_MS);
    const rows = await this.repository.anyTenantClaim(this.ledger.name, this.clock.now(), leased, MOST_AT_ONCE);
    if (rows.length === 0) return 0;
    const failure = await this.hand(rows);
    if (failure === undefined) return rows.length;
    if (rows.length === 1) await this.putOff(rows, failure);
    else await this.oneByOne(rows, failure);
    return rows.length;
  }

  private async oneByOne(rows: readonly UsageDispatchEntity[], failure: Error): Promise<void> {
    const failed: UsageDispatchEntity[] = [];
    let latest = failure;
    let inARow = 0;
    for (const [index, row] of rows.entries()) {
      const alone = await this.hand([row]);
      inARow = alone === undefined ? 0 : inARow + 1;
      if (alone === undefined) continue;
      latest = alone;
      failed.push(row);
      if (inARow < MOST_ALONE) continue;
      failed.push(...rows.slice(index + 1));
      break;
    }
    if (failed.length > 0) await this.putOff(failed, latest);
  }

  /** @returns why the rows were not taken; undefined when they were, or are put aside for good. */
  private async hand(rows: readonly UsageDispatchEntity[]): Promise<Error | undefined> {
    try {
      await this.ledger.recordUsage(rows.map(toUsage));
    } catch (error) {
      if (!(error instanceof UsageRefused)) return error instanceof Error ? error : new Error('failed');
      const refused = rows.filter(({ dedupeKey }) => error.idempotencyKeys.includes(dedupeKey));
      await this.bury(refused, error);
      await this.repository.anyTenantDone(rows.filter((row) => !refused.includes(row)).map(({ id }) => id));
      return undefined;
    }
    await this.repository.anyTenantDone(rows.map(({ id }) => id));
    return undefined;
  }

  private async putOff(rows: readonly UsageDispatchEntity[], error: Error): Promise<void> {
    this.logger.warn('usage.not_taken', { provider: this.ledger.name, rows: rows.length, error });
    await this.bury(
      rows.filter(({ attempts }) => attempts >= MOST_ATTEMPTS),
      error,
    );
    const later = rows
      .filter(({ attempts }) => attempts < MOST_ATTEMPTS)
      .map(({ id, attempts }) => ({
        id,
        at: this.clock.in(Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), LONGEST_WAIT_MS)),
      }));
    await this.repository.anyTenantLater(later, error.message.slice(0, 500));
  }

  private async bury(rows: readonly UsageDispatchEntity[], error: Error): Promise<void> {
    if (rows.length === 0) return;
    this.logger.error('usage.dead', {
      provider: this.ledger.name,
      dispatch_ids: rows.map(({ id }) => id).slice(0, 20),
      error,
    });
    await this.repository.anyTenantBury(
      rows.map(({ id }) => id),
      error.message.slice(0, 500),
    );
  }
}

function toUsage(row: UsageDispatchEntity): Usage {
  const { appId, envId, subjectKey, featureKey, quantity, source, dedupeKey, occurredAt, dimensions } = row;
  return {
    subject: { scope: scopeTo.env(appId, envId), key: subjectKey },
    featureKey,
    quantity: Number(quantity),
    source,
    idempotencyKey: dedupeKey,
    occurredAt,
    dimensions,
  };
}
