import { Mailer } from '../../src/messaging/mailer.js';
import type { Message, MessagePurpose } from '../../src/messaging/message.js';

/** Keeps every message instead of sending it. */
export class RecordingMailer extends Mailer {
  override readonly name = 'recording';
  readonly sent: Message[] = [];
  /** While set, sending fails with it. */
  failure: Error | undefined;

  override send(message: Message): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.sent.push(message);
    return Promise.resolve();
  }

  to(address: string, purpose?: MessagePurpose): Message[] {
    return this.sent.filter(
      (message) => message.to === address && (purpose === undefined || message.purpose === purpose),
    );
  }

  /** The newest message to an address. @throws when there is none. */
  last(address: string, purpose?: MessagePurpose): Message {
    const message = this.to(address, purpose).at(-1);
    if (message === undefined) throw new Error(`no ${purpose ?? 'message'} was sent to ${address}`);
    return message;
  }
}

/** The secret in a message's link. */
export function tokenOf({ link }: Message): string {
  return new URLSearchParams(new URL(link ?? '').hash.slice(1)).get('token') ?? '';
}
