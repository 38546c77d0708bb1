import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { meets } from './fake-unkey-query.js';

type Json = Record<string, unknown>;

interface Ratelimit {
  readonly name: string;
  readonly limit: number;
  readonly duration: number;
  readonly autoApply: boolean;
}

interface Credits {
  remaining: number;
  refill: Json | null;
}

export interface FakeUnkeyKey {
  readonly keyId: string;
  readonly hash: string;
  readonly start: string;
  readonly createdAt: number;
  enabled: boolean;
  name: string | undefined;
  externalId: string | undefined;
  meta: Json | undefined;
  expires: number | undefined;
  permissions: string[];
  ratelimits: Ratelimit[];
  credits: Credits | undefined;
}

interface Question {
  readonly key: string;
  readonly permissions?: string;
  readonly credits?: { readonly cost: number };
  readonly tags?: readonly string[];
}

export interface FakeUnkeyCall {
  readonly call: string;
  readonly body: Json;
}

const MINUTE_MS = 60_000;
const DEFAULT_BYTES = 16;
const FIELDS = {
  permission: /^[a-zA-Z0-9_:\-.*]{3,100}$/,
  externalId: /^[a-zA-Z0-9_.-]{1,255}$/,
  prefix: /^[a-zA-Z0-9_]{1,16}$/,
  tag: /^[a-zA-Z0-9_=/.:-]{1,256}$/,
};
const digest = (key: string): string => createHash('sha256').update(key).digest('hex');

class Refused extends Error {
  constructor(
    readonly status: number,
    title: string,
  ) {
    super(title);
  }
}

/**
 * Unkey's HTTP API as its published description and source have it: the keys group of v2, with its order of checks, exact matching of
 * permissions, a reroll that makes another key and copies the balance, and an end of the old one that is rounded up to the minute.
 */
export class FakeUnkey {
  /** Every call that came in, those that were not answered too. */
  readonly calls: FakeUnkeyCall[] = [];
  readonly keys = new Map<string, FakeUnkeyKey>();
  mood: 'well' | 'failing' | 'hanging' | 'cutting' | 'babbling' | 'vague' | 'redirecting' = 'well';
  /** Calls that fail, whatever the mood. */
  readonly broken = new Set<string>();
  /** Takes place while a call is answered. */
  during: ((call: string) => Promise<void>) | undefined;
  readonly #used = new Map<string, number>();
  #requests = 0;

  private constructor(
    private readonly server: Server,
    readonly rootKey: string,
    /** What it takes the time to be, in milliseconds. */
    private readonly nowMs: () => number,
  ) {}

  static readonly apiId = 'api_contract';

  static async open(nowMs: () => number): Promise<FakeUnkey> {
    const server = createServer((request, response) => void fake.answer(request, response));
    const fake = new FakeUnkey(server, `unkey_${randomBytes(16).toString('hex')}`, nowMs);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** How often something was called. */
  count(call: string): number {
    return this.calls.filter((one) => one.call === call).length;
  }

  /** The key that opens with a secret. */
  opened(rawKey: string): FakeUnkeyKey {
    const found = [...this.keys.values()].find(({ hash }) => hash === digest(rawKey));
    if (found === undefined) throw new Error('Unkey has no such key');
    return found;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = (request.url ?? '').replace('/v2/', '');
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Json;
    this.calls.push({ call, body });
    await this.during?.(call);
    if (this.mood === 'hanging') return;
    if (this.mood === 'cutting') return void request.socket.destroy();
    const meta = { requestId: `req_${(this.#requests += 1)}` };
    const send = (status: number, envelope: object, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify({ meta, ...envelope }));
    };
    if (this.mood === 'babbling') return void response.writeHead(200).end('<html>');
    if (this.mood === 'vague') return send(200, { data: { code: 'PERHAPS' } });
    if (this.mood === 'redirecting') return send(307, {}, { location: `${this.url}/v2/elsewhere` });
    try {
      if (this.mood === 'failing' || this.broken.has(call)) throw new Refused(500, 'Internal Server Error');
      if (request.method !== 'POST') throw new Refused(404, 'Not Found');
      if (request.headers.authorization !== `Bearer ${this.rootKey}`) throw new Refused(401, 'Unauthorized');
      send(200, { data: this.perform(call, body) });
    } catch (error) {
      const { status, message: title } = error as Refused;
      const type = `https://unkey.com/docs/errors/${status}`;
      send(status, { error: { title, detail: title, status, type } });
    }
  }

