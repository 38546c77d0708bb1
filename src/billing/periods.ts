/** How long a plan's period is. */
export const PLAN_PERIODS = ['hour', 'day', 'week', 'month', 'year'] as const;
export type PlanPeriod = (typeof PLAN_PERIODS)[number];

/** How long a feature's count runs; `none`: for good. */
export const FEATURE_PERIODS = [...PLAN_PERIODS, 'none'] as const;
export type FeaturePeriod = (typeof FEATURE_PERIODS)[number];

/** A half-open span of time: `starts` belongs to it, `ends` to the next. */
export interface Period {
  readonly starts: Date;
  readonly ends: Date;
}

const HOUR_MS = 3_600_000;

/**
 * Where a subscription's periods are counted from: the beginning of the hour (UTC) it started in. So every period begins with an hour, and
 * hourly sums add up to it exactly.
 */
export function anchorAt(start: Date): Date {
  return new Date(start.getTime() - (start.getTime() % HOUR_MS));
}

/** Clients of the Go server say `monthly` and `yearly`. */
export const PERIOD_NAMES: Readonly<Record<string, FeaturePeriod>> = {
  hourly: 'hour',
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
  yearly: 'year',
};
