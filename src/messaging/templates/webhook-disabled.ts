import { type MailContent, paragraph, renderMail } from './html-mail.js';

export interface WebhookDisabledParameters {
  readonly appName: string;
  /** Scheme, host and port. */
  readonly origin: string;
  readonly webhookId: string;
  readonly reason: 'gone' | 'failing';
}

const REASONS = {
  gone: 'it answered 410 Gone, which asks us to stop',
  failing: 'it has answered no delivery for five days',
} as const;

/** To whoever looks after an endpoint that was switched off. */
export function webhookDisabledMail({ appName, origin, reason, webhookId }: WebhookDisabledParameters): MailContent {
  return renderMail(`A webhook of ${appName} was switched off`, [
    paragraph('Hello,'),
    paragraph(`The webhook ${webhookId} of ${appName}, at ${origin}, gets no events any more: ${REASONS[reason]}.`),
    paragraph(
      'What was on its way waits. Once the receiver works, switch the webhook on again, and replay what it has missed since.',
    ),
  ]);
}
