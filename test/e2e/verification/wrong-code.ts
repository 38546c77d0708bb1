/** A six-digit code that is not the right one: another for each `step` from 1 to 999,999. */
export function wrongCode(right: string, step = 1): string {
  return String((Number(right) + step) % 1_000_000).padStart(6, '0');
}
