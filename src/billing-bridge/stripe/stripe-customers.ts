import type { Subject } from '../ledger.js';

/** What Stripe calls the subjects: kept by the service, because Stripe's customers have ids of their own. */
export interface StripeCustomers {
  find(subject: Subject): Promise<string | undefined>;
  /** Of two who save at once the first counts; Stripe has made one customer for both. */
  save(subject: Subject, customerId: string): Promise<void>;
}
