import { setTimeout as delay } from 'node:timers/promises';
import type { EventEnvelope } from '../../webhooks/messages/event-envelope.js';
import { newWebhookSecret, signatureHeaders } from '../../webhooks/webhook-signatures.js';
import { CommandRefused, ServiceClient, type ServiceOptions } from '../service-client.js';

export interface ListenOptions extends ServiceOptions {
  /** A receiver on this machine; undefined: the messages are printed. */
  readonly forward?: string;
  /** Patterns between commas. */
  readonly events?: string;
  /** What signs; drawn when absent. */
  readonly secret?: string;
  /** Ends after so many events. */
  readonly count?: number;
}

interface EventPage {
  readonly events: readonly EventEnvelope[];
  readonly next_cursor: string;
  readonly has_more: boolean;
}

const EVENTS = '/v1/events';
const POLL_MS = 300;
const FORWARD_TIMEOUT_MS = 15_000;
const SECRET = /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/;

/**
 * Tells a developer's receiver what happens in an environment from now on, signed as a webhook is, so that no tunnel is needed. What the
 * receiver refuses is not tried again.
 */
export async function listen(options: ListenOptions): Promise<void> {
  const { forward, secret = newWebhookSecret() } = options;
  if (forward !== undefined && !/^https?:\/\//.test(forward)) throw new CommandRefused('--forward must be an http URL');
  if (!SECRET.test(secret)) throw new CommandRefused('--secret must look like whsec_… with base64');
  const service = new ServiceClient(options);
  const filter = { limit: '100', ...(options.events !== undefined && { events: options.events }) };
  let { next_cursor: cursor } = await service.get<EventPage>(EVENTS, { ...filter, start: 'now' });
  console.log(`listening; ${forward === undefined ? 'signed' : `forwarding to ${forward}, signed`} with ${secret}`);
  for (let left = options.count ?? Infinity; left > 0;) {
    const page = await service.get<EventPage>(EVENTS, { ...filter, cursor });
    cursor = page.next_cursor;
    for (const event of page.events.slice(0, left)) await tell(event, secret, forward);
    left -= page.events.length;
    if (!page.has_more && left > 0) await delay(POLL_MS);
  }
}

async function tell(event: EventEnvelope, secret: string, forward: string | undefined): Promise<void> {
  const body = JSON.stringify(event);
  const headers = signatureHeaders({ id: event.id, timestamp: Math.floor(Date.now() / 1_000), body }, [secret]);
  console.log(`${event.event} ${event.id}`);
  if (forward === undefined) {
    for (const [name, value] of Object.entries(headers)) console.log(`  ${name}: ${value}`);
    console.log(`  ${body}`);
    return;
  }
  try {
    const answer = await fetch(forward, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(FORWARD_TIMEOUT_MS),
    });
    await answer.body?.cancel();
    console.log(`  → ${answer.status}`);
  } catch (error) {
    console.log(`  → no answer (${String((error as Error).cause ?? error)})`);
  }
}
