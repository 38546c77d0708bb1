import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';
import type { DisabledReason } from './webhook.entity.js';

interface WebhookPayload {
  webhook_id: Id<'webhook'>;
  /** Scheme, host and port of the endpoint: the rest of its address may be a secret. */
  origin: string;
}

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'webhook.created': WebhookPayload;
    'webhook.updated': WebhookPayload;
    'webhook.deleted': WebhookPayload;
    'webhook.secret_rotated': WebhookPayload;
    'webhook.disabled': WebhookPayload & { reason: DisabledReason };
  }
}

describeEvents({
  'webhook.created': 'An endpoint for events was registered.',
  'webhook.updated': 'An endpoint’s address, events, headers, description, contact or state changed.',
  'webhook.deleted': 'An endpoint for events was deleted.',
  'webhook.secret_rotated': 'An endpoint has a new signing secret.',
  'webhook.disabled': 'An endpoint was switched off because it is gone (410) or has failed for days.',
});
