import type { Answer, RequestOptions } from '../../support/api-client.js';
import type { TestApp, TestTenant } from '../../support/test-app.js';

export interface MadeKey {
  readonly id: string;
  readonly rawKey: string;
}

let accounts = 0;

/** A service account of an app and its keys, in few words. */
export class Machines {
  private constructor(
    readonly app: TestApp,
    readonly tenant: TestTenant,
    /** Time that a test lets pass ends sessions: then another operator takes over. */
    private operator: string,
    private readonly account: string,
  ) {}

  static async open(app: TestApp, scopes: readonly string[] = []): Promise<Machines> {
    const tenant = await app.createTenant();
    const operator = await app.operatorOf(tenant.scope.appId);
    accounts += 1;
    const body = { app_id: tenant.scope.appId, name: `machine-${accounts}`, scopes };
    const made = await app.api.post('/v1/admin/service-accounts', { token: operator, body });
    if (made.status !== 201) throw new Error(made.text);
    return new Machines(app, tenant, operator, made.body.id as string);
  }

  /** Calls as an operator of the app, for its environment. */
  async asOperator(method: string, path: string, body?: object, query: Record<string, string> = {}): Promise<Answer> {
    const { appId, envId } = this.tenant.scope;
    const named = { app_id: appId, env_id: envId, ...query };
    const send = (): Promise<Answer> =>
      this.app.api.request(method, path, { token: this.operator, query: named, ...(body && { body }) });
    const answer = await send();
    if (answer.status !== 401) return answer;
    this.operator = await this.app.operatorOf(appId);
    return send();
  }

  /** As {@link asOperator}; anything but success is an error. */
  async must(
    method: string,
    path: string,
    body?: object,
    query?: Record<string, string>,
  ): Promise<Record<string, unknown>> {
    const answer = await this.asOperator(method, path, body, query);
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  }

  /** What the account itself is answered: it can be changed and deleted. */
  get accountPath(): string {
    return `/v1/admin/service-accounts/${this.account}`;
  }

  async key(scopes: readonly string[], more: object = {}): Promise<MadeKey> {
    const made = await this.must('POST', `${this.accountPath}/api-keys`, { name: 'CI', scopes, ...more });
    return { id: made.id as string, rawKey: made.key as string };
  }

  /** Lists users, which needs `read:users`. */
  read(rawKey: string, options: RequestOptions = {}): Promise<Answer> {
    return this.app.api.get('/v1/admin/users', { token: rawKey, ...options });
  }

  /** Creates a user, which needs `write:users`. */
  write(rawKey: string, email: string): Promise<Answer> {
    return this.app.api.post('/v1/admin/users/create', { token: rawKey, body: { email } });
  }
}
