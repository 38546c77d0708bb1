import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';

/** Resources as the API shows them, by their ids. One that is gone is absent. */
export type ResourceReader = (scope: EnvScope, ids: readonly string[]) => Promise<ReadonlyMap<string, object>>;

export interface EventResource {
  /** The member of `data` it is shown as: `user`. */
  readonly name: string;
  /** The member of a payload that names one: `user_id`. */
  readonly key: string;
  readonly read: ResourceReader;
}

/** What is shown of the resources that events name. A module of one's own may add its own. */
@Injectable()
export class EventResources {
  readonly #resources: EventResource[] = [];

  /** @throws Error when the name is taken: a bug. */
  register(resource: EventResource): void {
    if (this.#resources.some(({ name }) => name === resource.name))
      throw new Error(`two event resources are named ${resource.name}`);
    this.#resources.push(resource);
  }

  /** What the payloads of one environment name, in the order of the payloads. One read per kind of resource. */
  async of(
    scope: EnvScope,
    payloads: readonly Readonly<Record<string, unknown>>[],
  ): Promise<Readonly<Record<string, object>>[]> {
    const found = payloads.map((): Record<string, object> => ({}));
    for (const { name, key, read } of this.#resources) {
      const ids = payloads.map((payload) => payload[key]);
      const known = [...new Set(ids.filter((id): id is string => typeof id === 'string'))];
      if (known.length === 0) continue;
      const resources = await read(scope, known);
      ids.forEach((id, index) => {
        const resource = typeof id === 'string' ? resources.get(id) : undefined;
        if (resource !== undefined) (found[index] as Record<string, object>)[name] = resource;
      });
    }
    return found;
  }
}
