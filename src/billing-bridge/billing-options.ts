import type { Config } from '../config/config.js';
import type { BillingBridgeOptions } from './billing-bridge.module.js';

/** The ledger that the deployment's configuration names. */
export function billingOptions({ billing }: Config): BillingBridgeOptions {
  switch (billing.driver) {
    case 'noop':
    case 'embedded':
      return { driver: billing.driver };
    case 'openmeter':
    case 'stripe':
      throw new Error(`AUTHSOME_BILLING=${billing.driver} is not available`);
  }
}
