import type { Aggregation } from '../meters/meter.rules.js';
import type { FeaturePeriod } from '../periods.js';

export const PLAN_FEATURE_KINDS = ['boolean', 'metered', 'seat', 'static'] as const;
export type PlanFeatureKind = (typeof PLAN_FEATURE_KINDS)[number];

/** What happens at the limit: nothing more, more for free, or more for money. */
export const OVERAGES = ['deny', 'allow', 'bill'] as const;
export type Overage = (typeof OVERAGES)[number];

/** `graduated`: each unit at the price of its tier. `volume`: all units at the price of the tier that the total reaches. */
export const TIER_MODES = ['graduated', 'volume'] as const;
export type TierMode = (typeof TIER_MODES)[number];

export interface PriceTier {
  /** The last unit of the tier; null: no end. */
  readonly upTo: number | null;
  /** Minor units (cents) for each unit. */
  readonly unitAmount: number;
  /** Minor units for reaching the tier at all. */
  readonly flatAmount: number;
}

/** What a plan holds of one feature. */
export interface PlanFeature {
  readonly key: string;
  readonly name: string;
  readonly kind: PlanFeatureKind;
  /** Units in a period; null: no limit. Of a boolean feature: 0 is off, everything else on. */
  readonly limit: number | null;
  /** Of a metered feature; null: the plan's own. */
  readonly period: FeaturePeriod | null;
  readonly overage: Overage;
  /** The meter a metered feature reads. */
  readonly meter: string | null;
  /** As the meter had it when the version was published. */
  readonly aggregation: Aggregation | null;
  /** What a static feature says. */
  readonly config: unknown;
  /** Prices of units beyond the limit, where overage is billed; of all units where the limit is 0. */
  readonly tierMode: TierMode;
  readonly tiers: readonly PriceTier[];
}
