/**
 * Which browser origins may call. Entries are exact origins, or have `*` as the whole first label of the host
 * (`https://*.example.com`) or as the port (`http://localhost:*`). A wildcard never matches part of a label (R317).
 */
export class OriginList {
  readonly #exact = new Set<string>();
  readonly #patterns: RegExp[] = [];

  constructor(entries: Iterable<string>) {
    for (const entry of entries) {
      if (entry.includes('*')) this.#patterns.push(pattern(entry));
      else this.#exact.add(entry);
    }
  }

  allows(origin: string): boolean {
    return this.#exact.has(origin) || this.#patterns.some((allowed) => allowed.test(origin));
  }
}

const ENTRY = /^https?:\/\/(\*\.)?([a-z0-9-]+\.)*[a-z0-9-]+(:(\d{1,5}|\*))?$/;

/** Whether an entry can be stored in an environment's allow list. */
export function isOriginEntry(entry: string): boolean {
  return ENTRY.test(entry);
}

function pattern(entry: string): RegExp {
  const source = entry
    .replace(/[.+?^${}()|[\]\\/]/g, '\\$&')
    .replace('\\/\\/*\\.', '\\/\\/[a-z0-9-]+\\.')
    .replace(/:\*$/, '(:\\d{1,5})?');
  return new RegExp(`^${source}$`);
}
