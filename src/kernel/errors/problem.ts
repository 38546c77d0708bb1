/** What went wrong, in words that do not belong to HTTP. The edge turns each kind into one status. */
export type ProblemKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'precondition_failed'
  | 'too_large'
  | 'unsupported_media'
  | 'unprocessable'
  | 'rate_limited'
  | 'headers_too_large'
  | 'internal'
  | 'unavailable';

export interface ProblemDefinition {
  /** Stable, snake_case, unique in the service: the `type` of the problem document. Never reused for another meaning. */
  readonly code: string;
  readonly kind: ProblemKind;
  /** A short sentence that is the same for every occurrence. */
  readonly title: string;
  /** What the caller can do about it: the default public detail. */
  readonly detail: string;
}

export interface ProblemOptions {
  /** Replaces the default detail. Goes to the client: no internals. */
  readonly detail?: string;
  /** Public extra members of the problem document, snake_case. */
  readonly extras?: Readonly<Record<string, unknown>>;
  /** Private: logged under the request id, never sent. */
  readonly cause?: unknown;
}

/**
 * An expected failure. Services throw these; the HTTP edge renders them as RFC 9457 problem documents.
 * `message` is public; `cause` is private.
 */
export abstract class DomainError extends Error {
  abstract readonly definition: ProblemDefinition;
  readonly extras: Readonly<Record<string, unknown>>;

  constructor(defaultDetail: string, options: ProblemOptions) {
    super(options.detail ?? defaultDetail, options.cause === undefined ? undefined : { cause: options.cause });
    this.extras = options.extras ?? {};
  }

  get code(): string {
    return this.definition.code;
  }

  get kind(): ProblemKind {
    return this.definition.kind;
  }
}

export interface ProblemClass {
  new (options?: ProblemOptions): DomainError;
  readonly definition: ProblemDefinition;
}

const catalogue = new Map<string, ProblemDefinition>();

/** Declares a problem once; `docs/errors.md` and the OpenAPI document are produced from these declarations. */
export function defineProblem(definition: ProblemDefinition): ProblemClass {
  if (catalogue.has(definition.code)) throw new Error(`problem code ${definition.code} is declared twice`);
  catalogue.set(definition.code, definition);
  return class extends DomainError {
    static readonly definition = definition;
    override readonly definition = definition;

    constructor(options: ProblemOptions = {}) {
      super(definition.detail, options);
      this.name = definition.code;
    }
  };
}

/** Every declared problem, sorted by code. */
export function problemCatalogue(): readonly ProblemDefinition[] {
  return [...catalogue.values()].sort((a, b) => a.code.localeCompare(b.code));
}
