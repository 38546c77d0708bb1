import { setTimeout } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { JOB_RUNNER_OPTIONS, type JobRunnerOptions } from '../jobs/job-runner.js';
import { WakeLoop } from '../jobs/wake-loop.js';
import { Logger } from '../logging/logger.js';
import { Notifications } from '../notifications/notifications.js';
import { Database } from '../persistence/database.js';
import type { EventName } from './event-map.js';
import { EventFeedSystemRepository, type FactPlace, type StoredFact } from './event-feed.system-repository.js';
import { EVENTS_RECORDED } from './events.js';

/** Somebody who takes facts after they are committed. */
export interface EventConsumer {
  /** Stable: the name of its place in the feed. */
  readonly name: string;
  /** Which facts it takes; undefined: all. */
  readonly events?: readonly EventName[];
  /** Facts at once. Default: 500. */
  readonly batch?: number;
  /**
   * Takes facts in the order they were committed, in the transaction that moves the consumer's place on: what it writes to the database
   * happens exactly once per fact. It may not call out.
   */
  apply(facts: readonly StoredFact[]): Promise<void>;
}

const DEFAULT_BATCH = 500;
/** Tries before a fact is put aside. */
const MOST_FAILURES = 5;
const FIRST_WAIT_MS = 200;
const HELD_UP_POLL_MS = 5;

/**
 * Brings committed facts to their consumers, in order, each consumer at its own pace. Every replica runs it; the lock on a consumer's place
 * lets one at a time work for it, and a dead one's lock is gone with its connection (F18). A fact that a consumer refuses five times is put
 * aside with the reason (F21).
 */
@Injectable()
export class EventRelay {
  readonly #consumers = new Map<string, EventConsumer>();
  /** One per consumer: a slow one holds up no other. */
  #loops: readonly WakeLoop[] = [];

  constructor(
    private readonly feed: EventFeedSystemRepository,
    private readonly database: Database,
    private readonly notifications: Notifications,
    private readonly clock: Clock,
    private readonly logger: Logger,
    @Inject(JOB_RUNNER_OPTIONS) private readonly options: JobRunnerOptions,
  ) {}

  consume(consumer: EventConsumer): void {
    if (this.#consumers.has(consumer.name)) throw new Error(`two event consumers are named ${consumer.name}`);
    this.#consumers.set(consumer.name, consumer);
  }

  /** @returns undefined when there is none. */
  consumerNamed(name: string): EventConsumer | undefined {
    return this.#consumers.get(name);
  }

  /** Makes the consumers' places. A new consumer starts with the oldest fact that is kept. */
  async prepare(): Promise<void> {
    await this.feed.anyTenantEnsureCursors([...this.#consumers.keys()], this.clock.now());
    if (!(await this.feed.anyTenantIsAhead())) return;
    this.logger.warn('events.restored', {
      reason: 'the database was restored from a dump; some facts are consumed again',
    });
    await this.database.transaction(() => this.feed.anyTenantRebase());
  }

  start(): void {
    if (!this.options.enabled || this.#loops.length > 0) return;
    this.#loops = [...this.#consumers.values()].map((consumer) => {
      const loop: WakeLoop = new WakeLoop(() => this.catchUp(consumer, loop));
      this.notifications.on(EVENTS_RECORDED, () => loop.wake());
      return loop;
    });
    for (const loop of this.#loops) loop.start(this.options.pollMs);
  }

  /** Finishes the batches in hand; begins no more. */
  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
  }

  /** Brings every committed fact to every consumer, waiting for older transactions to end: for tests. */
  async drain(): Promise<void> {
    while (await this.feed.anyTenantIsHeldUp()) await setTimeout(HELD_UP_POLL_MS);
    for (const consumer of this.#consumers.values()) while (await this.step(consumer));
  }

  private async catchUp(consumer: EventConsumer, loop: WakeLoop): Promise<void> {
    try {
      while (!loop.isStopped && (await this.step(consumer)));
    } catch (error) {
      // The database is away; the next poll tries again.
      this.logger.warn('events.round_failed', { consumer: consumer.name, error });
    }
  }

  /** @returns whether there may be more to do at once. */
  private async step(consumer: EventConsumer): Promise<boolean> {
    let reached: readonly StoredFact[] = [];
    try {
      return await this.database.independently(async () => {
        reached = [];
        const cursor = await this.feed.anyTenantTake(consumer.name, this.clock.now());
        if (cursor === undefined) return false;
        // After a failure one at a time, to find out which one it is.
        const most = cursor.failures > 0 ? 1 : (consumer.batch ?? DEFAULT_BATCH);
        reached = await this.feed.anyTenantNext(cursor, most);
        const last = reached.at(-1);
        if (last === undefined) return false;
        const wanted = reached.filter(({ name }) => consumer.events?.includes(name as EventName) ?? true);
        if (wanted.length > 0) await consumer.apply(wanted);
        await this.feed.anyTenantAdvance(consumer.name, last, this.clock.now());
        return reached.length === most;
      });
    } catch (error) {
      if (reached.length === 0) throw error;
      return this.failed(consumer, reached, error);
    }
  }

  private async failed(consumer: EventConsumer, facts: readonly StoredFact[], error: unknown): Promise<boolean> {
    const now = this.clock.now();
    const [first] = facts as readonly [StoredFact];
    return this.database.independently(async () => {
      const cursor = await this.feed.anyTenantTake(consumer.name, now);
      if (cursor === undefined) return false;
      const wait = FIRST_WAIT_MS * 2 ** Math.min(cursor.failures, MOST_FAILURES);
      const failures = await this.feed.anyTenantFail(consumer.name, this.clock.in(facts.length > 1 ? 0 : wait), now);
      this.logger.warn('events.consumer_failed', { consumer: consumer.name, event_id: first.id, failures, error });
      if (facts.length > 1 || failures < MOST_FAILURES) return facts.length > 1;
      await this.feed.anyTenantPark(consumer.name, first, reasonOf(error), now);
      await this.feed.anyTenantAdvance(consumer.name, placeOf(first), now);
      return true;
    });
  }
}

function placeOf({ txId, sequence }: StoredFact): FactPlace {
  return { txId, sequence };
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : 'failed').slice(0, 500);
}
