import { setTimeout } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../kernel/clock/clock.js';
import type { Id } from '../../kernel/ids/id.js';
import { type BackgroundWorker, BackgroundWorkers } from '../../kernel/jobs/background-workers.js';
import { JOB_RUNNER_OPTIONS, type JobRunnerOptions } from '../../kernel/jobs/job-runner.js';
import { WakeLoop } from '../../kernel/jobs/wake-loop.js';
import { Logger } from '../../kernel/logging/logger.js';
import { Notifications } from '../../kernel/notifications/notifications.js';
import { DELIVERIES_QUEUED } from '../messages/fan-out.js';
import { DeliveryAttempts, type TryDelivery } from './delivery-attempts.js';
import { OutgoingSystemRepository } from './outgoing.system-repository.js';
import { RestingEndpoints } from './resting-endpoints.js';
import type { WebhookDeliveryEntity } from './webhook-delivery.entity.js';

/** Endpoints served at once by one replica. */
const MOST_LANES = 32;
/** Deliveries that one endpoint is given at a time, */
const LANE_LENGTH = 50;
/** and how many of them are under way at once: a receiver is not to be flooded. */
const LANE_WIDTH = 5;
/** After so many failures in a row the rest of a lane is not tried. */
const MOST_FAILURES = 5;
/** Between two claims. */
const PACE_MS = 50;

/**
 * Takes deliveries to their endpoints. Each endpoint has a lane of its own in each replica: one that never answers fills its own lane and
 * no other (R230). Within a lane the events of one subject go one after the other, oldest first.
 */
@Injectable()
export class DeliveryWorker implements BackgroundWorker, OnModuleInit {
  readonly #loop = new WakeLoop(() => this.round());
  readonly #lanes = new Map<Id<'webhook'>, Promise<void>>();
  readonly #resting = new RestingEndpoints();
  /** The endpoint that had its turn last. */
  #last: Id<'webhook'> | '' = '';
  #stopping = false;

  constructor(
    private readonly outgoing: OutgoingSystemRepository,
    private readonly attempts: DeliveryAttempts,
    private readonly workers: BackgroundWorkers,
    private readonly notifications: Notifications,
    private readonly clock: Clock,
    private readonly logger: Logger,
    @Inject(JOB_RUNNER_OPTIONS) private readonly options: JobRunnerOptions,
  ) {}

  onModuleInit(): void {
    this.workers.register(this);
  }

  start(everyMs: number): void {
    this.notifications.on(DELIVERIES_QUEUED, () => this.#loop.wake());
    this.#loop.start(everyMs);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#loop.stop();
    await Promise.all(this.#lanes.values());
  }

  async drain(): Promise<void> {
    while ((await this.openLanes()) > 0) await Promise.all(this.#lanes.values());
  }

  private async round(): Promise<void> {
    try {
      await this.openLanes();
      // What is queued meanwhile is claimed together: a claim per event would cost more than telling it.
      await setTimeout(PACE_MS);
    } catch (error) {
      // The database is away; the next poll tries again.
      this.logger.warn('webhooks.round_failed', { error });
    }
  }

  /** @returns how many deliveries it took up. */
  private async openLanes(): Promise<number> {
    const free = MOST_LANES - this.#lanes.size;
    if (free <= 0) return 0;
    const busy = [...this.#lanes.keys(), ...this.#resting.at(this.clock.nowMs())];
    const until = this.clock.in(this.options.leaseMs);
    const now = this.clock.now();
    const claimed = await this.outgoing.anyTenantClaim(now, until, LANE_LENGTH, free, busy, this.#last);
    this.#last = lastInTurn(claimed, this.#last);
    if (claimed.length === 0) return 0;
    const attempt = await this.attempts.prepare(claimed);
    for (const [webhookId, deliveries] of byEndpoint(claimed)) {
      const lane = this.run(webhookId, deliveries, attempt, until).finally(() => {
        this.#lanes.delete(webhookId);
        // More of it may be due.
        this.#loop.wake();
      });
      this.#lanes.set(webhookId, lane);
    }
    return claimed.length;
  }

  /** Sends what it can well before the claim ends, and gives back the rest. */
  private async run(
    webhookId: Id<'webhook'>,
    deliveries: readonly WebhookDeliveryEntity[],
    attempt: TryDelivery,
    until: Date,
  ): Promise<void> {
    const lastStartMs = until.getTime() - this.options.leaseMs / 2;
    const left: WebhookDeliveryEntity[] = [];
    let failures = 0;
    const goesOn = (): boolean => !this.#stopping && failures < MOST_FAILURES && this.clock.nowMs() <= lastStartMs;
    const tell = async (delivery: WebhookDeliveryEntity): Promise<void> => {
      const outcome = goesOn() ? await attempt(delivery) : 'untried';
      if (outcome === 'untried') left.push(delivery);
      failures = outcome === 'failed' ? failures + 1 : outcome === 'delivered' ? 0 : failures;
    };
    try {
      await inLanes(chains(deliveries), LANE_WIDTH, async (chain) => {
        for (const delivery of chain) await tell(delivery);
      });
      if (failures === 0) this.#resting.recovered(webhookId);
      else this.#resting.failed(webhookId, this.clock.nowMs());
      if (left.length > 0) await this.outgoing.anyTenantGiveBack(left, this.clock.now());
    } catch (error) {
      // What was not noted is sent again when the claim is over: at least once.
      this.logger.warn('webhooks.lane_failed', { webhook_id: webhookId, error });
    }
  }
}

/** The endpoints have their turns in the order of their ids, and then from the beginning. */
function lastInTurn(claimed: readonly WebhookDeliveryEntity[], before: Id<'webhook'> | ''): Id<'webhook'> | '' {
  const ids = claimed.map(({ webhookId }) => webhookId).sort();
  return ids.findLast((id) => id <= before) ?? ids.at(-1) ?? '';
}

function byEndpoint(deliveries: readonly WebhookDeliveryEntity[]): Map<Id<'webhook'>, WebhookDeliveryEntity[]> {
  return grouped(deliveries, ({ webhookId }) => webhookId);
}

/** Those of one subject in a chain, in the order their events happened. */
function chains(deliveries: readonly WebhookDeliveryEntity[]): WebhookDeliveryEntity[][] {
  const inOrder = [...deliveries].sort((a, b) => Number(a.sequence) - Number(b.sequence));
  return [...grouped(inOrder, ({ subjectId }) => subjectId).values()];
}

function grouped<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** Works off a list with so many hands. */
async function inLanes<Item>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const hand = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: width }, hand));
}
