import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MessageDocument, MessagePurpose } from '../../src/messaging/message.js';
import { eventually } from './eventually.js';

/** Receives what the `http` mail driver posts. */
export class MailSink {
  readonly messages: MessageDocument[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.receive(request, response));
  }

  static async open(): Promise<MailSink> {
    const sink = new MailSink();
    await new Promise<void>((resolve) => sink.#server.listen(0, '127.0.0.1', resolve));
    return sink;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  to(address: string, purpose?: MessagePurpose): MessageDocument[] {
    return this.messages.filter(
      (message) => message.to === address && (purpose === undefined || message.purpose === purpose),
    );
  }

  /** Waits for a message. */
  async waitFor(address: string, purpose: MessagePurpose): Promise<MessageDocument> {
    await eventually(`a ${purpose} mail to ${address}`, () => this.to(address, purpose).length > 0);
    return this.to(address, purpose).at(-1) as MessageDocument;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.messages.push(JSON.parse(Buffer.concat(chunks).toString()) as MessageDocument);
    response.writeHead(202).end();
  }
}

/** The secret in a message's link. */
export function linkToken({ link }: MessageDocument): string {
  return new URLSearchParams(new URL(link ?? '').hash.slice(1)).get('token') ?? '';
}
