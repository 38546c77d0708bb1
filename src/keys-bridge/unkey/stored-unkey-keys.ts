import type { EnvScope } from '../../kernel/context/scope.js';
import { isId } from '../../kernel/ids/id.js';
import type { KeyFilter } from '../key-manager.js';
import type { NewUnkeyKey, UnkeyKey, UnkeyKeyChanges, UnkeyKeys } from './unkey-keys.js';
import type { UnkeyKeysRepository } from './unkey-keys.repository.js';

/** In the service's own database. */
export class StoredUnkeyKeys implements UnkeyKeys {
  constructor(private readonly keys: UnkeyKeysRepository) {}

  add(scope: EnvScope, key: NewUnkeyKey): Promise<void> {
    return this.keys.insert(scope, key);
  }

  find(scope: EnvScope, id: string): Promise<UnkeyKey | undefined> {
    return isId('api_key', id) ? this.keys.find(scope, id) : Promise.resolve(undefined);
  }

  change(scope: EnvScope, key: UnkeyKey, changes: UnkeyKeyChanges): Promise<UnkeyKey | undefined> {
    return this.keys.change(scope, { ...key, ...changes });
  }

  page(scope: EnvScope, filter: KeyFilter, before: string, limit: number): Promise<UnkeyKey[]> {
    return this.keys.page(scope, filter, before, limit);
  }
}
