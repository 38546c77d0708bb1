import { type DynamicModule, type FactoryProvider, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Clock } from '../kernel/clock/clock.js';
import type { Secret } from '../kernel/crypto/secret.js';
import { SettingsModule } from '../settings/settings.module.js';
import { BilledSubjects } from './billed-subjects.js';
import { BillingCustomersRepository } from './dispatch/billing-customers.repository.js';
import { LedgerProbe } from './dispatch/ledger-probe.js';
import { UsageDispatcher } from './dispatch/usage-dispatcher.js';
import { UsageDispatches } from './dispatch/usage-dispatches.js';
import { UsageDispatchesSystemRepository } from './dispatch/usage-dispatches.system-repository.js';
import { EntitlementGate } from './entitlements/entitlement-gate.js';
import { ENTITLEMENT_OPTIONS, type EntitlementOptions, Entitlements } from './entitlements/entitlements.js';
import { EntitlementGuard } from './entitlements/require-entitlement.decorator.js';
import { LEDGER, type Ledger } from './ledger.js';
import { NoopLedger } from './noop.ledger.js';
import { OpenMeterLedger } from './openmeter/openmeter.ledger.js';
import type { OpenMeterOptions } from './openmeter/openmeter.client.js';
import { StoredStripeCustomers } from './stripe/stored-stripe-customers.js';
import { StripeLedger, type StripeOptions } from './stripe/stripe.ledger.js';
import { RequestLedger } from './request-ledger.js';
import { UsageBuffer } from './usage/usage-buffer.js';
import { UsageRecorder } from './usage/usage-recorder.js';
import { UsageConsumer } from './usage/usage.consumer.js';

/** Which ledger to bind. */
export type BillingBridgeOptions =
  | { readonly driver: 'noop' }
  /** The engine in the service's own database. */
  | { readonly driver: 'embedded' }
  /** OpenMeter, Cloud or a server of one's own. */
  | ({ readonly driver: 'openmeter' } & OpenMeterOptions)
  | { readonly driver: 'stripe'; readonly apiKey: Secret; readonly endpoint?: StripeOptions['endpoint'] }
  /** An engine of the deployment's own. */
  | { readonly driver: 'custom'; readonly ledger: Ledger };

/** As {@link BillingBridgeOptions}, made by a factory that may depend on providers. */
export interface BillingBridgeAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (...dependencies: never[]) => BillingBridgeOptions | Promise<BillingBridgeOptions>;
}

/** The module that holds the embedded engine, which builds on more than the bridge may know. */
export interface EmbeddedEngine {
  readonly module: Type;
  readonly ledger: Type<Ledger>;
}

const OPTIONS = Symbol('BillingBridgeOptions');

/** Binds the ledger, and what the service needs around it: who is billed, what was used, what a plan allows. */
@Module({})
export class BillingBridgeModule {
  static forRoot(options: BillingBridgeOptions, engine: EmbeddedEngine): DynamicModule {
    return this.forRootAsync({ useFactory: () => options }, engine);
  }

  static forRootAsync(
    { imports = [], inject = [], useFactory }: BillingBridgeAsyncOptions,
    engine: EmbeddedEngine,
  ): DynamicModule {
    return {
      module: BillingBridgeModule,
      global: true,
      imports: [...imports, SettingsModule, engine.module],
      providers: [
        { provide: OPTIONS, inject, useFactory },
        {
          provide: LEDGER,
          inject: [OPTIONS, engine.ledger, BillingCustomersRepository, Clock],
          useFactory: createLedger,
        },
        BillingCustomersRepository,
        {
          provide: ENTITLEMENT_OPTIONS,
          inject: [Config],
          useFactory: ({ billing }: Config): EntitlementOptions => billing,
        },
        BilledSubjects,
        Entitlements,
        EntitlementGate,
        EntitlementGuard,
        RequestLedger,
        UsageRecorder,
        UsageConsumer,
        UsageBuffer,
        UsageDispatches,
        UsageDispatcher,
        UsageDispatchesSystemRepository,
        LedgerProbe,
      ],
      exports: [
        LEDGER,
        BilledSubjects,
        Entitlements,
        EntitlementGate,
        EntitlementGuard,
        RequestLedger,
        UsageRecorder,
        UsageBuffer,
      ],
    };
  }
}

function createLedger(
  options: BillingBridgeOptions,
  embedded: Ledger,
  customers: BillingCustomersRepository,
  clock: Clock,
): Ledger {
  switch (options.driver) {
    case 'noop':
      return new NoopLedger();
    case 'embedded':
      return embedded;
    case 'openmeter':
      return new OpenMeterLedger(options);
    case 'stripe':
      return new StripeLedger({ ...options, customers: new StoredStripeCustomers(customers), clock });
    case 'custom':
      return options.ledger;
  }
}