  private perform(call: string, body: Json): Json {
    switch (call) {
      case 'keys.createKey':
        return this.create(body);
      case 'keys.verifyKey':
        return this.verify(body as unknown as Question);
      case 'keys.getKey':
        return this.shown(this.find(body));
      case 'keys.updateKey':
        return this.update(body);
      case 'keys.updateCredits':
        return this.updateCredits(body);
      case 'keys.rerollKey':
        return this.reroll(body);
      default:
        throw new Refused(404, 'Not Found');
    }
  }

  private find({ keyId }: Json): FakeUnkeyKey {
    const key = this.keys.get(String(keyId));
    if (key === undefined) throw new Refused(404, 'Not Found');
    return key;
  }

  private create(body: Json): Json {
    if (body.apiId !== FakeUnkey.apiId) throw new Refused(404, 'Not Found');
    if (!FIELDS.prefix.test(String(body.prefix))) throw new Refused(400, 'Bad Request');
    const made = this.make(String(body.prefix), Number(body.byteLength ?? DEFAULT_BYTES), { permissions: [] });
    this.apply(made.row, { enabled: true, ...body });
    return { keyId: made.row.keyId, key: made.key };
  }

  private make(prefix: string, bytes: number, from: Partial<FakeUnkeyKey>): { row: FakeUnkeyKey; key: string } {
    const key = `${prefix}_${randomBytes(bytes).toString('hex')}`;
    const keyId = `key_${randomBytes(8).toString('hex')}`;
    const empty = { name: undefined, externalId: undefined, meta: undefined, expires: undefined, credits: undefined };
    const row = {
      ...empty,
      enabled: true,
      permissions: [],
      ratelimits: [],
      ...structuredClone(from),
      keyId,
      hash: digest(key),
      start: key.slice(0, prefix.length + 5),
      createdAt: this.nowMs(),
    };
    this.keys.set(keyId, row);
    return { row, key };
  }

  private update(body: Json): Json {
    this.apply(this.find(body), body);
    return {};
  }

  /** Absent: unchanged; null: taken away. */
  private apply(key: FakeUnkeyKey, body: Json): void {
    const permissions = body.permissions as string[] | undefined;
    const externalId = body.externalId as string | undefined;
    const ratelimits = body.ratelimits as Ratelimit[] | undefined;
    if (permissions?.some((one) => !FIELDS.permission.test(one))) throw new Refused(400, 'Bad Request');
    if (externalId !== undefined && !FIELDS.externalId.test(externalId)) throw new Refused(400, 'Bad Request');
    if (ratelimits?.some(({ duration }) => duration < 1_000)) throw new Refused(400, 'Bad Request');
    if (permissions !== undefined) key.permissions = permissions;
    if (externalId !== undefined) key.externalId = externalId;
    if (ratelimits !== undefined) key.ratelimits = ratelimits;
    if (body.name !== undefined) key.name = (body.name as string | null) ?? undefined;
    if (body.meta !== undefined) key.meta = (body.meta as Json | null) ?? undefined;
    if (body.expires !== undefined) key.expires = (body.expires as number | null) ?? undefined;
    if (body.enabled !== undefined) key.enabled = body.enabled === true;
    if (body.credits === null) key.credits = undefined;
    else if (body.credits !== undefined) this.applyCredits(key, body.credits as Partial<Credits>);
  }

  private applyCredits(key: FakeUnkeyKey, { remaining, refill }: Partial<Credits>): void {
    const needsDay = refill?.interval === 'monthly';
    if (refill && needsDay !== (refill.refillDay !== undefined)) throw new Refused(400, 'Bad Request');
    const before = key.credits ?? { remaining: 0, refill: null };
    key.credits = { remaining: remaining ?? before.remaining, refill: refill === undefined ? before.refill : refill };
  }

