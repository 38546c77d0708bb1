import { EVENT_SCHEMAS, type EventSchema } from './event-schemas.generated.js';

/** The shape of an event’s payload (JSON Schema 2020-12). Of an event that another module adds only that it is an object. */
export function schemaOf(event: string): EventSchema {
  return EVENT_SCHEMAS[event] ?? { type: 'object' };
}

/** A payload as it might be. */
export function exampleOf(event: string): Record<string, unknown> {
  const { properties = {} } = schemaOf(event);
  return Object.fromEntries(Object.entries(properties).map(([name, { example }]) => [name, example]));
}
