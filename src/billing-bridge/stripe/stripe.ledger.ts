import { createHash } from 'node:crypto';
import Stripe from 'stripe';
import type { Clock } from '../../kernel/clock/clock.js';
import type { Secret } from '../../kernel/crypto/secret.js';
import { METERS } from '../feature-keys.js';
import { type Entitlement, type Ledger, type LedgerHealth, type Subject, type Usage, UsageRefused } from '../ledger.js';
import type { StripeCustomers } from './stripe-customers.js';

export interface StripeOptions {
  readonly apiKey: Secret;
  /** Where Stripe's API answers. Default: Stripe's own; a test's fake otherwise. */
  readonly endpoint?: { readonly host: string; readonly port: number; readonly protocol: 'http' | 'https' };
  /** For each call, in milliseconds. Default: 2,000. */
  readonly timeoutMs?: number;
  readonly customers: StripeCustomers;
  readonly clock: Clock;
}

const DAY_MS = 86_400_000;
const MOST_LATE_MS = 35 * DAY_MS;
const MOST_AHEAD_MS = 5 * 60_000;
const AT_ONCE = 8;
const MOST_ENTITLEMENTS = 1_000;

/**
 * Usage as Stripe's meter events, and features as its entitlements. Stripe has no quotas: limits of usage are its invoices' business, so
 * metered keys are always allowed here.
 *
 * Meter events go out one by one (the v1 API), because that one says at once which it refuses; the faster stream says so hours later. Stripe
 * remembers an event's identifier for a day: what could not be told for longer may be counted twice, which its meter summaries show.
 */
export class StripeLedger implements Ledger {
  readonly name = 'stripe';
  readonly transactional = false;
  readonly #stripe: Stripe;

  constructor(private readonly options: StripeOptions) {
    this.#stripe = new Stripe(options.apiKey.reveal(), {
      ...options.endpoint,
      timeout: options.timeoutMs ?? 2_000,
      // Who calls has a policy of its own for that.
      maxNetworkRetries: 0,
      telemetry: false,
    });
  }

  async recordUsage(usages: readonly Usage[]): Promise<void> {
    const refused: string[] = [];
    const sendable = usages.filter((usage) => {
      const isTimely = this.isTimely(usage);
      if (!isTimely) refused.push(usage.idempotencyKey);
      return isTimely;
    });
    for (let first = 0; first < sendable.length; first += AT_ONCE) {
      const batch = sendable.slice(first, first + AT_ONCE);
      const outcomes = await Promise.allSettled(batch.map((usage) => this.send(usage)));
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome.status === 'fulfilled' || isTakenAlready(outcome.reason)) continue;
        if (!(outcome.reason instanceof Stripe.errors.StripeInvalidRequestError)) throw outcome.reason;
        refused.push((batch[index] as Usage).idempotencyKey);
      }
    }
    if (refused.length > 0) throw new UsageRefused(refused, 'Stripe does not take these meter events');
  }

  async checkEntitlement(subject: Subject, featureKey: string): Promise<Entitlement> {
    const [entitlement] = await this.checkEntitlements(subject, [featureKey]);
    return entitlement as Entitlement;
  }

  async checkEntitlements(subject: Subject, featureKeys: readonly string[]): Promise<readonly Entitlement[]> {
    const isGate = (key: string): boolean => !(METERS as readonly string[]).includes(key);
    const held = featureKeys.some(isGate) ? await this.features(subject) : new Set<string>();
    return featureKeys.map((featureKey) => {
      if (!isGate(featureKey)) return { featureKey, allowed: true, kind: 'metered', limit: null, remaining: null };
      const allowed = held.has(featureKey);
      return { featureKey, allowed, kind: 'boolean', ...(allowed ? {} : { reason: 'feature_not_in_plan' as const }) };
    });
  }

  async health(): Promise<LedgerHealth> {
    try {
      await this.#stripe.billing.meters.list({ limit: 1 });
      return { healthy: true };
    } catch (error) {
      return { healthy: false, detail: `Stripe does not answer: ${(error as Error).message}` };
    }
  }

  private async features(subject: Subject): Promise<Set<string>> {
    const customer = await this.customer(subject);
    const active = this.#stripe.entitlements.activeEntitlements.list({ customer, limit: 100 });
    return new Set((await active.autoPagingToArray({ limit: MOST_ENTITLEMENTS })).map(({ lookup_key }) => lookup_key));
  }

  private async send(usage: Usage): Promise<void> {
    const { subject, featureKey, quantity, occurredAt } = usage;
    await this.#stripe.billing.meterEvents.create({
      event_name: featureKey,
      identifier: identifierOf(usage),
      payload: { stripe_customer_id: await this.customer(subject), value: String(quantity) },
      timestamp: Math.floor(occurredAt.getTime() / 1_000),
    });
  }

  /** The subject's customer, made when it is first heard of; asked for twice at once, Stripe makes one. */
  private async customer(subject: Subject): Promise<string> {
    const known = await this.options.customers.find(subject);
    if (known !== undefined) return known;
    const { scope, key } = subject;
    const metadata = { authsome_app: scope.appId, authsome_environment: scope.envId, authsome_subject: key };
    const idempotencyKey = `customer-${digest(scope.appId, scope.envId, key)}`;
    const { id } = await this.#stripe.customers.create({ name: key, metadata }, { idempotencyKey });
    await this.options.customers.save(subject, id);
    return id;
  }

  private isTimely({ occurredAt }: Usage): boolean {
    const ageMs = this.options.clock.nowMs() - occurredAt.getTime();
    return ageMs < MOST_LATE_MS && ageMs > -MOST_AHEAD_MS;
  }
}

/** Stripe answers a repeated identifier with an error: the event is there, which is all that was wanted. */
function isTakenAlready(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeInvalidRequestError && /already exists with identifier/i.test(error.message)
  );
}

/** The same for the same usage, whoever sends it, and of another tenant or source another one. */
function identifierOf({ subject, source, idempotencyKey }: Usage): string {
  return digest(subject.scope.appId, subject.scope.envId, source, idempotencyKey);
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
