import type { KeyManager, KeyResult, ValidatedKey } from './key-manager.js';
import { KeyManagerNotAvailable } from './keys-bridge.problems.js';

/** No API keys: every operation fails, and everything else works. */
export class NoopKeyManager implements KeyManager {
  readonly name = 'noop';

  createKey(): Promise<KeyResult> {
    return Promise.reject(new KeyManagerNotAvailable());
  }

  validateKey(): Promise<ValidatedKey | undefined> {
    return Promise.reject(new KeyManagerNotAvailable());
  }

  revokeKey(): Promise<void> {
    return Promise.reject(new KeyManagerNotAvailable());
  }
}
