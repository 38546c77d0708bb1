import type { Config } from '../config/config.js';
import type { BillingBridgeOptions } from './billing-bridge.module.js';

/** The ledger that the deployment's configuration names. What an engine elsewhere needs was checked when the configuration was read. */
export function billingOptions({ billing }: Config): BillingBridgeOptions {
  const { driver, openmeterUrl, openmeterKey, stripeKey } = billing;
  if (driver === 'openmeter' && openmeterUrl !== undefined) {
    return { driver, baseUrl: openmeterUrl.href, ...(openmeterKey && { apiKey: openmeterKey }) };
  }
  if (driver === 'stripe' && stripeKey !== undefined) return { driver, apiKey: stripeKey };
  return { driver: driver === 'noop' ? 'noop' : 'embedded' };
}
