import type { Secret } from '../../kernel/crypto/secret.js';

export interface OpenMeterOptions {
  readonly baseUrl: string;
  /** Of OpenMeter Cloud; a server of one's own needs none. */
  readonly apiKey?: Secret;
  /** For each call, in milliseconds. Default: 2,000. */
  readonly timeoutMs?: number;
}

export interface OpenMeterAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** OpenMeter's HTTP API, as far as it is used here. Whatever is no answer at all (a cut connection, a timeout) rejects. */
export class OpenMeterClient {
  constructor(private readonly options: OpenMeterOptions) {}

  get(path: string): Promise<OpenMeterAnswer> {
    return this.send('GET', path);
  }

  post(path: string, body: unknown, contentType = 'application/json'): Promise<OpenMeterAnswer> {
    return this.send('POST', path, body, contentType);
  }

  private async send(method: string, path: string, body?: unknown, contentType?: string): Promise<OpenMeterAnswer> {
    const { baseUrl, apiKey, timeoutMs = 2_000 } = this.options;
    const answer = await fetch(new URL(path, baseUrl), {
      method,
      headers: {
        accept: 'application/json, application/problem+json',
        ...(contentType && { 'content-type': contentType }),
        ...(apiKey && { authorization: `Bearer ${apiKey.reveal()}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // The address is the deployment's own and no tenant's; it answers itself or not at all.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await answer.text();
    return { status: answer.status, body: parsed(text) };
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
