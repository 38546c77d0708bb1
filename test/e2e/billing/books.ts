import { Entitlements } from '../../../src/billing-bridge/entitlements/entitlements.js';
import type { Entitlement, SubjectKey } from '../../../src/billing-bridge/ledger.js';
import type { Answer, SignedIn } from '../../support/api-client.js';
import { asOwner } from '../../support/as-owner.js';
import type { TestApp, TestTenant } from '../../support/test-app.js';

export interface FeatureInput {
  readonly key: string;
  readonly type?: string;
  readonly limit?: number;
  readonly [field: string]: unknown;
}

interface PlanInput {
  readonly [field: string]: unknown;
}

export interface CloudEventInput {
  readonly id: string;
  readonly source?: string;
  readonly type?: string;
  readonly subject?: string;
  readonly time?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

let plans = 0;

/** What an operator of an app does with its books, in few words. */
export class Books {
  private constructor(
    readonly app: TestApp,
    readonly tenant: TestTenant,
    /** Time that a test lets pass ends sessions: then another operator takes over. */
    private operator: string,
  ) {}

  static async open(app: TestApp): Promise<Books> {
    const tenant = await app.createTenant();
    return new Books(app, tenant, await app.operatorOf(tenant.scope.appId));
  }

  get appId(): string {
    return this.tenant.scope.appId;
  }

  /** Calls as the operator, for the environment of the books. */
  async call(method: string, path: string, body?: object, query: Record<string, string> = {}): Promise<Answer> {
    const named = { app_id: this.tenant.scope.appId, env_id: this.tenant.scope.envId, ...query };
    const send = (): Promise<Answer> =>
      this.app.api.request(method, `/v1/billing${path}`, { token: this.operator, query: named, ...(body && { body }) });
    const answer = await send();
    if (answer.status !== 401) return answer;
    this.operator = await this.app.operatorOf(this.tenant.scope.appId);
    return send();
  }

  /** As {@link call}; anything but success is an error. */
  async must(
    method: string,
    path: string,
    body?: object,
    query?: Record<string, string>,
  ): Promise<Record<string, unknown>> {
    const answer = await this.call(method, path, body, query);
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  }

  /** @returns the id of a new active plan. */
  async plan(features: readonly FeatureInput[], more: PlanInput = {}): Promise<string> {
    plans += 1;
    const body = { name: `Plan ${plans}`, slug: `plan-${plans}`, features, ...more };
    return (await this.must('POST', '/plans', body)).id as string;
  }

  /** @param tenantId the app when absent. @returns the id of a new subscription. */
  async subscribe(planId: string, tenantId: string = this.appId, more: PlanInput = {}): Promise<string> {
    const body = { tenant_id: tenantId, plan_id: planId, ...more };
    return (await this.must('POST', '/subscriptions', body)).id as string;
  }

  change(subscriptionId: string, step: string, body: object = {}): Promise<Record<string, unknown>> {
    return this.must('POST', `/subscriptions/${subscriptionId}/${step}`, body);
  }

  subscription(id: string): Promise<Record<string, unknown>> {
    return this.must('GET', `/subscriptions/${id}`);
  }

  /** What the ledger says of a feature, past nobody's cache. */
  async ask(feature: string, tenantId: string = this.appId, app: TestApp = this.app): Promise<Entitlement> {
    return app.get(Entitlements).check({ scope: this.tenant.scope, key: subjectOf(tenantId) }, feature);
  }

  /** Tells of usage that happened elsewhere. */
  tell(events: readonly CloudEventInput[], fallback: Partial<CloudEventInput> = {}): Promise<Answer> {
    const whole = events.map((event) => ({
      source: '/shop',
      type: 'api.calls',
      subject: this.appId,
      ...fallback,
      ...event,
    }));
    return this.call('POST', '/usage/events', { events: whole });
  }

  /** @returns units of each key in the current period, when everything that happened is metered. */
  async used(tenantId: string = this.appId): Promise<Record<string, number>> {
    await this.app.drain();
    const { usage } = await this.must('GET', '/usage', undefined, { tenant_id: tenantId });
    const lines = usage as { feature_key: string; used: number }[];
    return Object.fromEntries(lines.map(({ feature_key, used }) => [feature_key, used]));
  }

  async meter(key: string, aggregation = 'sum', more: PlanInput = {}): Promise<void> {
    await this.must('POST', '/meters', { key, aggregation, ...more });
  }

  /** The names of facts of the environment that begin so, as they were recorded. */
  async facts(prefix: string): Promise<string[]> {
    const rows = await asOwner<{ name: string }>(
      this.app,
      'SELECT name FROM outbox WHERE env_id = $1 AND starts_with(name, $2) ORDER BY sequence',
      [this.tenant.scope.envId, prefix],
    );
    return rows.map(({ name }) => name);
  }

  /** Sets a setting of the environment. */
  async set(key: string, value: unknown): Promise<void> {
    const place = { app_id: this.appId, scope: 'environment', scope_id: this.tenant.scope.envId };
    const body = { ...place, value };
    const { status, text } = await this.app.api.put(`/v1/admin/settings/values/${key}`, {
      token: this.operator,
      query: place,
      body,
    });
    if (status !== 200) throw new Error(text);
  }

  person(): Promise<SignedIn> {
    return this.app.api.signUp(this.tenant);
  }

  /** @returns the id of an organization that the person owns. */
  async organization({ token }: Pick<SignedIn, 'token'>, name = 'Engines'): Promise<string> {
    const { status, body, text } = await this.app.api.post('/v1/orgs', { token, body: { name } });
    if (status !== 201) throw new Error(text);
    return body.id as string;
  }
}

export function subjectOf(tenantId: string): SubjectKey {
  if (tenantId.startsWith('aorg_')) return `org:${tenantId}`;
  return tenantId.startsWith('ausr_') ? `user:${tenantId}` : `app:${tenantId}`;
}
