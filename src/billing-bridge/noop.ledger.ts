import type { Entitlement, Ledger, LedgerHealth, Subject } from './ledger.js';

/** No billing: every feature is allowed, usage is taken and dropped. In production it must be chosen explicitly (R359). */
export class NoopLedger implements Ledger {
  readonly name = 'noop';
  readonly transactional = true;

  recordUsage(): Promise<void> {
    return Promise.resolve();
  }

  checkEntitlement(_subject: Subject, featureKey: string): Promise<Entitlement> {
    return Promise.resolve({ featureKey, allowed: true, kind: 'unknown' });
  }

  checkEntitlements(subject: Subject, featureKeys: readonly string[]): Promise<readonly Entitlement[]> {
    return Promise.all(featureKeys.map((key) => this.checkEntitlement(subject, key)));
  }

  health(): Promise<LedgerHealth> {
    return Promise.resolve({ healthy: true });
  }
}
