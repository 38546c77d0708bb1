import { randomBytes } from 'node:crypto';
import type { TestApp, TestTenant } from './test-app.js';
import { DocumentCheck } from './document-check.js';

export interface RequestOptions {
  readonly tenant?: TestTenant;
  /** An access token. */
  readonly token?: string;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly payload?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly remoteAddress?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  // Every answer is checked against the OpenAPI document; a test may then read it freely.
  readonly body: Record<string, unknown>;
  readonly text: string;
}

export interface SignedIn {
  readonly token: string;
  readonly refreshToken: string;
  readonly deviceToken: string | undefined;
  readonly userId: string;
  readonly email: string;
  readonly password: string;
}

export const PASSWORD = 'correct horse battery staple';
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36';

/** Calls the service in process. Every answer must be one that the OpenAPI document allows. */
export class ApiClient {
  #check: DocumentCheck | undefined;

  constructor(private readonly app: TestApp) {}

  get(path: string, options?: RequestOptions): Promise<Answer> {
    return this.request('GET', path, options);
  }

  post(path: string, options?: RequestOptions): Promise<Answer> {
    return this.request('POST', path, options);
  }

  put(path: string, options?: RequestOptions): Promise<Answer> {
    return this.request('PUT', path, options);
  }

  patch(path: string, options?: RequestOptions): Promise<Answer> {
    return this.request('PATCH', path, options);
  }

  delete(path: string, options?: RequestOptions): Promise<Answer> {
    return this.request('DELETE', path, options);
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const { tenant, token, body, payload, headers, query, remoteAddress } = options;
    const response = await this.app.nest.inject({
      method: method as 'GET',
      url: path,
      headers: {
        'user-agent': AGENT,
        ...(tenant === undefined ? {} : { 'x-publishable-key': tenant.publishableKey }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(query === undefined ? {} : { query: { ...query } }),
      ...(remoteAddress === undefined ? {} : { remoteAddress }),
      ...(payload !== undefined ? { payload } : body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
    const json = /\bjson|\+json/.test(String(response.headers['content-type'])) && response.body !== '';
    const answer: Answer = {
      status: response.statusCode,
      headers: response.headers,
      body: json ? (response.json() as Record<string, unknown>) : {},
      text: response.body,
    };
    this.#check ??= new DocumentCheck(this.app.nest);
    this.#check.require(method, path, answer);
    return answer;
  }

  /** Signs up a new person. */
  async signUp(
    tenant: TestTenant,
    person: { email?: string; password?: string; [field: string]: unknown } = {},
  ): Promise<SignedIn> {
    const { email = uniqueEmail(), password = PASSWORD, ...rest } = person;
    const answer = await this.post('/v1/signup', { tenant, body: { email, password, ...rest } });
    if (answer.status !== 201) throw new Error(`sign-up answered ${answer.status}: ${answer.text}`);
    return signedIn(answer, email, password);
  }

  async signIn(
    tenant: TestTenant,
    { email, password }: { email: string; password: string },
    options: RequestOptions = {},
  ): Promise<SignedIn> {
    const answer = await this.post('/v1/signin', { tenant, body: { email, password }, ...options });
    if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${answer.text}`);
    return signedIn(answer, email, password);
  }
}

export function uniqueEmail(): string {
  return `person-${randomBytes(6).toString('hex')}@example.com`;
}

function signedIn({ body }: Answer, email: string, password: string): SignedIn {
  return {
    token: body.session_token as string,
    refreshToken: body.refresh_token as string,
    deviceToken: body.device_token as string | undefined,
    userId: (body.user as { id: string }).id,
    email,
    password,
  };
}
