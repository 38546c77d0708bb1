/**
 * Every event of the service and its payload. Modules add theirs by declaration merging:
 *
 * ```ts
 * declare module '../kernel/events/event-map.js' {
 *   interface EventMap {
 *     'user.created': { user_id: Id<'user'>; email: string };
 *   }
 * }
 * ```
 *
 * Payloads are plain values that may be stored and sent to customers: ids and public fields, never entities, secrets or hashes.
 * A payload changes by adding fields only.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- empty here on purpose: every module merges its events in
export interface EventMap {}

export type EventName = keyof EventMap & string;

export interface EventDescription {
  readonly name: string;
  /** One sentence: when this happens. */
  readonly when: string;
}

const catalogue = new Map<string, EventDescription>();

/** Documents the events a module declares; `docs/events.md` is produced from these, and recording an undescribed event fails. */
export function describeEvents(events: Partial<Record<EventName, string>>): void {
  for (const [name, when] of Object.entries<string>(events as Record<string, string>)) {
    if (catalogue.has(name)) throw new Error(`event ${name} is described twice`);
    catalogue.set(name, { name, when });
  }
}

export const isDescribed = (name: string): boolean => catalogue.has(name);

export function eventCatalogue(): readonly EventDescription[] {
  return [...catalogue.values()].sort((a, b) => a.name.localeCompare(b.name));
}
