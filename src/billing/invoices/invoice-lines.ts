import type { PlanFeature } from '../plans/plan-features.js';
import type { Period } from '../periods.js';
import { priceOf, prorate } from './pricing.js';

export type InvoiceLineType = 'base' | 'usage' | 'overage' | 'seat' | 'discount' | 'correction';

/** One line of an invoice. Amounts are minor units; a discount's and some corrections' are negative. */
export interface InvoiceLine {
  readonly type: InvoiceLineType;
  readonly description: string;
  readonly featureKey?: string;
  /** Units that are charged. */
  readonly quantity: number;
  /** Units used in all, those that are included among them. */
  readonly used?: number;
  readonly amount: number;
  /** The invoice that a correction is of. */
  readonly corrects?: string;
}

/** When a plan's base fee ran, and how much it is for a whole period. */
export interface ChargedSpan {
  readonly startsAt: Date;
  readonly endsAt: Date | null;
  readonly planName: string;
  readonly baseAmount: number;
}

/** What was used of a feature in the period. */
export interface FeatureUsage {
  readonly feature: PlanFeature;
  readonly used: number;
  /** Units beyond the plan's limit that grants have paid for. */
  readonly burned: number;
}

/** The base fees of a period, each for the part of it that its plan was subscribed to. */
export function baseLines(spans: readonly ChargedSpan[], period: Period): InvoiceLine[] {
  const wholeMs = period.ends.getTime() - period.starts.getTime();
  return spans.flatMap(({ startsAt, endsAt, planName, baseAmount }) => {
    const from = Math.max(startsAt.getTime(), period.starts.getTime());
    const to = Math.min(endsAt?.getTime() ?? period.ends.getTime(), period.ends.getTime());
    if (to <= from || baseAmount === 0) return [];
    const amount = prorate(baseAmount, to - from, wholeMs);
    return [{ type: 'base' as const, description: planName, quantity: 1, amount }];
  });
}

/** What of a feature's units is charged: those beyond what the plan includes and grants have paid for. */
export function chargedUnits({ feature, used, burned }: FeatureUsage): number {
  if (feature.overage !== 'bill' || feature.limit === null) return 0;
  return Math.max(0, used - feature.limit - burned);
}

export function usageLines(usages: readonly FeatureUsage[]): InvoiceLine[] {
  return usages.flatMap((usage) => {
    const { feature, used } = usage;
    const quantity = chargedUnits(usage);
    if (quantity === 0) return [];
    const type = feature.kind === 'seat' ? 'seat' : feature.limit === 0 ? 'usage' : 'overage';
    const amount = priceOf(feature.tiers, feature.tierMode, quantity);
    return [{ type, description: feature.name, featureKey: feature.key, quantity, used, amount }];
  });
}

/** What becomes of the charge for a feature when more of a period that was invoiced becomes known. Undefined: nothing. */
export function correctionLine(
  invoiceId: string,
  { feature, used, burned }: FeatureUsage,
  known: { readonly used: number; readonly amount: number },
): InvoiceLine | undefined {
  const quantity = chargedUnits({ feature, used, burned });
  const amount = priceOf(feature.tiers, feature.tierMode, quantity) - known.amount;
  if (amount === 0) return undefined;
  return {
    type: 'correction',
    description: feature.name,
    featureKey: feature.key,
    quantity: used - known.used,
    used,
    amount,
    corrects: invoiceId,
  };
}

/** A coupon's line: never more than there is to pay. */
export function discountLine(
  subtotal: number,
  coupon: {
    readonly name: string;
    readonly type: 'percentage' | 'amount';
    readonly percentage: number;
    readonly amount: number;
  },
): InvoiceLine | undefined {
  const off = coupon.type === 'percentage' ? prorate(subtotal, coupon.percentage, 100) : coupon.amount;
  const amount = Math.min(off, Math.max(0, subtotal));
  return amount <= 0 ? undefined : { type: 'discount', description: coupon.name, quantity: 1, amount: -amount };
}
