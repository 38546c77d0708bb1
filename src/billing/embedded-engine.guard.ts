import { type CanActivate, Inject, Injectable } from '@nestjs/common';
import { LEDGER, type Ledger } from '../billing-bridge/ledger.js';
import { defineProblem } from '../kernel/errors/problem.js';
import { EmbeddedLedger } from './entitlements/embedded.ledger.js';

export const BillingElsewhere = defineProblem({
  code: 'billing_elsewhere',
  kind: 'unavailable',
  title: 'Billing is kept elsewhere',
  detail:
    'plans, usage and invoices are in the billing engine that AUTHSOME_BILLING names; set it to embedded to keep them here',
});

/** Lets nobody administrate books that nothing reads: with another ledger bound, the embedded engine’s routes say so. */
@Injectable()
export class EmbeddedEngineGuard implements CanActivate {
  constructor(@Inject(LEDGER) private readonly ledger: Ledger) {}

  canActivate(): boolean {
    if (!(this.ledger instanceof EmbeddedLedger))
      throw new BillingElsewhere({ extras: { provider: this.ledger.name } });
    return true;
  }
}
