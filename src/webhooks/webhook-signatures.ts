import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';

/** 32 random bytes (R229 asks for 24 or more), in the spelling of Standard Webhooks. */
export function newWebhookSecret(): string {
  return PREFIX + randomBytes(32).toString('base64');
}

export interface SignedMessage {
  readonly id: string;
  /** Seconds since the epoch: receivers refuse what is older than some minutes. */
  readonly timestamp: number;
  readonly body: string;
}

/**
 * The headers that prove a message: Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`), which libraries of
 * every language verify, and Authsome's own `X-Authsome-Signature: t=…,v1=…` over timestamp and body.
 * @param secrets every live one, newest first: during a rotation a receiver may know either (R228).
 */
export function signatureHeaders(
  { id, timestamp, body }: SignedMessage,
  secrets: readonly string[],
): Record<string, string> {
  const standard = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  const own = secrets.map(
    (secret) => `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': standard.join(' '),
    'x-authsome-signature': [`t=${timestamp}`, ...own].join(','),
  };
}
