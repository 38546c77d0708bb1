import { eventCatalogue, isDescribed } from '../kernel/events/event-map.js';

/** Whether a pattern names an event: itself (`user.created`), everything below a noun (`user.*`, `org.member.*`), or all (`*`). */
export function matches(pattern: string, event: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? event.startsWith(pattern.slice(0, -1)) : pattern === event;
}

export const matchesAny = (patterns: readonly string[], event: string): boolean =>
  patterns.some((pattern) => matches(pattern, event));

/** Whether some event of the catalogue is named: a misspelt name would wait for ever and nobody would know why (R233). */
export function isKnownPattern(pattern: string): boolean {
  return isDescribed(pattern) || eventCatalogue().some(({ name }) => pattern.endsWith('*') && matches(pattern, name));
}

/** The events of the catalogue that some pattern names. */
export function eventsNamedBy(patterns: readonly string[]): string[] {
  return eventCatalogue()
    .map(({ name }) => name)
    .filter((name) => matchesAny(patterns, name));
}
