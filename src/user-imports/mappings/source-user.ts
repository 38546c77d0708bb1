/** A document of another system, or a line of a CSV, by its own names. */
export type SourceDocument = Readonly<Record<string, unknown>>;

/** What hashes of a source need besides themselves: Firebase shows them to the owner of a project. */
export interface HashParameters {
  /** Base64. */
  readonly signerKey: string;
  /** Base64. */
  readonly saltSeparator: string;
  readonly rounds: number;
  readonly memCost: number;
}

/** What a mapping makes of a document. Nothing of it is checked yet. */
export interface SourceUser {
  readonly email?: unknown;
  readonly emailVerified?: unknown;
  readonly phone?: unknown;
  readonly phoneVerified?: unknown;
  readonly username?: unknown;
  readonly firstName?: unknown;
  readonly lastName?: unknown;
  readonly name?: unknown;
  readonly image?: unknown;
  readonly externalId?: unknown;
  readonly metadata?: unknown;
  /** In a form that one of the hashers reads. */
  readonly passwordHash?: unknown;
  readonly banned?: unknown;
  readonly banReason?: unknown;
  /** RFC 3339, or milliseconds since 1970. */
  readonly createdAt?: unknown;
}

export type Mapping = (document: SourceDocument, parameters: HashParameters | undefined) => SourceUser;

/** Other systems keep whole documents about a user: what is no value becomes its JSON. */
export function flatMetadata(...sources: readonly unknown[]): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const source of sources) {
    const members = typeof source === 'string' ? parsed(source) : source;
    if (typeof members !== 'object' || members === null || Array.isArray(members)) continue;
    for (const [key, value] of Object.entries(members)) {
      if (value === null || value === undefined) continue;
      flat[key.replace(/[^\w.-]/g, '_').slice(0, 64)] = typeof value === 'object' ? JSON.stringify(value) : value;
    }
  }
  return flat;
}

export function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
