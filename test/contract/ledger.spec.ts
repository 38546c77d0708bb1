import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { EmbeddedLedger } from '../../src/billing/entitlements/embedded.ledger.js';
import { PlansService } from '../../src/billing/plans/plans.service.js';
import { SubscriptionsService } from '../../src/billing/subscriptions/subscriptions.service.js';
import { UsageService } from '../../src/billing/usage/usage.service.js';
import type { Subject } from '../../src/billing-bridge/ledger.js';
import { toOpenMeter } from '../../src/billing-bridge/openmeter/openmeter-keys.js';
import { customerOf, OpenMeterLedger } from '../../src/billing-bridge/openmeter/openmeter.ledger.js';
import type { StripeCustomers } from '../../src/billing-bridge/stripe/stripe-customers.js';
import { StripeLedger } from '../../src/billing-bridge/stripe/stripe.ledger.js';
import { FakeClock } from '../../src/kernel/clock/fake-clock.js';
import { Secret } from '../../src/kernel/crypto/secret.js';
import { FakeOpenMeter } from '../support/fake-openmeter.js';
import { FakeStripe } from '../support/fake-stripe.js';
import { NoopLedger } from '../../src/billing-bridge/noop.ledger.js';
import { SYSTEM_ACTOR } from '../../src/kernel/audit/audit-trail.js';
import { ledgerContract, type LedgerRig } from '../../src/testing/ledger.contract.js';
import { uniqueEmail } from '../support/api-client.js';
import { TestApp } from '../support/test-app.js';

describe('noop', () => {
  const make = (): Promise<LedgerRig> => Promise.resolve({ ledger: new NoopLedger(), close: () => Promise.resolve() });
  for (const { name, run } of ledgerContract(make, { counts: false, gates: false, remote: false })) it(name, run);
});

describe('openmeter', () => {
  const make = async (): Promise<LedgerRig> => {
    const fake = await FakeOpenMeter.open(() => Date.now());
    return {
      ledger: new OpenMeterLedger({ baseUrl: fake.url, timeoutMs: 500 }),
      counted: (subject, featureKey) =>
        Promise.resolve(fake.counted(customerOf(subject), toOpenMeter(featureKey) ?? '')),
      allow: (subject, featureKeys) => {
        for (const key of featureKeys) fake.entitle(customerOf(subject), toOpenMeter(key) ?? '', { hasAccess: true });
        return Promise.resolve();
      },
      breakDown: () => {
        fake.mood = 'failing';
        return Promise.resolve();
      },
      close: () => fake.close(),
    };
  };
  for (const { name, run } of ledgerContract(make, { counts: true, gates: true, remote: true })) it(name, run);
});

describe('stripe', () => {
  class Kept implements StripeCustomers {
    readonly #ids = new Map<string, string>();

    find({ scope, key }: Subject): Promise<string | undefined> {
      return Promise.resolve(this.#ids.get(scope.envId + key));
    }

    save({ scope, key }: Subject, id: string): Promise<void> {
      this.#ids.set(scope.envId + key, id);
      return Promise.resolve();
    }
  }
  const make = async (): Promise<LedgerRig> => {
    const fake = await FakeStripe.open();
    const customers = new Kept();
    const apiKey = new Secret('sk_test_contract');
    const clock = new FakeClock(new Date());
    const ledger = new StripeLedger({ apiKey, endpoint: fake.endpoint, timeoutMs: 500, customers, clock });
    return {
      ledger,
      now: () => clock.now(),
      counted: async (subject, featureKey) => fake.counted((await customers.find(subject)) ?? '', featureKey),
      allow: async (subject, featureKeys) => {
        await ledger.checkEntitlement(subject, 'authsome.feature.mfa');
        fake.entitle((await customers.find(subject)) ?? '', featureKeys);
      },
      breakDown: () => {
        fake.mood = 'failing';
        return Promise.resolve();
      },
      close: () => fake.close(),
    };
  };
  for (const { name, run } of ledgerContract(make, { counts: true, gates: true, remote: true })) it(name, run);
});

describe('embedded', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());

  const make = (): Promise<LedgerRig> =>
    Promise.resolve({
      ledger: app.get(EmbeddedLedger),
      subject: async () => {
        const { scope } = await app.createTenant();
        return { scope, key: `app:${scope.appId}` };
      },
      now: () => app.clock.now(),
      counted: async (subject, featureKey) => {
        const { lines } = await app.get(UsageService).summary(subject);
        return lines.find(({ key }) => key === featureKey)?.used ?? 0;
      },
      allow: async ({ scope, key }, featureKeys) => {
        const feature = {
          kind: 'boolean',
          limit: 1,
          period: null,
          overage: 'deny',
          meter: null,
          config: null,
        } as const;
        const features = featureKeys.map((name) => ({
          ...feature,
          key: name,
          name,
          tierMode: 'graduated' as const,
          tiers: [],
        }));
        const slug = `plan-${uniqueEmail().slice(7, 19)}`;
        const row = { slug, name: slug, description: '', currency: 'usd', isAddon: false, trialDays: 0, metadata: {} };
        const terms = { period: 'month', baseAmount: 0, features } as const;
        const plan = await app.get(PlansService).create(scope, { ...row, status: 'active' }, terms, SYSTEM_ACTOR);
        await app.get(SubscriptionsService).create(scope, { subjectKey: key, planId: plan.id }, SYSTEM_ACTOR);
      },
      close: () => Promise.resolve(),
    });
  for (const { name, run } of ledgerContract(make, { counts: true, gates: true, remote: false })) it(name, run);
});
