import type { EnvScope } from '../kernel/context/scope.js';

/** Usage that is metered. */
export const METERS = [
  'authsome.users.active',
  'authsome.users.created',
  'authsome.mfa.enrollments',
  'authsome.apikeys.validated',
  'authsome.orgs.members',
  'authsome.sessions.created',
] as const;
export type Meter = (typeof METERS)[number];

/** Features a plan may withhold. */
export const FEATURES = [
  'authsome.feature.mfa',
  'authsome.feature.sso',
  'authsome.feature.orgs',
  'authsome.feature.passkeys',
  'authsome.feature.custom_domains',
] as const;
export type Feature = (typeof FEATURES)[number];

export interface Usage {
  readonly meter: Meter;
  /** Whole units; negative ones correct earlier usage. */
  readonly quantity: number;
  /** The same key counts once. Made from the event the usage follows from. */
  readonly idempotencyKey: string;
  readonly occurredAt: Date;
}

/**
 * The billing engine behind the service: takes usage, answers what a plan allows. Implementations: `noop`, and whatever a deployment binds.
 * Features never call it inside a transaction.
 */
export interface Ledger {
  /** Names the implementation, for the start-up log and the health endpoint. */
  readonly name: string;
  /** @throws when the usage was not taken: the caller tries again with the same key. */
  recordUsage(scope: EnvScope, usage: Usage): Promise<void>;
  /** @throws when the engine cannot answer; what that means is the caller's policy. */
  checkEntitlement(scope: EnvScope, feature: Feature): Promise<boolean>;
}

export const LEDGER = Symbol('Ledger');
