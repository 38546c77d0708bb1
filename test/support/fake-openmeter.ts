import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeCloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const NAME = /^[a-z0-9]+(?:_[a-z0-9]+)*$/;
const LATE_MS = 35 * 86_400_000;

/** OpenMeter's HTTP API, as its published description has it: events, customers, entitlement values and access. */
export class FakeOpenMeter {
  /** Everything that was sent, repeated events too. */
  readonly received: FakeCloudEvent[] = [];
  readonly customers = new Map<string, object>();
  readonly #counted = new Map<string, FakeCloudEvent>();
  readonly #values = new Map<string, Record<string, unknown>>();
  mood: 'well' | 'failing' | 'hanging' = 'well';

  private constructor(
    private readonly server: Server,
    /** What it takes the time to be, in milliseconds. */
    private readonly nowMs: () => number,
  ) {}

  static async open(nowMs: () => number): Promise<FakeOpenMeter> {
    const server = createServer((request, response) => void fake.answer(request, response));
    const fake = new FakeOpenMeter(server, nowMs);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Units of events that count, each once by source and id. */
  counted(subject: string, type: string): number {
    return [...this.#counted.values()]
      .filter((event) => event.subject === subject && event.type === type)
      .reduce((sum, { data }) => sum + Number(data.value), 0);
  }

  /** @param value as the API shows it: hasAccess, and usage, balance and overage of a metered one. */
  entitle(customer: string, feature: string, value: Record<string, unknown>): void {
    this.#values.set(`${customer} ${feature}`, value);
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (this.mood === 'hanging') return;
    const send = (status: number, body?: unknown): void => {
      response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
      response.end(body === undefined ? '' : JSON.stringify(body));
    };
    if (this.mood === 'failing') return send(503, { type: 'about:blank', title: 'Service Unavailable', status: 503 });
    const path = decodeURIComponent(new URL(request.url ?? '/', this.url).pathname);
    const body: unknown = chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
    if (request.method === 'POST' && path === '/api/v1/events') return this.ingest(request, body, send);
    if (request.method === 'POST' && path === '/api/v1/customers') return this.customer(body as { key: string }, send);
    if (path === '/api/v1/meters') return send(200, []);
    const value = /^\/api\/v2\/customers\/(.+)\/entitlements\/(\w+)\/value$/.exec(path);
    if (value !== null) {
      const found = this.#values.get(`${value[1] as string} ${value[2] as string}`);
      return send(200, found ?? { hasAccess: false });
    }
    const access = /^\/api\/v1\/customers\/(.+)\/access$/.exec(path);
    if (access !== null) {
      const own = [...this.#values].filter(([slot]) => slot.startsWith(`${access[1] as string} `));
      return send(200, { entitlements: Object.fromEntries(own.map(([slot, one]) => [slot.split(' ')[1], one])) });
    }
    return send(404, { type: 'about:blank', title: 'Not Found', status: 404 });
  }

  private ingest(request: IncomingMessage, body: unknown, send: (status: number, body?: unknown) => void): void {
    if (request.headers['content-type'] !== 'application/cloudevents-batch+json' || !Array.isArray(body))
      return send(400);
    const events = body as (FakeCloudEvent & { specversion: string })[];
    const isGood = ({ id, source, specversion, type, subject, time }: (typeof events)[number]): boolean =>
      Boolean(id && source && subject) &&
      specversion === '1.0' &&
      NAME.test(type) &&
      this.nowMs() - Date.parse(time) < LATE_MS;
    if (!events.every(isGood)) return send(400, { type: 'about:blank', title: 'Bad Request', status: 400 });
    for (const event of events) {
      this.received.push(event);
      this.#counted.set(
        JSON.stringify([event.source, event.id]),
        this.#counted.get(JSON.stringify([event.source, event.id])) ?? event,
      );
    }
    send(204);
  }

  private customer(customer: { key: string }, send: (status: number, body?: unknown) => void): void {
    if (this.customers.has(customer.key)) return send(409, { type: 'about:blank', title: 'Conflict', status: 409 });
    this.customers.set(customer.key, customer);
    send(201, { id: `cus-${this.customers.size}`, ...customer });
  }
}
