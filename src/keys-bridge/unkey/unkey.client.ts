import type { Clock } from '../../kernel/clock/clock.js';
import type { Secret } from '../../kernel/crypto/secret.js';
import { KeyProviderRefused, KeyProviderUnavailable } from '../keys-bridge.problems.js';
import { CircuitBreaker } from './circuit-breaker.js';

export const UNKEY_URL = 'https://api.unkey.com';

export interface UnkeyConnection {
  readonly rootKey: Secret;
  /** Default: Unkey's own service. */
  readonly baseUrl?: string;
  /** For each verification, in milliseconds. Default: 500. */
  readonly verifyTimeoutMs?: number;
  /** For each other call, in milliseconds. Default: 5,000. */
  readonly administrationTimeoutMs?: number;
}

type Json = Readonly<Record<string, unknown>>;

interface Answer {
  readonly status: number;
  readonly data: Json;
}

/** What Unkey says of a request that asks for something it does not take. */
const REFUSED: readonly number[] = [400, 409, 412, 413, 422];
const NOT_FOUND = 404;
const OK = 200;

/**
 * Unkey's HTTP API (v2), as far as it is used here. Nothing is tried twice: a verification that was counted and whose answer was lost would be
 * counted again. What goes wrong is told without what was sent, which holds keys.
 */
export class UnkeyClient {
  readonly #breaker: CircuitBreaker;

  constructor(
    private readonly connection: UnkeyConnection,
    clock: Clock,
  ) {
    this.#breaker = new CircuitBreaker(clock);
  }

  /** @throws KeyProviderUnavailable, also when Unkey refuses the question: whose fault that is, the key's it is not. */
  async verify(body: Json): Promise<Json> {
    const call = 'keys.verifyKey';
    const { status, data } = await this.send(call, body, this.connection.verifyTimeoutMs ?? 500);
    if (status !== OK) throw unavailable(call, `status ${status}`);
    return data;
  }

  /** @returns undefined for what is not there. @throws KeyProviderUnavailable, KeyProviderRefused */
  async administer(call: string, body: Json): Promise<Json | undefined> {
    const { status, data } = await this.send(call, body, this.connection.administrationTimeoutMs ?? 5_000);
    if (status === OK) return data;
    if (status === NOT_FOUND) return undefined;
    if (REFUSED.includes(status)) throw new KeyProviderRefused({ cause: failure(call, `status ${status}`) });
    throw unavailable(call, `status ${status}`);
  }

  private async send(call: string, body: Json, timeoutMs: number): Promise<Answer> {
    if (!this.#breaker.admits()) throw unavailable(call, 'it did not answer lately');
    try {
      const answer = await this.ask(call, body, timeoutMs);
      this.#breaker.succeeded();
      return answer;
    } catch (error) {
      this.#breaker.failed();
      throw unavailable(call, (error as Error).name);
    }
  }

  /** Whatever is no answer of Unkey's rejects: a cut connection, a timeout, a broken server, somebody else's page. */
  private async ask(call: string, body: Json, timeoutMs: number): Promise<Answer> {
    const { baseUrl = UNKEY_URL, rootKey } = this.connection;
    const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/v2/${call}`, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        authorization: `Bearer ${rootKey.reveal()}`,
      },
      body: JSON.stringify(body),
      // Elsewhere nobody is to see the root key.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { status } = response;
    const envelope: unknown = JSON.parse(await response.text());
    if (status >= 500 || !isObject(envelope)) throw new UnreadableAnswer();
    if (status === OK && isObject(envelope.data)) return { status, data: envelope.data };
    if (status >= 400 && isObject(envelope.error)) return { status, data: {} };
    throw new UnreadableAnswer();
  }
}

class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer';
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function unavailable(call: string, reason: string): InstanceType<typeof KeyProviderUnavailable> {
  return new KeyProviderUnavailable({ cause: failure(call, reason) });
}

/** Names the call and nothing of what it carried. */
function failure(call: string, reason: string): Error {
  return new Error(`Unkey, ${call}: ${reason}`);
}
