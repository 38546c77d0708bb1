import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { SettingAuthor } from '../settings/settings.service.js';

/** What an item of configuration says, without ids, times and secrets: plain JSON. */
export type PartDocument = Readonly<Record<string, unknown>>;

/**
 * A kind of configuration that travels between environments: settings, forms, roles, webhooks. Items are known by natural keys that are
 * the same in every environment. Users, sessions and keys are no configuration.
 */
export interface EnvironmentPart {
  /** Singular: `setting`, `form`, `role`, `webhook`. Unique. */
  readonly kind: string;
  /** Every item of an environment by its key, in the order they are to be written: what others refer to first. */
  read(scope: EnvScope): Promise<ReadonlyMap<string, PartDocument>>;
  /** The id of every item by its key, for those that are known by ids: whoever clones is told which became which. */
  ids?(scope: EnvScope): Promise<ReadonlyMap<string, string>>;
  /** Makes an item of an environment what `document` says, in the caller's transaction; undefined deletes it. */
  write(scope: EnvScope, key: string, document: PartDocument | undefined, by: SettingAuthor): Promise<void>;
}

/** The kinds there are, in order of registration. */
@Injectable()
export class EnvironmentParts {
  readonly #parts: EnvironmentPart[] = [];

  register(part: EnvironmentPart): void {
    if (this.#parts.some(({ kind }) => kind === part.kind))
      throw new Error(`two environment parts are named ${part.kind}`);
    this.#parts.push(part);
  }

  /** @param kinds undefined: all. */
  of(kinds?: readonly string[]): readonly EnvironmentPart[] {
    return this.#parts.filter(({ kind }) => kinds === undefined || kinds.includes(kind));
  }

  get kinds(): readonly string[] {
    return this.#parts.map(({ kind }) => kind);
  }
}
