import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, type Dispatcher, request as send } from 'undici';
import { guardedConnector, type LookupAll } from './guarded-connector.js';
import { OutboundFailed, OutboundRefused } from './outbound-errors.js';
import { OutboundPolicy } from './outbound-policy.js';

export interface OutboundOptions {
  /** Exact `host:port` pairs of inner addresses that may be called, and called without TLS. */
  readonly allow: readonly string[];
  /** Default 5 s, name resolution and TLS handshake included. */
  readonly connectTimeoutMs?: number;
  /** From the call to the last byte of the answer. Default 15 s. */
  readonly totalTimeoutMs?: number;
  /** Of the answer's body, the rest is discarded. Default 64 kB. */
  readonly mostBodyBytes?: number;
  /** A test seam: how names are resolved. */
  readonly lookup?: LookupAll;
}

/** `json` is encoded here; `body` is sent as it is, for callers that sign the very bytes. */
export type OutboundRequest = { readonly headers?: Readonly<Record<string, string>> } & (
  { readonly json: unknown } | { readonly body: string }
);

export interface OutboundResponse {
  readonly status: number;
  /** As text, cut at the cap. */
  readonly body: string;
  /** By lower-case name; repeated ones joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
}

interface Sent {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * The one HTTP client for addresses that somebody configured. Reaches the open internet by https only, plus the pairs of the allow list;
 * checks the TLS certificate; never follows a redirect, because its target was not what anybody configured (R222 to R225).
 */
@Injectable()
export class OutboundClient implements OnApplicationShutdown {
  readonly #policy: OutboundPolicy;
  readonly #agent: Agent;
  readonly #totalTimeoutMs: number;
  readonly #mostBodyBytes: number;

  constructor(options: OutboundOptions) {
    this.#policy = new OutboundPolicy(options.allow);
    this.#totalTimeoutMs = options.totalTimeoutMs ?? 15_000;
    this.#mostBodyBytes = options.mostBodyBytes ?? 65_536;
    this.#agent = new Agent({
      connect: guardedConnector(this.#policy, options.connectTimeoutMs ?? 5_000, options.lookup),
      headersTimeout: this.#totalTimeoutMs,
      bodyTimeout: this.#totalTimeoutMs,
    });
  }

  /**
   * Whether a URL could be called, as far as its text tells: for refusing it when it is stored.
   * @throws OutboundRefused
   */
  check(url: string | URL): URL {
    return this.#policy.check(url);
  }

  /**
   * Sends one POST. Any status but a redirect is an answer; judging it is the caller's business.
   * @throws OutboundRefused, OutboundFailed
   */
  post(url: string | URL, { headers, ...content }: OutboundRequest): Promise<OutboundResponse> {
    const body = 'json' in content ? JSON.stringify(content.json) : content.body;
    const sent = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body } as const;
    return this.call(url, sent, this.#totalTimeoutMs);
  }

  /** As {@link post}, for what is only read. @throws OutboundRefused, OutboundFailed */
  get(url: string | URL, timeoutMs: number): Promise<OutboundResponse> {
    return this.call(url, { method: 'GET', headers: { accept: 'application/json' } }, timeoutMs);
  }

  private async call(url: string | URL, { headers, ...sent }: Sent, timeoutMs: number): Promise<OutboundResponse> {
    const target = this.#policy.check(url);
    const signal = AbortSignal.timeout(timeoutMs);
    const options = { ...sent, dispatcher: this.#agent, signal, headers: { 'user-agent': 'authsome', ...headers } };
    const response = await this.failing(send(target, options), timeoutMs);
    const body = await this.failing(this.read(response.body), timeoutMs);
    if (response.statusCode >= 300 && response.statusCode < 400) {
      throw new OutboundFailed(`answered with a redirect (${response.statusCode}), which is not followed`);
    }
    return { status: response.statusCode, body, headers: joined(response.headers) };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#agent.destroy();
  }

  private async read(body: Dispatcher.ResponseData['body']): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    // Leaving the loop early destroys the stream and with it the connection: the rest is not downloaded.
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= this.#mostBodyBytes) break;
    }
    return Buffer.concat(chunks).subarray(0, this.#mostBodyBytes).toString('utf8');
  }

  private async failing<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof OutboundRefused) throw error;
      throw new OutboundFailed(reasonOf(error as Error & { code?: string }, timeoutMs), { cause: error });
    }
  }
}

function reasonOf({ name, code }: Error & { code?: string }, timeoutMs: number): string {
  if (name === 'TimeoutError') return `no complete answer within ${timeoutMs} ms`;
  return `no answer (${code ?? name})`;
}

function joined(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value ?? '')]));
}
