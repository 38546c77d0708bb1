import type { OpenAPIObject } from '@nestjs/swagger';
import { type EventDescription, eventCatalogue } from '../kernel/events/event-map.js';
import { exampleOf, schemaOf } from '../webhooks/event-schemas.js';

type Webhooks = NonNullable<OpenAPIObject['webhooks']>;

/** The `webhooks` of the document (OpenAPI 3.1): what a receiver is sent for each event of the catalogue. */
export function openApiWebhooks(): Webhooks {
  return Object.fromEntries(eventCatalogue().map((event) => [event.name, { post: receives(event) }])) as Webhooks;
}

function receives({ name, when }: EventDescription): object {
  const data = schemaOf(name);
  return {
    operationId: `on_${name.replaceAll('.', '_')}`,
    tags: ['Events'],
    summary: when,
    parameters: Object.keys(SIGNATURE_HEADERS).map((name) => ({ $ref: `#/components/parameters/${name}` })),
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: {
            allOf: [{ $ref: '#/components/schemas/EventEnvelope' }, { properties: { event: { const: name }, data } }],
          },
          example: {
            id: 'aevt_01jd3v3x6pe0p9m2s5f7q8w9ab',
            event: name,
            app_id: 'aapp_01jd3v3x6pe0p9m2s5f7q8w9ab',
            env_id: 'aenv_01jd3v3x6pe0p9m2s5f7q8w9ab',
            occurred_at: '2030-01-15T12:00:00.000Z',
            sequence: 1,
            data: exampleOf(name),
          },
        },
      },
    },
    responses: {
      '2XX': { description: 'Taken. Anything else, a redirect too, is tried again.' },
      '410': { description: 'Send no more: the webhook is switched off.' },
    },
  };
}

const header = (name: string, description: string) => ({
  in: 'header' as const,
  name,
  required: true,
  description,
  schema: { type: 'string' as const },
});

/** Components of the document: what every event carries. */
export const SIGNATURE_HEADERS = {
  WebhookId: header('webhook-id', 'The event’s id: the same at every attempt.'),
  WebhookTimestamp: header('webhook-timestamp', 'Seconds since the epoch. Refuse what is older than five minutes.'),
  WebhookSignature: header(
    'webhook-signature',
    'Standard Webhooks: `v1,` and HMAC-SHA256 in base64 over id, timestamp and body.',
  ),
  AuthsomeSignature: header('X-Authsome-Signature', '`t=…,v1=…`: HMAC-SHA256 in hexadecimal over timestamp and body.'),
};
