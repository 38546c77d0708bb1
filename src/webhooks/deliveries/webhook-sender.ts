import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock/clock.js';
import type { Id } from '../../kernel/ids/id.js';
import { OutboundClient, type OutboundResponse } from '../../kernel/outbound/outbound-client.js';
import { OutboundFailed, OutboundRefused } from '../../kernel/outbound/outbound-errors.js';
import { WebhookSecrets } from '../webhook-secrets.js';
import { signatureHeaders } from '../webhook-signatures.js';
import type { WebhookEntity } from '../webhook.entity.js';
import type { DeliveryAttempt } from './webhook-delivery.entity.js';

/** Of an answer this much is kept: enough to see what went wrong, too little to exfiltrate what an inner host says (R235). */
const MOST_KEPT = 1_000;

export interface SentMessage {
  readonly id: Id<'event'>;
  readonly body: string;
}

/** An attempt and what the receiver wishes. */
export interface Sent {
  readonly attempt: DeliveryAttempt;
  readonly retryAfter: string | undefined;
}

/** Sends one message to one endpoint, signed anew each time (R226, R227). */
@Injectable()
export class WebhookSender {
  constructor(
    private readonly outbound: OutboundClient,
    private readonly secrets: WebhookSecrets,
    private readonly clock: Clock,
  ) {}

  async send(webhook: WebhookEntity, { id, body }: SentMessage): Promise<Sent> {
    const now = this.clock.now();
    const timestamp = Math.floor(now.getTime() / 1_000);
    const startedMs = performance.now();
    const attempt = (rest: Partial<DeliveryAttempt>): DeliveryAttempt => ({
      at: now.toISOString(),
      latency_ms: Math.round(performance.now() - startedMs),
      ...rest,
    });
    try {
      const signature = signatureHeaders({ id, timestamp, body }, this.secrets.live(webhook, now));
      const headers = { ...this.secrets.headers(webhook), ...signature };
      const response = await this.outbound.post(webhook.url, { headers, body });
      return { attempt: attempt(answerOf(response)), retryAfter: response.headers['retry-after'] };
    } catch (error) {
      if (!(error instanceof OutboundRefused || error instanceof OutboundFailed)) throw error;
      return { attempt: attempt({ error: error.message }), retryAfter: undefined };
    }
  }
}

/** NUL is the one character that PostgreSQL cannot keep in a JSON text. */
function answerOf({ status, body }: OutboundResponse): Partial<DeliveryAttempt> {
  const response = body.slice(0, MOST_KEPT).replaceAll('\0', '\ufffd').toWellFormed();
  return { status, ...(response === '' ? {} : { response }) };
}
