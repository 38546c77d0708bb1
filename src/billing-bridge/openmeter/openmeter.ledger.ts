import { LRUCache } from 'lru-cache';
import type { Entitlement, FeatureKind, Ledger, LedgerHealth, Subject, Usage } from '../ledger.js';
import { UsageRefused } from '../ledger.js';
import { fromOpenMeter, toOpenMeter } from './openmeter-keys.js';
import { type OpenMeterAnswer, OpenMeterClient, type OpenMeterOptions } from './openmeter.client.js';

const EVENTS = '/api/v1/events';
const CUSTOMERS = '/api/v1/customers';
const MOST_EVENTS = 500;
const MOST_KNOWN = 100_000;
const CONFLICT = 409;
const NOT_FOUND = 404;

/**
 * Usage and entitlements kept by OpenMeter. Events are CloudEvents under this service's own ids, which OpenMeter counts once; customers are
 * made when they are first heard of, one for each subject of each environment.
 */
export class OpenMeterLedger implements Ledger {
  readonly name = 'openmeter';
  readonly transactional = false;
  readonly #client: OpenMeterClient;
  readonly #known = new LRUCache<string, true>({ max: MOST_KNOWN });

  constructor(options: OpenMeterOptions) {
    this.#client = new OpenMeterClient(options);
  }

  async recordUsage(usages: readonly Usage[]): Promise<void> {
    for (const subject of distinct(usages)) await this.ensureCustomer(subject);
    const nameless = usages.filter(({ featureKey }) => toOpenMeter(featureKey) === undefined);
    const refused = nameless.map(({ idempotencyKey }) => idempotencyKey);
    const named = usages.filter((usage) => !nameless.includes(usage));
    for (let first = 0; first < named.length; first += MOST_EVENTS) {
      refused.push(...(await this.send(named.slice(first, first + MOST_EVENTS))));
    }
    if (refused.length > 0) throw new UsageRefused(refused, 'OpenMeter does not take these events');
  }

  async checkEntitlement(subject: Subject, featureKey: string): Promise<Entitlement> {
    const name = toOpenMeter(featureKey);
    if (name === undefined) return { featureKey, allowed: false, kind: 'unknown', reason: 'feature_not_in_plan' };
    await this.ensureCustomer(subject);
    const answer = await this.#client.get(`/api/v2/customers/${path(subject)}/entitlements/${name}/value`);
    if (answer.status === NOT_FOUND) return entitlementOf(featureKey, undefined);
    return entitlementOf(featureKey, ok(answer).body);
  }

  /** All at once, by the customer's whole access. */
  async checkEntitlements(subject: Subject, featureKeys: readonly string[]): Promise<readonly Entitlement[]> {
    await this.ensureCustomer(subject);
    const { body } = ok(await this.#client.get(`${CUSTOMERS}/${path(subject)}/access`));
    const values = new Map(
      Object.entries((body.entitlements ?? {}) as Record<string, Record<string, unknown>>).map(([name, value]) => [
        fromOpenMeter(name),
        value,
      ]),
    );
    return featureKeys.map((key) => entitlementOf(key, values.get(key)));
  }

  async health(): Promise<LedgerHealth> {
    try {
      ok(await this.#client.get('/api/v1/meters'));
      return { healthy: true };
    } catch (error) {
      return { healthy: false, detail: `OpenMeter does not answer: ${(error as Error).message}` };
    }
  }

  /** @returns the keys of those that can never be taken; the others were. Sent one by one to find out, with the same ids. */
  private async send(usages: readonly Usage[]): Promise<string[]> {
    const answer = await this.#client.post(EVENTS, usages.map(cloudEventOf), 'application/cloudevents-batch+json');
    if (answer.status !== 400 && answer.status !== 422) {
      ok(answer);
      return [];
    }
    if (usages.length === 1) return usages.map(({ idempotencyKey }) => idempotencyKey);
    const refused: string[] = [];
    for (const usage of usages) refused.push(...(await this.send([usage])));
    return refused;
  }

  private async ensureCustomer(subject: Subject): Promise<void> {
    const key = customerOf(subject);
    if (this.#known.has(key)) return;
    const customer = { key, name: subject.key, usageAttribution: { subjectKeys: [key] } };
    const answer = await this.#client.post(CUSTOMERS, customer);
    // Another replica was first.
    if (answer.status !== CONFLICT) ok(answer);
    this.#known.set(key, true);
  }
}

/** Unique over apps and environments, 256 characters at most. */
export function customerOf({ scope, key }: Subject): string {
  return `${scope.appId}/${scope.envId}/${key}`;
}

const path = (subject: Subject): string => encodeURIComponent(customerOf(subject));

function distinct(usages: readonly Usage[]): Subject[] {
  return [...new Map(usages.map(({ subject }) => [customerOf(subject), subject])).values()];
}

function cloudEventOf(usage: Usage): Record<string, unknown> {
  const { scope } = usage.subject;
  return {
    specversion: '1.0',
    id: usage.idempotencyKey,
    source: `authsome:${scope.appId}:${scope.envId}:${usage.source}`,
    type: toOpenMeter(usage.featureKey),
    subject: customerOf(usage.subject),
    time: usage.occurredAt.toISOString(),
    data: { ...usage.dimensions, value: usage.quantity },
  };
}

/** @throws for everything but success: the caller tries again with the same ids. */
function ok(answer: OpenMeterAnswer): OpenMeterAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw new Error(`OpenMeter answered ${answer.status}`);
}

/** @param value as OpenMeter has it; undefined: it knows of no such entitlement. */
function entitlementOf(featureKey: string, value: Readonly<Record<string, unknown>> | undefined): Entitlement {
  if (value === undefined) return { featureKey, allowed: false, kind: 'unknown', reason: 'feature_not_in_plan' };
  const allowed = value.hasAccess === true;
  const kind = kindOf(value);
  if (kind === 'static') return { featureKey, allowed, kind, config: value.config };
  if (kind === 'boolean')
    return { featureKey, allowed, kind, ...(allowed ? {} : { reason: 'feature_not_in_plan' as const }) };
  const used = Number(value.usage);
  const remaining = Number(value.balance);
  const overage = Number(value.overage ?? 0);
  const limit = Number(value.totalAvailableGrantAmount ?? used - overage + remaining);
  const over = allowed && overage > 0 ? { reason: 'over_soft_limit' as const } : {};
  return {
    featureKey,
    allowed,
    kind,
    used,
    limit,
    remaining,
    soft: allowed && remaining <= 0,
    ...(allowed ? over : { reason: 'quota_exceeded' }),
  };
}

function kindOf(value: Readonly<Record<string, unknown>>): FeatureKind {
  if (value.usage !== undefined || value.balance !== undefined) return 'metered';
  return value.config === undefined ? 'boolean' : 'static';
}
