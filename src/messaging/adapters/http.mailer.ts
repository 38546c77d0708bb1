import type { Secret } from '../../kernel/crypto/secret.js';
import type { OutboundClient } from '../../kernel/outbound/outbound-client.js';
import { OutboundFailed, OutboundRefused } from '../../kernel/outbound/outbound-errors.js';
import { DeliveryFailed, Mailer } from '../mailer.js';
import { type Message, messageDocument } from '../message.js';

export interface HttpMailerOptions {
  readonly url: URL;
  /** Sent as a bearer token. */
  readonly token?: Secret;
}

/** Posts each message as JSON (`MessageDocument`) to a receiver that delivers it. Any status but 2xx is a failure. */
export class HttpMailer extends Mailer {
  override readonly name = 'http';

  constructor(
    private readonly outbound: OutboundClient,
    private readonly options: HttpMailerOptions,
  ) {
    super();
  }

  override async send(message: Message): Promise<void> {
    const status = await this.post(message);
    if (status < 200 || status > 299) throw new DeliveryFailed(`the receiver answered ${status}`);
  }

  private async post(message: Message): Promise<number> {
    const { url, token } = this.options;
    const headers = {
      'idempotency-key': message.id,
      ...(token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` }),
    };
    try {
      return (await this.outbound.post(url, { json: messageDocument(message), headers })).status;
    } catch (error) {
      if (!(error instanceof OutboundRefused || error instanceof OutboundFailed)) throw error;
      throw new DeliveryFailed(`the receiver was not reached: ${error.message}`);
    }
  }
}
