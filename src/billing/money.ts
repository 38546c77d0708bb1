/** How many digits a currency has after the point (ISO 4217): 2 for most, 0 for yen. */
function digitsOf(currency: string): number {
  const { maximumFractionDigits = 2 } = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions();
  return maximumFractionDigits;
}

/** Minor units as people write them: `2900` of `usd` is `29.00`. */
export function majorUnits(amount: number | string, currency: string): string {
  const digits = digitsOf(currency);
  const value = BigInt(amount);
  const text = (value < 0n ? -value : value).toString().padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  const sign = value < 0n ? '-' : '';
  return digits === 0 ? sign + whole : `${sign}${whole}.${text.slice(-digits)}`;
}
