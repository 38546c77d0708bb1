import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Clock } from '../../kernel/clock/clock.js';
import { Metrics } from '../../kernel/metrics/metrics.js';
import type { WebhookEntity } from '../webhook.entity.js';
import { type DeliveryOutcome, OutgoingSystemRepository } from './outgoing.system-repository.js';
import { waitAfter } from './retry-schedule.js';
import type { WebhookDeliveryEntity } from './webhook-delivery.entity.js';
import { WebhookDisabling } from './webhook-disabling.js';
import { type Sent, WebhookSender } from './webhook-sender.js';

const GONE = 410;
const PARTS = 1_000_000;
/** Without one success in between an endpoint is switched off. */
const LONGEST_FAILURE_MS = 5 * 24 * 60 * 60_000;

/** Tries one delivery. @returns false when it was not tried: its endpoint is off, or gone. */
export type TryDelivery = (delivery: WebhookDeliveryEntity) => Promise<boolean>;

/** One try after the other, and what follows from each. */
@Injectable()
export class DeliveryAttempts {
  readonly #outcomes: Counter;

  constructor(
    private readonly outgoing: OutgoingSystemRepository,
    private readonly sender: WebhookSender,
    private readonly disabling: WebhookDisabling,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.#outcomes = new Counter({
      name: 'authsome_webhook_attempts_total',
      help: 'Attempts to deliver an event to a webhook, by what became of the delivery.',
      labelNames: ['outcome'],
      registers: [metrics.registry],
    });
  }

  /** Reads what deliveries of one endpoint need, all at once. */
  async prepare(deliveries: readonly WebhookDeliveryEntity[]): Promise<TryDelivery> {
    const webhooks = await this.outgoing.anyTenantEndpoints(deliveries.map(({ webhookId }) => webhookId));
    const bodies = await this.outgoing.anyTenantBodies(deliveries.map(({ eventId }) => eventId));
    let disabled = false;
    return async (delivery) => {
      const webhook = webhooks.get(delivery.webhookId);
      if (disabled || webhook?.active !== true) return false;
      const body = bodies.get(delivery.eventId);
      disabled = await this.attempt(webhook, delivery, body);
      return true;
    };
  }

  /** @returns whether the endpoint was switched off for it. */
  private async attempt(
    webhook: WebhookEntity,
    delivery: WebhookDeliveryEntity,
    body: string | undefined,
  ): Promise<boolean> {
    const sent = body === undefined ? undefined : await this.sender.send(webhook, { id: delivery.eventId, body });
    const now = this.clock.now();
    const outcome = sent === undefined ? expired(now) : outcomeOf(delivery, sent, now);
    await this.outgoing.anyTenantFinish(delivery, outcome, now);
    this.#outcomes.inc({ outcome: outcome.state });
    const { status } = outcome.attempt;
    if (outcome.state === 'delivered') return false;
    if (status === GONE) return this.disable(webhook, 'gone');
    const since = webhook.failingSince?.getTime() ?? now.getTime();
    return now.getTime() - since >= LONGEST_FAILURE_MS ? this.disable(webhook, 'failing') : false;
  }

  private async disable(webhook: WebhookEntity, reason: 'gone' | 'failing'): Promise<true> {
    await this.disabling.disable(webhook, reason);
    return true;
  }
}

function outcomeOf(delivery: WebhookDeliveryEntity, { attempt, retryAfter }: Sent, now: Date): DeliveryOutcome {
  const { status } = attempt;
  if (status !== undefined && status >= 200 && status < 300) return { state: 'delivered', attempt, nextAttemptAt: now };
  const wait =
    status === GONE
      ? undefined
      : waitAfter(delivery.attempts - delivery.scheduleStart, retryAfter, now, randomInt(PARTS) / PARTS);
  return wait === undefined
    ? { state: 'failed', attempt, nextAttemptAt: now }
    : { state: 'waiting', attempt, nextAttemptAt: new Date(now.getTime() + wait) };
}

function expired(now: Date): DeliveryOutcome {
  const attempt = { at: now.toISOString(), latency_ms: 0, error: 'the event is older than what is kept' };
  return { state: 'failed', attempt, nextAttemptAt: now };
}