  private updateCredits(body: Json): Json {
    const key = this.find(body);
    if (key.credits === undefined) throw new Refused(400, 'Bad Request');
    const { remaining } = key.credits;
    const value = Number(body.value);
    if (body.operation === 'set') key.credits.remaining = value;
    if (body.operation === 'increment') key.credits.remaining = remaining + value;
    if (body.operation === 'decrement') key.credits.remaining = Math.max(0, remaining - value);
    return { ...key.credits };
  }

  private reroll(body: Json): Json {
    const old = this.find(body);
    const { row, key } = this.make(old.start.split('_')[0] as string, DEFAULT_BYTES, old);
    const endsAt = this.nowMs() + Number(body.expiration);
    old.expires = body.expiration === 0 ? this.nowMs() : Math.ceil(endsAt / MINUTE_MS) * MINUTE_MS;
    return { keyId: row.keyId, key };
  }

  private shown(key: FakeUnkeyKey): Json {
    const { hash, externalId, credits, ...rest } = key;
    const identity = externalId && { identity: { id: `id_${hash.slice(0, 8)}`, externalId } };
    return { ...rest, ...(credits && { credits }), ...identity };
  }

  private verify(question: Question): Json {
    if (question.key === '' || question.key.length > 512) throw new Refused(400, 'Bad Request');
    if (question.tags?.some((tag) => !FIELDS.tag.test(tag))) throw new Refused(400, 'Bad Request');
    const key = [...this.keys.values()].find(({ hash }) => hash === digest(question.key));
    if (key === undefined) return { valid: false, code: 'NOT_FOUND' };
    const { code, ratelimits } = this.judge(key, question);
    const { keyId, name, meta, expires, enabled, permissions, credits } = key;
    return {
      valid: code === 'VALID',
      code,
      keyId,
      enabled,
      permissions,
      ...(name && { name }),
      ...(meta && { meta }),
      ...(expires && { expires }),
      ...(credits && { credits: credits.remaining }),
      ...(ratelimits.length > 0 && { ratelimits }),
    };
  }

  /** Cheap refusals first: they take nothing. */
  private judge(key: FakeUnkeyKey, { permissions, credits }: Question): { code: string; ratelimits: Json[] } {
    if (!key.enabled) return { code: 'DISABLED', ratelimits: [] };
    if (key.expires !== undefined && key.expires <= this.nowMs()) return { code: 'EXPIRED', ratelimits: [] };
    if (permissions !== undefined) {
      const met = meets(permissions, key.permissions);
      if (met === undefined) throw new Refused(400, 'Bad Request');
      if (!met) return { code: 'INSUFFICIENT_PERMISSIONS', ratelimits: [] };
    }
    const ratelimits = this.take(key);
    if (ratelimits.some(({ exceeded }) => exceeded)) return { code: 'RATE_LIMITED', ratelimits };
    const cost = credits?.cost ?? 1;
    if (key.credits !== undefined && key.credits.remaining < cost) return { code: 'USAGE_EXCEEDED', ratelimits };
    if (key.credits !== undefined) key.credits.remaining -= cost;
    return { code: 'VALID', ratelimits };
  }

  /** All or nothing. */
  private take({ keyId, ratelimits }: FakeUnkeyKey): Json[] {
    const windows = ratelimits
      .filter(({ autoApply }) => autoApply)
      .map((limit) => {
        const window = Math.floor(this.nowMs() / limit.duration);
        const slot = `${keyId}/${limit.name}/${window}`;
        const used = this.#used.get(slot) ?? 0;
        return { limit, slot, used, reset: (window + 1) * limit.duration };
      });
    const passes = windows.every(({ limit, used }) => used < limit.limit);
    return windows.map(({ limit, slot, used, reset }) => {
      if (passes) this.#used.set(slot, used + 1);
      const remaining = Math.max(0, limit.limit - used - (passes ? 1 : 0));
      return { id: slot, ...limit, exceeded: used >= limit.limit, remaining, reset };
    });
  }
}
