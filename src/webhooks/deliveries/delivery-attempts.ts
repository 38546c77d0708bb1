import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Clock } from '../../kernel/clock/clock.js';
import type { Id } from '../../kernel/ids/id.js';
import { Metrics } from '../../kernel/metrics/metrics.js';
import type { DisabledReason, WebhookEntity } from '../webhook.entity.js';
import { type DeliveryOutcome, OutgoingSystemRepository } from './outgoing.system-repository.js';
import { OutcomeWriter } from './outcome-writer.js';
import { waitAfter } from './retry-schedule.js';
import type { WebhookDeliveryEntity } from './webhook-delivery.entity.js';
import { WebhookDisabling } from './webhook-disabling.js';
import { type Sent, WebhookSender } from './webhook-sender.js';

const GONE = 410;
const PARTS = 1_000_000;
/** Without one success in between an endpoint is switched off. */
const LONGEST_FAILURE_MS = 5 * 24 * 60 * 60_000;

/** Tries one delivery. `untried`: its endpoint is off, or gone. */
export type TryDelivery = (delivery: WebhookDeliveryEntity) => Promise<'delivered' | 'failed' | 'untried'>;

/** One try after the other, and what follows from each. */
@Injectable()
export class DeliveryAttempts {
  readonly #attempts: Counter;

  constructor(
    private readonly outgoing: OutgoingSystemRepository,
    private readonly outcomes: OutcomeWriter,
    private readonly sender: WebhookSender,
    private readonly disabling: WebhookDisabling,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.#attempts = new Counter({
      name: 'authsome_webhook_attempts_total',
      help: 'Attempts to deliver an event to a webhook, by what became of the delivery.',
      labelNames: ['outcome'],
      registers: [metrics.registry],
    });
  }

  /** Reads what deliveries need, all at once. */
  async prepare(deliveries: readonly WebhookDeliveryEntity[]): Promise<TryDelivery> {
    const webhooks = await this.outgoing.anyTenantEndpoints(deliveries.map(({ webhookId }) => webhookId));
    const bodies = await this.outgoing.anyTenantBodies(deliveries.map(({ eventId }) => eventId));
    const disabled = new Set<Id<'webhook'>>();
    return async (delivery) => {
      const webhook = webhooks.get(delivery.webhookId);
      if (webhook?.active !== true || disabled.has(webhook.id)) return 'untried';
      const outcome = await this.attempt(webhook, delivery, bodies.get(delivery.eventId));
      if (outcome.state === 'delivered') return 'delivered';
      const reason = this.reasonToDisable(webhook, outcome);
      if (reason !== undefined) {
        disabled.add(webhook.id);
        await this.disabling.disable(webhook, reason);
      }
      return 'failed';
    };
  }

  private async attempt(
    webhook: WebhookEntity,
    delivery: WebhookDeliveryEntity,
    body: string | undefined,
  ): Promise<DeliveryOutcome> {
    const sent = body === undefined ? undefined : await this.sender.send(webhook, { id: delivery.eventId, body });
    const now = this.clock.now();
    const outcome = sent === undefined ? expired(delivery, now) : outcomeOf(delivery, sent, now);
    await this.outcomes.note(outcome);
    this.#attempts.inc({ outcome: outcome.state });
    return outcome;
  }

  private reasonToDisable({ failingSince }: WebhookEntity, { attempt }: DeliveryOutcome): DisabledReason | undefined {
    if (attempt.status === GONE) return 'gone';
    const failsForMs = failingSince === null ? 0 : this.clock.nowMs() - failingSince.getTime();
    return failsForMs >= LONGEST_FAILURE_MS ? 'failing' : undefined;
  }
}

function outcomeOf(delivery: WebhookDeliveryEntity, { attempt, retryAfter }: Sent, now: Date): DeliveryOutcome {
  const { status } = attempt;
  if (status !== undefined && status >= 200 && status < 300)
    return { delivery, state: 'delivered', attempt, nextAttemptAt: now };
  const wait =
    status === GONE
      ? undefined
      : waitAfter(delivery.attempts - delivery.scheduleStart, retryAfter, now, randomInt(PARTS) / PARTS);
  return wait === undefined
    ? { delivery, state: 'failed', attempt, nextAttemptAt: now }
    : { delivery, state: 'waiting', attempt, nextAttemptAt: new Date(now.getTime() + wait) };
}

function expired(delivery: WebhookDeliveryEntity, now: Date): DeliveryOutcome {
  const attempt = { at: now.toISOString(), latency_ms: 0, error: 'the event is older than what is kept' };
  return { delivery, state: 'failed', attempt, nextAttemptAt: now };
}
