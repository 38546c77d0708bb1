import type { Config } from '../config/config.js';
import type { KeysBridgeOptions } from './keys-bridge.module.js';

/** The key manager that the deployment's configuration names. What an engine elsewhere needs was checked when the configuration was read. */
export function keysOptions({ keys }: Config): KeysBridgeOptions {
  const { driver, brand, unkeyRootKey, unkeyApiId, unkeyUrl } = keys;
  if (driver !== 'unkey') return { driver };
  if (unkeyRootKey === undefined || unkeyApiId === '') return { driver: 'noop' };
  return { driver, rootKey: unkeyRootKey, apiId: unkeyApiId, baseUrl: unkeyUrl.href, brand };
}
