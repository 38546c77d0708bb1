import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeMeterEvent {
  readonly eventName: string;
  readonly identifier: string;
  readonly customer: string;
  readonly value: number;
  readonly timestamp: number;
}

const PAGE = 2;

/** Stripe's API, as the types of its package have it: customers, meter events, active entitlements, meters. */
export class FakeStripe {
  /** Everything that was sent, repeated events too. */
  readonly received: FakeMeterEvent[] = [];
  /** By idempotency key. */
  readonly customers = new Map<string, { readonly id: string; readonly metadata: Record<string, string> }>();
  readonly #counted = new Map<string, FakeMeterEvent>();
  readonly #features = new Map<string, readonly string[]>();
  mood: 'well' | 'failing' = 'well';
  /** Event names that no meter has. */
  readonly unknownMeters = new Set<string>();

  private constructor(private readonly server: Server) {}

  static async open(): Promise<FakeStripe> {
    const server = createServer((request, response) => void fake.answer(request, response));
    const fake = new FakeStripe(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get endpoint(): { readonly host: string; readonly port: number; readonly protocol: 'http' } {
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port, protocol: 'http' };
  }

  /** The customer that was made for a subject. */
  customerOf(subject: string, app: string): string | undefined {
    const all = [...this.customers.values()];
    return all.find(({ metadata }) => metadata.authsome_subject === subject && metadata.authsome_app === app)?.id;
  }

  counted(customer: string, eventName: string): number {
    return [...this.#counted.values()]
      .filter((event) => event.customer === customer && event.eventName === eventName)
      .reduce((sum, { value }) => sum + value, 0);
  }

  entitle(customer: string, features: readonly string[]): void {
    this.#features.set(customer, features);
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (this.mood === 'failing')
      return send(500, { error: { type: 'api_error', message: 'An unknown error occurred' } });
    if (request.headers.authorization === undefined)
      return send(401, { error: { type: 'invalid_request_error', message: 'no key' } });
    const url = new URL(request.url ?? '/', 'http://stripe.test');
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    switch (`${request.method ?? ''} ${url.pathname}`) {
      case 'POST /v1/customers':
        return this.customer(String(request.headers['idempotency-key']), form, send);
      case 'POST /v1/billing/meter_events':
        return this.meterEvent(form, send);
      case 'GET /v1/billing/meters':
        return send(200, { object: 'list', data: [], has_more: false, url: url.pathname });
      case 'GET /v1/entitlements/active_entitlements':
        return this.entitlements(url, send);
      default:
        return send(404, {
          error: { type: 'invalid_request_error', message: `Unrecognized request URL (${url.pathname})` },
        });
    }
  }

  private customer(key: string, form: URLSearchParams, send: (status: number, body: unknown) => void): void {
    const metadata: Record<string, string> = {};
    for (const [name, value] of form) {
      const field = /^metadata\[(\w+)\]$/.exec(name)?.[1];
      if (field !== undefined) metadata[field] = value;
    }
    const known = this.customers.get(key) ?? { id: `cus_${this.customers.size + 1}`, metadata };
    this.customers.set(key, known);
    send(200, { object: 'customer', ...known });
  }

  private meterEvent(form: URLSearchParams, send: (status: number, body: unknown) => void): void {
    const event = {
      eventName: form.get('event_name') ?? '',
      identifier: form.get('identifier') ?? '',
      customer: form.get('payload[stripe_customer_id]') ?? '',
      value: Number(form.get('payload[value]')),
      timestamp: Number(form.get('timestamp')),
    };
    if (this.unknownMeters.has(event.eventName) || event.identifier.length > 100) {
      return send(400, { error: { type: 'invalid_request_error', message: `No meter found for ${event.eventName}` } });
    }
    this.received.push(event);
    const known = this.#counted.has(event.identifier);
    if (known) {
      return send(400, {
        error: {
          type: 'invalid_request_error',
          message: `An event already exists with identifier ${event.identifier}.`,
        },
      });
    }
    this.#counted.set(event.identifier, event);
    send(200, {
      object: 'billing.meter_event',
      event_name: event.eventName,
      identifier: event.identifier,
      livemode: false,
    });
  }

  /** Two at a time, so that paging is real. */
  private entitlements(url: URL, send: (status: number, body: unknown) => void): void {
    const all = this.#features.get(url.searchParams.get('customer') ?? '') ?? [];
    const after = url.searchParams.get('starting_after');
    const from = after === null ? 0 : all.findIndex((key) => `ent_${key}` === after) + 1;
    const data = all.slice(from, from + PAGE).map((key) => ({
      id: `ent_${key}`,
      object: 'entitlements.active_entitlement',
      feature: `feat_${key}`,
      livemode: false,
      lookup_key: key,
    }));
    send(200, { object: 'list', data, has_more: from + PAGE < all.length, url: url.pathname });
  }
}
