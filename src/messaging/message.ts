import type { Id } from '../kernel/ids/id.js';

/** Why a message is sent. One template each. */
export const MESSAGE_PURPOSES = [
  'verify_email',
  'reset_password',
  'change_email',
  'email_change_notice',
  'email_changed',
  'password_changed',
  'account_exists',
  'organization_invitation',
  'webhook_disabled',
  'api_key_leaked',
] as const;

export type MessagePurpose = (typeof MESSAGE_PURPOSES)[number];

/** One message to one person, ready to be sent. `link` and `code` repeat what the texts hold: for receivers that write their own texts. */
export interface Message {
  /** The same at every try, so that a receiver can drop what it has had already. */
  readonly id: Id<'message'>;
  /** One address, never a list. */
  readonly to: string;
  readonly purpose: MessagePurpose;
  readonly appId: Id<'app'>;
  readonly envId: Id<'environment'>;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly link?: string;
  readonly code?: string;
  /** Whose account it is about. Absent when there is none. */
  readonly userId?: Id<'user'>;
}

/** A message as other programs read it: what the http driver posts and the development mailbox lists. */
export interface MessageDocument {
  readonly id: string;
  readonly to: string;
  readonly purpose: MessagePurpose;
  readonly app_id: string;
  readonly env_id: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly link: string | null;
  readonly code: string | null;
}

export function messageDocument(message: Message): MessageDocument {
  return {
    id: message.id,
    to: message.to,
    purpose: message.purpose,
    app_id: message.appId,
    env_id: message.envId,
    subject: message.subject,
    text: message.text,
    html: message.html,
    link: message.link ?? null,
    code: message.code ?? null,
  };
}
