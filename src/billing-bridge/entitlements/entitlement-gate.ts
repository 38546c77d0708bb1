import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Logger } from '../../kernel/logging/logger.js';
import { Metrics } from '../../kernel/metrics/metrics.js';
import type { Feature } from '../feature-keys.js';
import type { Entitlement, Subject } from '../ledger.js';
import { EntitlementDenied, EntitlementUnknown, QuotaExceeded } from './entitlement.problems.js';
import { Entitlements } from './entitlements.js';

/** The seats of an organization: a limit of its plan, not a feature that is there or not. */
const SEATS = 'authsome.orgs.members';

/**
 * What stands before everything that a plan may withhold. Services call it before they create something, never before they read, use or
 * delete what is there: a plan that lapses locks nobody out.
 */
@Injectable()
export class EntitlementGate {
  readonly #refused: Counter;

  constructor(
    private readonly entitlements: Entitlements,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.#refused = new Counter({
      name: 'authsome_entitlement_refused_total',
      help: 'Operations refused by a plan, by feature and reason',
      labelNames: ['feature', 'reason'],
      registers: [metrics.registry],
    });
  }

  /** @throws EntitlementDenied, QuotaExceeded, EntitlementUnknown */
  async require(subject: Subject, feature: Feature): Promise<void> {
    const entitlement = await this.entitlements.check(subject, feature);
    if (!entitlement.allowed) throw this.refusal(subject, entitlement);
  }

  /**
   * Whether an organization's plan has a seat for one more, in the transaction that holds the organization's row: so of many who join at
   * once exactly as many do as there are seats. A plan that does not speak of seats does not limit them.
   * @param used members it has, as the row that is held says. @throws EntitlementDenied, QuotaExceeded, EntitlementUnknown
   */
  async requireSeat(subject: Subject, used: number): Promise<void> {
    const entitlement = await this.entitlements.check(subject, SEATS);
    const { limit, reason, kind, soft } = entitlement;
    if (reason === 'feature_not_in_plan' || limit === null || (entitlement.allowed && limit === undefined)) return;
    if (limit === undefined) throw this.refusal(subject, entitlement);
    if (used < limit || soft === true) return;
    throw this.refusal(subject, {
      featureKey: SEATS,
      kind,
      allowed: false,
      reason: 'quota_exceeded',
      used,
      limit,
      remaining: 0,
    });
  }

  private refusal({ key }: Subject, { featureKey, reason, used, limit, resetsAt }: Entitlement): Error {
    this.#refused.inc({ feature: featureKey, reason: reason ?? 'unknown' });
    this.logger.info('entitlements.refused', { subject: key, feature: featureKey, reason });
    if (reason === 'provider_unavailable') return new EntitlementUnknown({ extras: { feature: featureKey, reason } });
    const numbers = {
      ...(used === undefined ? {} : { used }),
      ...(limit === undefined ? {} : { limit }),
      ...(resetsAt === undefined ? {} : { resets_at: resetsAt.toISOString() }),
    };
    const extras = { feature: featureKey, ...(reason === undefined ? {} : { reason }), ...numbers };
    return reason === 'quota_exceeded' ? new QuotaExceeded({ extras }) : new EntitlementDenied({ extras });
  }
}
