import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Entitlement, Ledger, Subject } from '../../../src/billing-bridge/ledger.js';
import { NoopLedger } from '../../../src/billing-bridge/noop.ledger.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import { Notifications } from '../../../src/kernel/notifications/notifications.js';
import { asOwner } from '../../support/as-owner.js';
import { expectProblem } from '../../support/expect-problem.js';
import { TestApp } from '../../support/test-app.js';
import { Books } from './books.js';

const HOUR_MS = 3_600_000;

/** Counts what is asked of the database while `work` runs. */
async function statementsOf(app: TestApp, work: () => Promise<unknown>): Promise<string[]> {
  const database = app.get(Database);
  const asked: string[] = [];
  const query = database.query.bind(database);
  database.query = (scope, statement, values) => {
    asked.push(statement.name);
    return query(scope, statement, values);
  };
  try {
    await work();
  } finally {
    database.query = query;
  }
  return asked;
}

describe('entitlements in memory', () => {
  let app: TestApp;
  let books: Books;

  beforeAll(async () => {
    // With row policies a statement outside a transaction gets one, and is counted twice.
    app = await TestApp.start({ env: { AUTHSOME_ROW_POLICIES: 'false' } });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    books = await Books.open(app);
  });

  /** Asks until the answer comes from memory: what was notified a moment ago is heard a second time, and then all is quiet. */
  const settle = async (feature: string): Promise<void> => {
    while ((await statementsOf(app, () => books.ask(feature))).length > 0);
  };

  it('B37: an answer from memory asks the database nothing, a miss asks once, and a thousand at once ask once', async () => {
    await books.subscribe(await books.plan([{ key: 'reports' }]));
    expect(await statementsOf(app, () => books.ask('reports'))).toEqual(['billing.standing']);
    await settle('reports');
    const many = () => Promise.all(Array.from({ length: 1_000 }, () => books.ask('invoices')));
    expect(await statementsOf(app, many)).toEqual(['billing.standing']);
  });

  it('every denial is remembered, too', async () => {
    await books.subscribe(await books.plan([]));
    await settle('reports');
    expect((await books.ask('reports')).reason).toBe('feature_not_in_plan');
  });

  it('B36: a changed plan, pause, override, grant and reset is seen by the next question', async () => {
    await books.meter('api.calls');
    const [small, large] = [10, 50].map((limit) => books.plan([{ key: 'api.calls', type: 'metered', limit }]));
    const id = await books.subscribe(await (small as Promise<string>));
    const named = { tenant_id: books.appId, feature: 'api.calls' };
    const limit = async () => (await books.ask('api.calls')).limit;
    expect(await limit()).toBe(10);
    await books.change(id, 'change-plan', { new_plan_id: await large });
    expect(await limit()).toBe(50);
    await books.must('PUT', '/overrides', { ...named, limit: 5 });
    expect(await limit()).toBe(5);
    await books.must('DELETE', '/overrides', undefined, named);
    await books.must('POST', '/grants', { ...named, amount: 7 });
    expect(await limit()).toBe(57);
    await books.change(id, 'pause');
    expect((await books.ask('api.calls')).allowed).toBe(false);
    await books.change(id, 'resume');
    expect((await books.ask('api.calls')).allowed).toBe(true);
  });

  it('B36: while changes may go unheard, nothing is taken from memory', async () => {
    await books.subscribe(await books.plan([{ key: 'reports' }]));
    await books.ask('reports');
    const notifications = app.get(Notifications);
    await asOwner(
      app,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'authsome listener' AND datname = current_database()`,
    );
    while (notifications.isLive) await new Promise((resolve) => setImmediate(resolve));
    expect(await statementsOf(app, () => books.ask('reports'))).toEqual(['billing.standing']);
  });

  it('the app’s plan is everybody’s without one of their own: its change is seen for them', async () => {
    const orgId = await books.organization(await books.person());
    const id = await books.subscribe(await books.plan([]));
    expect((await books.ask('reports', orgId)).allowed).toBe(false);
    await books.change(id, 'change-plan', { new_plan_id: await books.plan([{ key: 'reports' }]) });
    expect((await books.ask('reports', orgId)).allowed).toBe(true);
  });
});

describe('a ledger that does not answer', () => {
  /** Answers, fails or hangs, as a test says. */
  class Moody extends NoopLedger implements Ledger {
    override readonly name = 'moody' as never;
    override readonly transactional = false as never;
    mood: 'well' | 'failing' | 'hanging' = 'well';

    override checkEntitlement(subject: Subject, featureKey: string): Promise<Entitlement> {
      if (this.mood === 'failing') return Promise.reject(new Error('the ledger is down'));
      if (this.mood === 'hanging') return new Promise(() => undefined);
      return super.checkEntitlement(subject, featureKey);
    }
  }
  let app: TestApp;
  let books: Books;
  let ledger: Moody;

  beforeEach(async () => {
    ledger = new Moody();
    app = await TestApp.start({
      app: { billing: { driver: 'custom', ledger } },
      env: { AUTHSOME_BILLING_TIMEOUT: '50ms' },
    });
    books = await Books.open(app);
  });
  afterEach(() => app.close());

  const metric = async (line: string): Promise<boolean> => (await app.api.get('/metrics')).text.includes(line);

  it('B38: second factors and passkeys stay open, each time counted and once an hour audited', async () => {
    ledger.mood = 'failing';
    for (const feature of ['authsome.feature.mfa', 'authsome.feature.passkeys']) {
      for (let n = 0; n < 3; n += 1) expect(await books.ask(feature)).toMatchObject({ allowed: true, stale: true });
      expect(await metric(`authsome_entitlement_stale_total{feature="${feature}",allowed="true"} 3`)).toBe(true);
    }
    const entries = await asOwner(
      app,
      `SELECT id FROM audit_entries WHERE action = 'billing.entitlement.assumed' AND env_id = $1`,
      [books.tenant.scope.envId],
    );
    expect(entries).toHaveLength(2);
  });

  it('B38: other features follow the last answer for a while, and are then closed', async () => {
    expect(await books.ask('authsome.feature.sso')).toMatchObject({ allowed: true });
    expect(await books.ask('authsome.feature.orgs')).toMatchObject({ allowed: true });
    ledger.mood = 'failing';
    app.clock.advance(HOUR_MS);
    expect(await books.ask('authsome.feature.sso')).toMatchObject({ allowed: true, stale: true });
    expect(await books.ask('authsome.feature.orgs')).toMatchObject({ allowed: false, reason: 'provider_unavailable' });
    app.clock.advance(24 * HOUR_MS);
    expect(await books.ask('authsome.feature.sso')).toMatchObject({
      allowed: false,
      reason: 'provider_unavailable',
      stale: true,
    });
  });

  it('R358: with a ledger that hangs, creation is refused with 503 and signing in works', async () => {
    const person = await books.person();
    ledger.mood = 'hanging';
    const refused = await app.api.post('/v1/orgs', { token: person.token, body: { name: 'Engines' } });
    expectProblem(refused, 503, 'entitlement_unknown');
    expect((await app.api.signIn(books.tenant, person)).token).toBeTruthy();
    ledger.mood = 'well';
    expect((await app.api.post('/v1/orgs', { token: person.token, body: { name: 'Engines' } })).status).toBe(201);
  });
});
