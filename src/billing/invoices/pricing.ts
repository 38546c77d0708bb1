import type { PriceTier, TierMode } from '../plans/plan-features.js';

/** What a number of units costs, in minor units. Whole numbers throughout: nothing is rounded. */
export function priceOf(tiers: readonly PriceTier[], mode: TierMode, units: number): number {
  if (units <= 0) return 0;
  return mode === 'volume' ? volume(tiers, units) : graduated(tiers, units);
}

/** Each unit at the price of the tier it falls into; a tier's flat amount once it is reached. */
function graduated(tiers: readonly PriceTier[], units: number): number {
  let below = 0;
  let sum = 0;
  for (const { upTo, unitAmount, flatAmount } of tiers) {
    if (units <= below) break;
    const within = Math.min(units, upTo ?? units) - below;
    sum += flatAmount + within * unitAmount;
    below += within;
  }
  return sum;
}

/** All units at the price of the tier that their number falls into. */
function volume(tiers: readonly PriceTier[], units: number): number {
  const tier = tiers.find(({ upTo }) => upTo === null || units <= upTo) ?? tiers.at(-1);
  return tier === undefined ? 0 : tier.flatAmount + units * tier.unitAmount;
}

/** The share of an amount that a part of a period costs, in minor units, halves rounded up. */
export function prorate(amount: number, partMs: number, wholeMs: number): number {
  return Number((BigInt(amount) * BigInt(partMs) * 2n + BigInt(wholeMs)) / (BigInt(wholeMs) * 2n));
}
