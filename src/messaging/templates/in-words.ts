const UNITS = [
  { name: 'day', ms: 86_400_000, least: 2 },
  { name: 'hour', ms: 3_600_000, least: 1 },
  { name: 'minute', ms: 60_000, least: 1 },
  { name: 'second', ms: 1_000, least: 0 },
] as const;

/** A duration as people say it, rounded down: `10 minutes`, `24 hours`, `7 days`; `90 minutes`, not "one hour and a half". */
export function inWords(ms: number): string {
  const fits = UNITS.find((unit) => ms >= 2 * unit.ms || ms === unit.least * unit.ms) ?? UNITS[3];
  const count = Math.floor(ms / fits.ms);
  return `${count} ${fits.name}${count === 1 ? '' : 's'}`;
}
