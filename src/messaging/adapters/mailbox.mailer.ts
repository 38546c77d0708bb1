import type { Clock } from '../../kernel/clock/clock.js';
import { Mailer } from '../mailer.js';
import { type Message, messageDocument, type MessageDocument } from '../message.js';

export interface KeptMessage extends MessageDocument {
  /** ISO 8601. */
  readonly received_at: string;
}

const MOST_KEPT = 200;

/** For development: keeps the latest 200 messages in the memory of this process, to be read at /dev/mailbox. */
export class MailboxMailer extends Mailer {
  override readonly name = 'mailbox';
  #kept: KeptMessage[] = [];

  constructor(private readonly clock: Clock) {
    super();
  }

  override async send(message: Message): Promise<void> {
    const kept = { ...messageDocument(message), received_at: this.clock.now().toISOString() };
    this.#kept = [kept, ...this.#kept.slice(0, MOST_KEPT - 1)];
  }

  /** Newest first. @param to only what went to this address. */
  messages(to?: string): readonly KeptMessage[] {
    return to === undefined ? this.#kept : this.#kept.filter((message) => message.to === to);
  }
}
