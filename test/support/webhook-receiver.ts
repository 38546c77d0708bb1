import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EventEnvelope } from '../../src/webhooks/messages/event-envelope.js';
import { eventually } from './eventually.js';

export interface Received {
  readonly headers: Readonly<Record<string, string>>;
  /** The very bytes, as text. */
  readonly body: string;
  readonly event: EventEnvelope;
  readonly atMs: number;
}

export type Behaviour = (response: ServerResponse, received: Received, request: IncomingMessage) => void;

/** Answers with a status and nothing else. */
export const answering =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    response.writeHead(status, headers).end();

/** A receiver of webhooks on the loopback, which notes everything and behaves as it is told. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  behaviour: Behaviour = answering(204);
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.receive(request, response));
  }

  static async open(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  /** `host:port`, for AUTHSOME_OUTBOUND_ALLOW. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.address}/hooks`;
  }

  get last(): Received {
    const last = this.received.at(-1);
    if (last === undefined) throw new Error('nothing was received');
    return last;
  }

  /** The names of what came, in order. */
  get names(): string[] {
    return this.received.map(({ event }) => event.event);
  }

  of(event: string): Received[] {
    return this.received.filter((received) => received.event.event === event);
  }

  async waitFor(what: string, found: (received: readonly Received[]) => boolean, withinMs?: number): Promise<void> {
    await eventually(what, () => found(this.received), withinMs);
  }

  /** As new. */
  reset(): void {
    this.received.length = 0;
    this.behaviour = answering(204);
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const received = {
      headers: single(request.headers),
      body,
      event: JSON.parse(body) as EventEnvelope,
      atMs: performance.now(),
    };
    this.received.push(received);
    this.behaviour(response, received, request);
  }
}

function single(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
