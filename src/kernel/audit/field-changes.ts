import { canonicalJson } from '../crypto/canonical-json.js';

/** By the names of the wire. */
export type FieldChanges = Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>>;

/** What differs between two states of a thing. Secrets must not be among its fields. */
export function fieldChanges(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): FieldChanges {
  const changed = Object.keys(after).filter((name) => canonicalJson(before[name]) !== canonicalJson(after[name]));
  return Object.fromEntries(
    changed.map((name) => [name, { before: before[name] ?? null, after: after[name] ?? null }]),
  );
}
