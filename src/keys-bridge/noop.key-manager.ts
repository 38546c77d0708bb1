import type { KeyCapabilities, KeyManager } from './key-manager.js';
import { KeyManagerNotAvailable } from './keys-bridge.problems.js';

const NOTHING: KeyCapabilities = {
  limits: false,
  credits: false,
  restrictions: false,
  graceRotation: false,
  hierarchicalScopes: false,
  usage: false,
  policies: false,
};

const refuse = (): Promise<never> => Promise.reject(new KeyManagerNotAvailable());

/** No API keys: every operation fails, and everything else works. */
export class NoopKeyManager implements KeyManager {
  readonly name = 'noop';
  readonly createKey = refuse;
  readonly importKey = refuse;
  readonly validateKey = refuse;
  readonly revokeKey = refuse;
  readonly rotateKey = refuse;
  readonly suspendKey = refuse;
  readonly reactivateKey = refuse;
  readonly updateKey = refuse;
  readonly getKey = refuse;
  readonly listKeys = refuse;

  capabilities(): KeyCapabilities {
    return NOTHING;
  }
}
