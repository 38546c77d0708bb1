import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Entitlement,
  type Ledger,
  type Subject,
  type Usage,
  UsageRefused,
} from '../../../src/billing-bridge/ledger.js';
import { NoopLedger } from '../../../src/billing-bridge/noop.ledger.js';
import { customerOf } from '../../../src/billing-bridge/openmeter/openmeter.ledger.js';
import { UsageRecorder } from '../../../src/billing-bridge/usage/usage-recorder.js';
import { Secret } from '../../../src/kernel/crypto/secret.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import { asOwner } from '../../support/as-owner.js';
import { FakeOpenMeter } from '../../support/fake-openmeter.js';
import { FakeStripe } from '../../support/fake-stripe.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

/** An engine elsewhere that does as a test says. */
class Elsewhere extends NoopLedger implements Ledger {
  override readonly name = 'elsewhere' as never;
  override readonly transactional = false as never;
  readonly batches: string[][] = [];
  taken = new Map<string, Usage>();
  /** What becomes of a record. */
  judge: (usage: Usage) => 'taken' | 'refused' | 'fails' = () => 'taken';

  override recordUsage(usages: readonly Usage[] = []): Promise<void> {
    this.batches.push(usages.map(({ idempotencyKey }) => idempotencyKey));
    const refused = usages
      .filter((usage) => this.judge(usage) === 'refused')
      .map(({ idempotencyKey }) => idempotencyKey);
    if (usages.some((usage) => this.judge(usage) === 'fails')) return Promise.reject(new Error('try again'));
    for (const usage of usages)
      if (!refused.includes(usage.idempotencyKey)) this.taken.set(usage.idempotencyKey, usage);
    return refused.length > 0 ? Promise.reject(new UsageRefused(refused, 'never')) : Promise.resolve();
  }

  override checkEntitlement(subject: Subject, featureKey: string): Promise<Entitlement> {
    return super.checkEntitlement(subject, featureKey);
  }
}

