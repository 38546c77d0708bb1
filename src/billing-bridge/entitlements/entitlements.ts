import { setTimeout } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Counter } from 'prom-client';
import { AuditTrail, SYSTEM_ACTOR } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import { Logger } from '../../kernel/logging/logger.js';
import { Metrics } from '../../kernel/metrics/metrics.js';
import { Notifications } from '../../kernel/notifications/notifications.js';
import { Database } from '../../kernel/persistence/database.js';
import { type Entitlement, LEDGER, type Ledger, type Subject } from '../ledger.js';
import { EntitlementCache, slotOf } from './entitlement-cache.js';
import { answerWithout, failurePolicyOf } from './failure-policy.js';

export interface EntitlementOptions {
  /** How long an engine elsewhere may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Features that stay open while the engine does not answer, besides second factors and passkeys. */
  readonly failOpen: readonly string[];
}
export const ENTITLEMENT_OPTIONS = Symbol('EntitlementOptions');

interface LastAnswer {
  readonly entitlement: Entitlement;
  readonly atMs: number;
}

const MOST_LAST_ANSWERS = 100_000;
const HOUR_MS = 3_600_000;

/**
 * What the rest of the service asks about entitlements. Answers from memory while they hold, asks the engine once however many want to know,
 * and keeps to the failure policy of the feature while the engine does not answer.
 */
@Injectable()
export class Entitlements {
  readonly #cache: EntitlementCache;
  readonly #asking = new Map<string, Promise<Entitlement>>();
  readonly #last = new LRUCache<string, LastAnswer>({ max: MOST_LAST_ANSWERS });
  readonly #audited = new LRUCache<string, number>({ max: MOST_LAST_ANSWERS });
  readonly #stale: Counter;

  constructor(
    @Inject(LEDGER) private readonly ledger: Ledger,
    @Inject(ENTITLEMENT_OPTIONS) private readonly options: EntitlementOptions,
    private readonly database: Database,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    private readonly logger: Logger,
    notifications: Notifications,
    metrics: Metrics,
  ) {
    this.#cache = new EntitlementCache(notifications, clock);
    this.#stale = new Counter({
      name: 'authsome_entitlement_stale_total',
      help: 'Answers given while the billing engine did not answer, by feature and whether they let it pass',
      labelNames: ['feature', 'allowed'],
      registers: [metrics.registry],
    });
  }

  /**
   * Whether a subject may use one more unit of a feature. Never rejects: an engine that does not answer is the feature's policy's business.
   * @returns a promise only when the engine has to be asked.
   */
  check(subject: Subject, featureKey: string): Entitlement | Promise<Entitlement> {
    const slot = slotOf(subject, featureKey);
    const known = this.#cache.recall(slot);
    if (known !== undefined) return known;
    const asking = this.#asking.get(slot);
    // What is asked inside a transaction may depend on what it has written: that answer is nobody else's.
    if (asking !== undefined && this.database.current === undefined) return asking;
    const answer = this.ask(subject, featureKey, slot);
    if (this.database.current !== undefined) return answer;
    this.#asking.set(slot, answer);
    return answer.finally(() => this.#asking.delete(slot));
  }

  /** As {@link check}, for several features: what is not in memory is asked in one go. */
  async checkAll(subject: Subject, featureKeys: readonly string[]): Promise<Entitlement[]> {
    const { round } = this.#cache;
    const found = new Map<string, Entitlement>();
    for (const key of featureKeys) {
      const known = this.#cache.recall(slotOf(subject, key));
      if (known !== undefined) found.set(key, known);
    }
    const missing = featureKeys.filter((key) => !found.has(key));
    if (missing.length > 0) {
      try {
        for (const entitlement of await this.inTime(this.ledger.checkEntitlements(subject, missing))) {
          found.set(entitlement.featureKey, entitlement);
          this.learn(subject, slotOf(subject, entitlement.featureKey), entitlement, round);
        }
      } catch (error) {
        for (const key of missing) found.set(key, await this.without(subject, key, slotOf(subject, key), error));
      }
    }
    return featureKeys.map((key) => found.get(key) as Entitlement);
  }

  private learn(subject: Subject, slot: string, entitlement: Entitlement, round: number): void {
    this.#last.set(slot, { entitlement, atMs: this.clock.nowMs() });
    if (this.database.current === undefined) this.#cache.keep(subject, slot, entitlement, round);
  }

  private async ask(subject: Subject, featureKey: string, slot: string): Promise<Entitlement> {
    const { round } = this.#cache;
    try {
      const entitlement = await this.inTime(this.ledger.checkEntitlement(subject, featureKey));
      this.learn(subject, slot, entitlement, round);
      return entitlement;
    } catch (error) {
      // A transaction whose statement failed is lost, whatever would be answered here.
      if (this.ledger.transactional && this.database.current !== undefined) throw error;
      return this.without(subject, featureKey, slot, error);
    }
  }

  /** The embedded engine's statements have their own limit of time. */
  private async inTime<Answer>(answer: Promise<Answer>): Promise<Answer> {
    if (this.ledger.transactional) return answer;
    const waiting = new AbortController();
    const late = setTimeout(this.options.timeoutMs, undefined, { signal: waiting.signal }).then(() => {
      throw new Error(`${this.ledger.name} did not answer within ${this.options.timeoutMs} ms`);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      waiting.abort();
      late.catch(() => undefined);
      answer.catch(() => undefined);
    }
  }

  private async without(subject: Subject, featureKey: string, slot: string, error: unknown): Promise<Entitlement> {
    const last = this.#last.get(slot);
    const known = last && { entitlement: last.entitlement, ageMs: this.clock.nowMs() - last.atMs };
    const answer = answerWithout(featureKey, failurePolicyOf(featureKey, this.options.failOpen), known);
    this.#stale.inc({ feature: featureKey, allowed: String(answer.allowed) });
    this.logger.warn('entitlements.provider_failed', { provider: this.ledger.name, feature: featureKey, error });
    if (answer.allowed) await this.auditOpening(subject, featureKey, slot);
    return answer;
  }

  /** One entry per subject, feature and hour: an outage must not flood the trail. */
  private async auditOpening({ scope, key }: Subject, featureKey: string, slot: string): Promise<void> {
    const hour = Math.floor(this.clock.nowMs() / HOUR_MS);
    if (this.#audited.get(slot) === hour) return;
    this.#audited.set(slot, hour);
    const record = (): Promise<void> => {
      this.audit.record(scope, {
        action: 'billing.entitlement.assumed',
        actor: SYSTEM_ACTOR,
        target: { type: 'subject', id: key },
        metadata: { feature: featureKey, provider: this.ledger.name },
      });
      return Promise.resolve();
    };
    await this.database.transaction(record).catch((error: unknown) => {
      this.logger.warn('entitlements.not_audited', { error });
    });
  }
}
