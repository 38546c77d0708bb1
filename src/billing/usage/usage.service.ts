import { Injectable } from '@nestjs/common';
import { METERS } from '../../billing-bridge/feature-keys.js';
import type { Subject, Usage } from '../../billing-bridge/ledger.js';
import { type Actor, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Database } from '../../kernel/persistence/database.js';
import { MeterNotFound } from '../billing.problems.js';
import { decide } from '../entitlements/decision.js';
import { EntitlementsRepository, recordedBy } from '../entitlements/entitlements.repository.js';
import { ACTIVE_USERS_METER, BUILT_IN_METERS } from '../meters/meter.rules.js';
import { MetersService } from '../meters/meters.service.js';
import type { Period } from '../periods.js';
import { UsageIngest } from './usage-ingest.js';
import { type Reconciliation, type UsagePoint, UsageRepository, type UsageWindow } from './usage.repository.js';

/** What of a feature or a meter was used in the period that runs. */
export interface UsageLine {
  readonly key: string;
  readonly name: string;
  readonly kind: string;
  readonly used: number;
  /** null: no limit. */
  readonly limit: number | null;
  readonly remaining: number | null;
  readonly period: string;
}

const MONTH = 'month';

/** What was used, as it can be read; and usage that others tell. */
@Injectable()
export class UsageService {
  constructor(
    private readonly usage: UsageRepository,
    private readonly entitlements: EntitlementsRepository,
    private readonly meters: MetersService,
    private readonly ingest: UsageIngest,
    private readonly database: Database,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** Everything that is metered or limited for a subject, in its current period; a calendar month (UTC) where no plan says otherwise. */
  async summary({ scope, key }: Subject): Promise<{ readonly period: Period; readonly lines: readonly UsageLine[] }> {
    const now = this.clock.now();
    const plan = await this.entitlements.planOf(scope, key, now);
    const period = plan ?? monthOf(now);
    const features = (plan?.features ?? []).filter(({ kind }) => kind === 'metered' || kind === 'seat');
    const own = await this.meters.own(scope);
    const meters = [...BUILT_IN_METERS, ...own];
    const totals = await this.usage.totals(
      scope,
      key,
      meters.map((meter) => meter.key),
      period,
    );
    const standings = await this.entitlements.standings(
      scope,
      key,
      features.map((feature) => feature.key),
      now,
    );
    const limited = features.map((feature, index) => {
      const standing = standings[index];
      const decision = standing && decide(standing, { quantity: 1, at: now, subscriptionRequired: false });
      const meter = meters.find((candidate) => candidate.key === feature.meter);
      const counted = totals.find(({ meterKey }) => meterKey === feature.meter);
      const total = counted && meter ? Number(recordedBy(meter.aggregation, counted) ?? 0) : 0;
      return {
        key: feature.key,
        name: feature.name,
        kind: feature.kind,
        used: decision?.used ?? total,
        limit: decision?.limit ?? null,
        remaining: decision?.remaining ?? null,
        period: feature.period ?? plan?.period ?? MONTH,
      };
    });
    const unlimited = [...METERS, ACTIVE_USERS_METER, ...own.map((meter) => meter.key)]
      .filter((name) => !features.some((feature) => feature.key === name))
      .map((name) => {
        const counted = totals.find(({ meterKey }) => meterKey === name);
        const meter = meters.find((candidate) => candidate.key === name);
        const used = counted && meter ? Number(recordedBy(meter.aggregation, counted) ?? 0) : 0;
        return { key: name, name, kind: 'metered', used, limit: null, remaining: null, period: plan?.period ?? MONTH };
      });
    return { period, lines: [...limited, ...unlimited] };
  }

  /**
   * What a meter counted, window by window, oldest first; at most 1,001. @param apart whether dimensions that it counts apart are told apart.
   * @throws MeterNotFound
   */
  async series(
    { scope, key }: Subject,
    meterKey: string,
    window: UsageWindow,
    period: Period,
    apart: boolean,
  ): Promise<{ readonly aggregation: string; readonly points: readonly (UsagePoint & { readonly value: number })[] }> {
    const meter = await this.meters.find(scope, meterKey);
    if (meter === undefined) throw new MeterNotFound();
    const points = await this.usage.series(scope, key, meterKey, window, period, apart);
    const value = (point: UsagePoint): number => Number(recordedBy(meter.aggregation, point) ?? 0);
    return { aggregation: meter.aggregation, points: points.map((point) => ({ ...point, value: value(point) })) };
  }

  /**
   * Takes usage that somebody else tells, all of it or none. @returns how many events had not been taken before.
   * @throws UsageRefused
   */
  take(scope: EnvScope, usages: readonly Usage[], actor: Actor): Promise<number> {
    return this.database.transaction(async () => {
      const taken = await this.ingest.take(usages);
      this.audit.record(scope, { action: 'billing.usage.recorded', actor, metadata: { events: usages.length, taken } });
      return taken;
    });
  }

  /** Hourly sums against the events they were made of: every difference is a fault. */
  async reconcile(scope: EnvScope, period: Period): Promise<Reconciliation[]> {
    const summing = [...BUILT_IN_METERS, ...(await this.meters.own(scope))].filter(
      ({ aggregation, eventKey, key }) => aggregation === 'sum' && eventKey === key,
    );
    return this.usage.reconcile(
      scope,
      period,
      summing.map(({ key }) => key),
    );
  }
}

function monthOf(now: Date): Period {
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  return { starts: new Date(Date.UTC(year, month, 1)), ends: new Date(Date.UTC(year, month + 1, 1)) };
}
