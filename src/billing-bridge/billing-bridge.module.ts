import { type DynamicModule, Module } from '@nestjs/common';
import { LEDGER, type Ledger } from './ledger.js';
import { NoopLedger } from './noop.ledger.js';

/** Which ledger to bind. */
export type BillingBridgeOptions =
  | { readonly driver: 'noop' }
  /** An engine of the deployment's own. */
  | { readonly driver: 'custom'; readonly ledger: Ledger };

@Module({})
export class BillingBridgeModule {
  static forRoot(options: BillingBridgeOptions): DynamicModule {
    return {
      module: BillingBridgeModule,
      global: true,
      providers: [{ provide: LEDGER, useValue: createLedger(options) }],
      exports: [LEDGER],
    };
  }
}

function createLedger(options: BillingBridgeOptions): Ledger {
  switch (options.driver) {
    case 'noop':
      return new NoopLedger();
    case 'custom':
      return options.ledger;
  }
}
