import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';

export interface ServiceOptions {
  /** Where the service answers. */
  readonly url: string;
  /** An operator's access token. */
  readonly token: string | undefined;
  readonly app: string;
  /** Id or slug; the app's default one when absent. */
  readonly env?: string;
}

/** What a person who calls a command can mend. */
export class CommandRefused extends Error {}

/** Calls a running service as an operator, for commands. */
export class ServiceClient {
  readonly #headers: Record<string, string>;

  /** @throws CommandRefused without a token. */
  constructor(private readonly options: ServiceOptions) {
    if (options.token === undefined || options.token === '') {
      throw new CommandRefused(
        'an operator’s access token is needed: sign in to the platform app with POST /v1/signin, and set AUTHSOME_TOKEN or --token',
      );
    }
    this.#headers = {
      authorization: `Bearer ${options.token}`,
      ...(options.env !== undefined && { 'x-authsome-environment': options.env }),
    };
  }

  /** @throws CommandRefused with what the service says. */
  async json<T>(method: string, path: string, body?: object | string, type = 'application/json'): Promise<T> {
    const payload = typeof body === 'object' ? JSON.stringify(body) : body;
    const answer = await this.send(method, path, {}, payload, type);
    return (await answer.json()) as T;
  }

  /** @throws CommandRefused with what the service says. */
  async get<T>(path: string, query: Record<string, string>): Promise<T> {
    const answer = await this.send('GET', path, query, undefined, '');
    return (await answer.json()) as T;
  }

  async stream(path: string, query: Record<string, string>): Promise<Readable> {
    const { body } = await this.send('GET', path, query, undefined, '');
    return body === null ? Readable.from([]) : Readable.fromWeb(body as ReadableStream);
  }

  private async send(
    method: string,
    path: string,
    query: Record<string, string>,
    body: string | undefined,
    type: string,
  ): Promise<Response> {
    const url = new URL(`${this.options.url.replace(/\/$/, '')}${path}`);
    for (const [name, value] of Object.entries({ ...query, app_id: this.options.app }))
      url.searchParams.set(name, value);
    const headers = { ...this.#headers, ...(body !== undefined && { 'content-type': type }) };
    let answer: Response;
    try {
      answer = await fetch(url, { method, headers, ...(body !== undefined && { body }) });
    } catch (error) {
      throw new CommandRefused(`${this.options.url} does not answer (${String((error as Error).cause ?? error)})`);
    }
    if (!answer.ok) throw new CommandRefused(await reasonOf(answer));
    return answer;
  }
}

async function reasonOf(answer: Response): Promise<string> {
  const text = await answer.text();
  try {
    const { type, detail } = JSON.parse(text) as { type?: string; detail?: string };
    return `the service refuses (${answer.status} ${type ?? ''}): ${detail ?? ''}`;
  } catch {
    return `the service answers ${answer.status}`;
  }
}
