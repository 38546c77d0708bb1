import type { EnvScope } from '../kernel/context/scope.js';

/** Who is billed, within an environment: an organization, a user, or the app as a whole. */
export type SubjectKey = `org:${string}` | `user:${string}` | `app:${string}`;

/** Who a call is about. Always with its tenant: two apps never share a counter, whatever their subjects are called. */
export interface Subject {
  readonly scope: EnvScope;
  readonly key: SubjectKey;
}

/** Something that was used. */
export interface Usage {
  readonly subject: Subject;
  /** `authsome.users.created` and its like, or a key of the deployment's own. */
  readonly featureKey: string;
  /** Units of the feature; more than 0, and whole ones where the meter counts whole ones. */
  readonly quantity: number;
  /** Who says so. The same `idempotencyKey` of the same source counts once in an environment; of another source it is another event. */
  readonly source: string;
  readonly idempotencyKey: string;
  readonly occurredAt: Date;
  /** What it was used by or for: `user_id`, `key_id`. Plain values; never personal ones. */
  readonly dimensions: Readonly<Record<string, string>>;
}

/** What kind of feature a key names. `unknown`: the engine does not say. */
export type FeatureKind = 'boolean' | 'metered' | 'seat' | 'static' | 'unknown';

/** Why a feature is withheld, or given although its limit is reached (`over_soft_limit`). */
export type EntitlementReason =
  | 'no_subscription'
  | 'subscription_inactive'
  | 'trial_expired'
  | 'feature_not_in_plan'
  | 'quota_exceeded'
  | 'over_soft_limit'
  | 'provider_unavailable';

/** Whether a subject may use a feature, and why. */
export interface Entitlement {
  readonly featureKey: string;
  readonly allowed: boolean;
  readonly kind: FeatureKind;
  readonly reason?: EntitlementReason;
  /** Units used in the current period; of seats, those that are taken. */
  readonly used?: number;
  /** Units that may be used in the period; null: no limit. */
  readonly limit?: number | null;
  /** Units left; null: no limit. */
  readonly remaining?: number | null;
  /** Whether more than the limit may be used. */
  readonly soft?: boolean;
  /** When `used` starts anew. */
  readonly resetsAt?: Date;
  /** What a static feature says. */
  readonly config?: unknown;
  /** Whether this is an earlier answer, or a policy's, because the engine did not answer. */
  readonly stale?: boolean;
}

export interface LedgerHealth {
  readonly healthy: boolean;
  /** For operators; no secrets. */
  readonly detail?: string;
}

/**
 * The billing engine behind the service: takes usage, answers what a plan allows. Implementations: `noop`, `embedded`, `openmeter`, `stripe`,
 * and whatever a deployment binds. `authsome conformance ledger` checks one.
 */
export interface Ledger {
  /** Names the implementation, for the start-up log and the health endpoint. */
  readonly name: string;
  /**
   * Whether usage is written by the database connection that is at hand, in its transaction. If not, the service queues usage with the change
   * it follows from, and hands it over later, again and again with the same keys, until it is taken.
   */
  readonly transactional: boolean;
  /**
   * Takes usage of any number of subjects, all of it or none. What was taken before is not counted again.
   * @throws UsageRefused when a record can never be taken; any other error: the caller tries again with the same keys.
   */
  recordUsage(usages: readonly Usage[]): Promise<void>;
  /**
   * Whether a subject may use so many more units of a feature. Asks only: nothing is counted.
   * @param quantity units wanted. Default: 1.
   * @throws when the engine cannot answer; what that means is the caller's policy.
   */
  checkEntitlement(subject: Subject, featureKey: string, quantity?: number): Promise<Entitlement>;
  /** As {@link checkEntitlement} for one unit each, in the order of the keys. */
  checkEntitlements(subject: Subject, featureKeys: readonly string[]): Promise<readonly Entitlement[]>;
  /** Whether the engine can be reached. Never throws. */
  health(): Promise<LedgerHealth>;
}

/** A record that will never be taken, with the reason: it is put aside and holds up nothing (F21). */
export class UsageRefused extends Error {
  /** @param idempotencyKeys of the records that are refused; the others of the batch were taken. */
  constructor(
    readonly idempotencyKeys: readonly string[],
    reason: string,
  ) {
    super(reason);
    this.name = 'UsageRefused';
  }
}

export const LEDGER = Symbol('Ledger');
