import type { Ledger } from './ledger.js';

/** No billing: every feature is allowed, usage is taken and dropped. In production it must be chosen explicitly. */
export class NoopLedger implements Ledger {
  readonly name = 'noop';

  recordUsage(): Promise<void> {
    return Promise.resolve();
  }

  checkEntitlement(): Promise<boolean> {
    return Promise.resolve(true);
  }
}
