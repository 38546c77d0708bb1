import { defineProblem, type DomainError } from '../kernel/errors/problem.js';

export const WebhookNotFound = defineProblem({
  code: 'webhook_not_found',
  kind: 'not_found',
  title: 'No such webhook',
  detail: 'webhook not found',
});

export const WebhookUrlRefused = defineProblem({
  code: 'webhook_url_refused',
  kind: 'unprocessable',
  title: 'The address may not be called',
  detail: 'name an https URL on the open internet; inner receivers must be listed in AUTHSOME_OUTBOUND_ALLOW',
});

export const UnknownEvent = defineProblem({
  code: 'unknown_event',
  kind: 'unprocessable',
  title: 'There is no such event',
  detail: 'name events of GET /v1/webhooks/events, a noun with .* or * for all',
});

export const TooManyWebhooks = defineProblem({
  code: 'too_many_webhooks',
  kind: 'conflict',
  title: 'The environment has as many webhooks as allowed',
  detail: 'delete one that is not needed, or raise webhooks.max_endpoints',
});

export const WebhookInactive = defineProblem({
  code: 'webhook_inactive',
  kind: 'conflict',
  title: 'The webhook is switched off',
  detail: 'set active to true first',
});

export const DeliveryNotFound = defineProblem({
  code: 'webhook_delivery_not_found',
  kind: 'not_found',
  title: 'No such delivery',
  detail: 'delivery not found',
});

/** Names the event where that is a name: other text is not repeated to whoever reads the answer. */
export function unknownEvent(event: string): DomainError {
  return new UnknownEvent(/^[a-z_.*]{1,64}$/.test(event) ? { detail: `there is no event ${event}` } : {});
}
