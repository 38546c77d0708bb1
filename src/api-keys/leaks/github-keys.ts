import { createPublicKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { Clock } from '../../kernel/clock/clock.js';
import { ServiceUnavailable } from '../../kernel/errors/common-problems.js';
import type { DomainError } from '../../kernel/errors/problem.js';
import { OutboundClient } from '../../kernel/outbound/outbound-client.js';
import { ReporterKeys } from './reporter-keys.js';

type Keys = ReadonlyMap<string, KeyObject>;

const LIFE_MS = 3_600_000;
/** A key that nobody knows may be new. How often callers can make us ask is not for them to decide. */
const ASKED_AGAIN_MS = 60_000;
const TRIED_AGAIN_MS = 5_000;
const TIMEOUT_MS = 5_000;

/** The keys as GitHub lists them, in memory for an hour. A retired key that is still listed counts: reports signed with it are on their way. */
@Injectable()
export class GithubKeys extends ReporterKeys {
  readonly #url: URL | undefined;
  #keys: Keys = new Map();
  #readAtMs = -Infinity;
  #failedAtMs = -Infinity;
  #reading: Promise<Keys> | undefined;

  constructor(
    private readonly outbound: OutboundClient,
    private readonly clock: Clock,
    { keys }: Config,
  ) {
    super();
    this.#url = keys.leaksUrl;
  }

  override get isOn(): boolean {
    return this.#url !== undefined;
  }

  override async find(identifier: string): Promise<KeyObject | undefined> {
    const ageMs = this.clock.nowMs() - this.#readAtMs;
    const known = ageMs < LIFE_MS ? this.#keys.get(identifier) : undefined;
    if (known !== undefined || ageMs < ASKED_AGAIN_MS) return known;
    return (await this.read()).get(identifier);
  }

  /** All who need the list at once wait for one answer. */
  private read(): Promise<Keys> {
    this.#reading ??= this.ask().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  private async ask(): Promise<Keys> {
    const { clock } = this;
    const waitMs = this.#failedAtMs + TRIED_AGAIN_MS - clock.nowMs();
    if (waitMs > 0) throw unavailable(waitMs);
    try {
      const { status, body } = await this.outbound.get(this.#url ?? '', TIMEOUT_MS);
      if (status !== 200) throw new Error(`the list of public keys answered ${status}`);
      this.#keys = parseKeys(body);
      this.#readAtMs = clock.nowMs();
      return this.#keys;
    } catch (error) {
      this.#failedAtMs = clock.nowMs();
      throw unavailable(TRIED_AGAIN_MS, error);
    }
  }
}

function unavailable(waitMs: number, cause?: unknown): DomainError {
  return new ServiceUnavailable({
    detail: 'the keys that reports are signed with cannot be read right now; report again in a moment',
    extras: { retry_after: Math.ceil(waitMs / 1_000) },
    cause,
  });
}

/** @throws Error for what is no list of keys. A key of another kind in it is none of ours, and none. */
function parseKeys(body: string): Keys {
  const { public_keys: listed } = JSON.parse(body) as { public_keys?: unknown };
  if (!Array.isArray(listed)) throw new Error('the list of public keys holds no public_keys');
  const keys = new Map<string, KeyObject>();
  for (const entry of listed as unknown[]) {
    const { key_identifier: identifier, key: pem } = Object(entry) as Record<string, unknown>;
    if (typeof identifier !== 'string' || typeof pem !== 'string') continue;
    const key = p256(pem);
    if (key !== undefined) keys.set(identifier, key);
  }
  return keys;
}

function p256(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}
