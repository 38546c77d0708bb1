import { LRUCache } from 'lru-cache';
import type { BillingCustomersRepository } from '../dispatch/billing-customers.repository.js';
import type { Subject } from '../ledger.js';
import type { StripeCustomers } from './stripe-customers.js';

const STRIPE = 'stripe';
const MOST_KNOWN = 100_000;

/** Stripe's customers in the database, with those that are in use in memory: they never change. */
export class StoredStripeCustomers implements StripeCustomers {
  readonly #known = new LRUCache<string, string>({ max: MOST_KNOWN });

  constructor(private readonly customers: BillingCustomersRepository) {}

  async find({ scope, key }: Subject): Promise<string | undefined> {
    const slot = `${scope.envId}/${key}`;
    const known = this.#known.get(slot) ?? (await this.customers.find(scope, STRIPE, key));
    if (known !== undefined) this.#known.set(slot, known);
    return known;
  }

  save({ scope, key }: Subject, customerId: string): Promise<void> {
    return this.customers.save(scope, STRIPE, key, customerId);
  }
}
