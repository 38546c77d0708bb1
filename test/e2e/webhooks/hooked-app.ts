import { TestApp, type TestTenant } from '../../support/test-app.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { WebhookReceiver } from '../../support/webhook-receiver.js';
import type { Answer } from '../../support/api-client.js';

export interface Hook {
  readonly id: string;
  readonly secret: string;
}

/** A service that may call receivers on the loopback, an environment in it, and whoever administers that. */
export class HookedApp {
  private constructor(
    readonly app: TestApp,
    readonly receivers: readonly WebhookReceiver[],
    public tenant: TestTenant,
  ) {}

  #operator: { readonly token: string; readonly sinceMs: number } | undefined;

  static async start(receivers = 1, env: Readonly<Record<string, string>> = {}): Promise<HookedApp> {
    const opened = await Promise.all(Array.from({ length: receivers }, () => WebhookReceiver.open()));
    const allow = opened.map(({ address }) => address).join(',');
    const app = await TestApp.start({ env: { ...RAISED_LIMITS, AUTHSOME_OUTBOUND_ALLOW: allow, ...env } });
    return new HookedApp(app, opened, await app.createTenant());
  }

  get receiver(): WebhookReceiver {
    return this.receivers[0] as WebhookReceiver;
  }

  /** An access token of an operator’s that lives, however far the clock was moved. */
  async operator(): Promise<string> {
    const nowMs = this.app.clock.nowMs();
    if (this.#operator === undefined || nowMs - this.#operator.sinceMs > 60_000) {
      this.#operator = { token: await this.app.operatorOf(this.tenant.scope.appId), sinceMs: nowMs };
    }
    return this.#operator.token;
  }

  /** Asks as the operator. */
  async ask(method: string, path: string, body?: object, query: Record<string, string> = {}): Promise<Answer> {
    const app_id = this.tenant.scope.appId;
    return this.app.api.request(method, path, {
      token: await this.operator(),
      query: { app_id, ...query },
      ...(body && { body }),
    });
  }

  async hook(body: object = {}, receiver = this.receiver): Promise<Hook> {
    const answer = await this.ask('POST', '/v1/webhooks', { url: receiver.url, events: ['*'], ...body });
    if (answer.status !== 201) throw new Error(answer.text);
    return { id: answer.body.id as string, secret: answer.body.secret as string };
  }

  async deliveries(id: string, query: Record<string, string> = {}): Promise<Record<string, unknown>[]> {
    const { body } = await this.ask('GET', `/v1/webhooks/${id}/deliveries`, undefined, query);
    return body.deliveries as Record<string, unknown>[];
  }

  /** Another environment, and a receiver that has heard nothing: what was on its way is gone. */
  async renew(): Promise<void> {
    const { body } = await this.ask('GET', '/v1/webhooks', undefined, { limit: '100' });
    for (const { id } of body.webhooks as { id: string }[]) await this.ask('DELETE', `/v1/webhooks/${id}`);
    this.tenant = await this.app.createTenant();
    this.#operator = undefined;
    for (const receiver of this.receivers) receiver.reset();
  }

  async close(): Promise<void> {
    // First the receivers: whoever hangs would hold up the end of the service.
    await Promise.all(this.receivers.map((receiver) => receiver.close()));
    await this.app.close();
  }
}