describe('usage for an engine elsewhere', () => {
  let app: TestApp;
  let tenant: TestTenant;
  let ledger: Elsewhere;

  beforeEach(async () => {
    ledger = new Elsewhere();
    app = await TestApp.start({ app: { billing: { driver: 'custom', ledger } } });
    tenant = await app.createTenant();
  });
  afterEach(() => app.close());

  const record = (...keys: string[]): Promise<void> =>
    app.get(UsageRecorder).record(
      keys.map((idempotencyKey) => ({
        subject: { scope: tenant.scope, key: `app:${tenant.scope.appId}` } as const,
        featureKey: 'api.calls',
        quantity: 1,
        source: 'spec',
        idempotencyKey,
        occurredAt: app.clock.now(),
        dimensions: {},
      })),
    );
  const waiting = (): Promise<{ key: string; state: string; error: string | null }[]> =>
    asOwner(
      app,
      'SELECT dedupe_key AS key, state, last_error AS error FROM usage_dispatches WHERE source = $1 ORDER BY id',
      ['spec'],
    );

  it('is queued with the change it follows from, and not at all when that is undone', async () => {
    const undone = app.get(Database).transaction(async () => {
      await record('undone');
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await app.get(Database).transaction(() => record('done'));
    expect((await waiting()).map(({ key }) => key)).toEqual(['done']);
  });

  it('is handed over once it was taken, with the same key however often it fails before', async () => {
    ledger.judge = () => 'fails';
    await record('a');
    for (let n = 0; n < 4; n += 1) {
      await app.deliver();
      app.clock.advance(60_000);
    }
    expect(await waiting()).toMatchObject([{ key: 'a', state: 'waiting', error: 'try again' }]);
    ledger.judge = () => 'taken';
    await app.deliver();
    expect(await waiting()).toEqual([]);
    expect(new Set(ledger.batches.flat().filter((key) => key === 'a')).size).toBe(1);
    expect(ledger.taken.has('a')).toBe(true);
  });

  it('B21, F21: one that fails again and again is given up with the reason, and holds up none of its neighbours', async () => {
    ledger.judge = ({ idempotencyKey }) => (idempotencyKey === 'poison' ? 'fails' : 'taken');
    await record('before', 'poison', 'after');
    await app.deliver();
    expect([ledger.taken.has('before'), ledger.taken.has('after')]).toEqual([true, true]);
    for (let n = 0; n < 60; n += 1) {
      app.clock.advance(31 * 60_000);
      await app.deliver();
    }
    expect(await waiting()).toMatchObject([{ key: 'poison', state: 'dead', error: 'try again' }]);
    expect((await app.api.get('/metrics')).text).toContain('authsome_usage_dispatches{state="dead"} 1');
  });

  it('what is refused for good is put aside at once, and the rest of its batch is done', async () => {
    ledger.judge = ({ idempotencyKey }) => (idempotencyKey === 'bad' ? 'refused' : 'taken');
    await record('bad', 'good');
    await app.deliver();
    expect(await waiting()).toMatchObject([{ key: 'bad', state: 'dead', error: 'never' }]);
    expect(ledger.taken.has('good')).toBe(true);
  });

  it('the same key waits once', async () => {
    await record('twice', 'twice');
    await record('twice');
    expect(await waiting()).toHaveLength(1);
  });

  it('what people do is told: a sign-up is one user, one session and one active person', async () => {
    const { userId } = await app.api.signUp(tenant);
    await app.deliver();
    const features = [...ledger.taken.values()]
      .filter(({ dimensions }) => dimensions.user_id === userId)
      .map(({ featureKey }) => featureKey);
    expect(features.sort()).toEqual(['authsome.sessions.created', 'authsome.users.active', 'authsome.users.created']);
  });
});

describe('the service with an engine elsewhere', () => {
  it('B40: OpenMeter hears of two tenants as two subjects, under the mapped keys and with unchanged ids after an outage', async () => {
    let now = (): number => 0;
    const fake = await FakeOpenMeter.open(() => now());
    const app = await TestApp.start({ env: { AUTHSOME_BILLING: 'openmeter', AUTHSOME_OPENMETER_URL: fake.url } });
    now = () => app.clock.nowMs();
    try {
      expect((await app.api.get('/v1/health')).body.bridges).toMatchObject({ billing: 'openmeter' });
      const [a, b] = [await app.createTenant(), await app.createTenant()];
      fake.mood = 'failing';
      await app.api.signUp(a);
      await app.api.signUp(b);
      await app.deliver();
      expect((await app.api.get('/metrics')).text).toContain('authsome_ledger_healthy 0');
      fake.mood = 'well';
      app.clock.advance(60_000);
      await app.deliver();
      for (const { scope } of [a, b]) {
        const customer = customerOf({ scope, key: `app:${scope.appId}` });
        expect(fake.counted(customer, 'authsome_users_created')).toBe(1);
        expect(fake.counted(customer, 'authsome_sessions_created')).toBe(1);
      }
      expect(fake.received.every(({ source }) => /^authsome:aapp_\w+:aenv_\w+:authsome$/.test(source))).toBe(true);
    } finally {
      await app.close();
      await fake.close();
    }
  });

  it('B40: Stripe hears of two tenants as two customers, each event under one identifier, and its features gate', async () => {
    const fake = await FakeStripe.open();
    const stripe = { driver: 'stripe', apiKey: new Secret('sk_test_spec'), endpoint: fake.endpoint } as const;
    const app = await TestApp.start({ app: { billing: stripe } });
    try {
      const [a, b] = [await app.createTenant(), await app.createTenant()];
      const [ada] = [await app.api.signUp(a), await app.api.signUp(b)];
      await app.deliver();
      const customers = [a, b].map(({ scope }) => fake.customerOf(`app:${scope.appId}`, scope.appId) ?? '');
      expect(new Set(customers).size).toBe(2);
      expect(customers.map((id) => fake.counted(id, 'authsome.users.created'))).toEqual([1, 1]);
      const found = () => app.api.post('/v1/orgs', { token: ada.token, body: { name: 'Engines' } });
      expect((await found()).body).toMatchObject({ type: 'entitlement_denied', feature: 'authsome.feature.orgs' });
      fake.entitle(customers[0] as string, ['x.one', 'x.two', 'authsome.feature.orgs']);
      app.clock.advance(31_000);
      expect((await found()).status).toBe(201);
    } finally {
      await app.close();
      await fake.close();
    }
  });
});
