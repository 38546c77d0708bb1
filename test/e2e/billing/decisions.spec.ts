import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestApp } from '../../support/test-app.js';
import { Books } from './books.js';

const DAY_MS = 86_400_000;
const CALLS = { key: 'api.calls', type: 'metered' } as const;

describe('what a plan allows', () => {
  let app: TestApp;
  let books: Books;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    books = await Books.open(app);
  });

  it('B28: a feature is allowed on Business and denied on Starter, which does not hold it', async () => {
    const starter = await books.plan([]);
    const business = await books.plan([{ key: 'authsome.feature.orgs' }]);
    const id = await books.subscribe(starter);
    expect(await books.ask('authsome.feature.orgs')).toMatchObject({ allowed: false, reason: 'feature_not_in_plan' });
    await books.change(id, 'change-plan', { new_plan_id: business });
    expect(await books.ask('authsome.feature.orgs')).toMatchObject({ allowed: true, kind: 'boolean' });
  });

  it('B29: of a hard limit of 100 the 100th unit is allowed and the 101st is not', async () => {
    await books.meter('api.calls');
    await books.subscribe(await books.plan([{ ...CALLS, limit: 100 }]));
    await books.tell([{ id: '1', data: { value: 99 } }]);
    expect(await books.ask('api.calls')).toMatchObject({ allowed: true, used: 99, remaining: 1 });
    await books.tell([{ id: '2' }]);
    app.clock.advance(2_000);
    const denied = { allowed: false, reason: 'quota_exceeded', used: 100, limit: 100, remaining: 0 };
    expect(await books.ask('api.calls')).toMatchObject(denied);
  });

  it('B30: beyond a soft limit everything is allowed, and one event says so in the period', async () => {
    await books.meter('api.calls');
    await books.subscribe(await books.plan([{ ...CALLS, limit: 10, soft_limit: true }]));
    for (let n = 0; n < 15; n += 1) await books.tell([{ id: String(n) }]);
    for (let n = 0; n < 5; n += 1) {
      app.clock.advance(2_000);
      expect(await books.ask('api.calls')).toMatchObject({ allowed: true, reason: 'over_soft_limit', used: 15 });
    }
    expect(await books.facts('billing.quota')).toEqual(['billing.quota.warning', 'billing.quota.reached']);
  });

  it('B31: of an unlimited feature nothing is counted', async () => {
    await books.meter('api.calls');
    await books.subscribe(await books.plan([{ ...CALLS, limit: -1 }]));
    await books.tell([{ id: '1' }]);
    const answer = await books.ask('api.calls');
    expect(answer).toMatchObject({ allowed: true, limit: null, remaining: null });
    expect(answer.used).toBeUndefined();
  });

  it('B32: a trial that is over denies, and so does a cancellation at the end of a period, from its very moment and without any job', async () => {
    const plan = await books.plan([{ key: 'reports' }]);
    const trial = await books.subscribe(plan, books.appId, { trial_days: 14 });
    expect(await books.ask('reports')).toMatchObject({ allowed: true });
    app.clock.advance(14 * DAY_MS);
    expect(await books.ask('reports')).toMatchObject({ allowed: false, reason: 'trial_expired' });
    const other = await Books.open(app);
    const id = await other.subscribe(await other.plan([{ key: 'reports' }]));
    await other.change(id, 'cancel');
    const { cancel_at } = await other.subscription(id);
    app.clock.advance(Date.parse(cancel_at as string) - app.clock.nowMs() - 1);
    expect(await other.ask('reports')).toMatchObject({ allowed: true });
    app.clock.advance(1);
    const inactive = { allowed: false, reason: 'subscription_inactive' };
    app.clock.advance(30_000);
    expect(await other.ask('reports')).toMatchObject(inactive);
    await app.drain();
    expect(await other.ask('reports')).toMatchObject(inactive);
    expect(trial).toMatch(/^asub_/);
  });

  it('B33: past due within the days of grace is allowed, after them denied; paused is denied, resumed allowed', async () => {
    const plan = await books.plan([{ key: 'reports' }], { base_amount: 1_000 });
    const id = await books.subscribe(plan);
    app.clock.advance(31 * DAY_MS);
    await app.drain();
    app.clock.advance(30 * DAY_MS);
    await app.drain();
    expect((await books.subscription(id)).status).toBe('past_due');
    expect(await books.ask('reports')).toMatchObject({ allowed: true });
    app.clock.advance(3 * DAY_MS);
    expect(await books.ask('reports')).toMatchObject({ allowed: false, reason: 'subscription_inactive' });
    const other = await Books.open(app);
    const paused = await other.subscribe(await other.plan([{ key: 'reports' }]));
    await other.change(paused, 'pause');
    expect(await other.ask('reports')).toMatchObject({ allowed: false, reason: 'subscription_inactive' });
    await other.change(paused, 'resume');
    expect(await other.ask('reports')).toMatchObject({ allowed: true });
  });

  it('B34: of 50 that reserve at once on a limit of 10, ten get a unit; what expires is free again', async () => {
    await books.meter('api.calls');
    await books.subscribe(await books.plan([{ ...CALLS, limit: 10 }]));
    const body = { tenant_id: books.appId, feature: 'api.calls', ttl_seconds: 60 };
    const reserve = (): Promise<number> => books.call('POST', '/reservations', body).then(({ status }) => status);
    const answers = await Promise.all(Array.from({ length: 50 }, reserve));
    expect(answers.filter((status) => status === 201)).toHaveLength(10);
    expect(answers.filter((status) => status === 403)).toHaveLength(40);
    app.clock.advance(60_000);
    expect(await reserve()).toBe(201);
  });

  it('a reservation that is committed becomes usage once, and one that is released becomes none', async () => {
    await books.meter('api.calls');
    await books.subscribe(await books.plan([{ ...CALLS, limit: 10 }]));
    const reserve = async (quantity: number): Promise<string> =>
      (await books.must('POST', '/reservations', { tenant_id: books.appId, feature: 'api.calls', quantity }))
        .id as string;
    const kept = await reserve(4);
    const left = await reserve(3);
    await books.must('POST', `/reservations/${kept}/commit`, {});
    expect((await books.call('POST', `/reservations/${kept}/commit`, {})).status).toBe(404);
    await books.must('DELETE', `/reservations/${left}`);
    expect((await books.used())['api.calls']).toBe(4);
    expect((await books.ask('api.calls')).remaining).toBe(6);
  });

  it('B35: a reset starts a new count, charged with what went beyond the limit where that is asked for', async () => {
    await books.meter('api.calls');
    await books.subscribe(await books.plan([{ ...CALLS, limit: 10, soft_limit: true }]));
    await books.tell([{ id: '1', data: { value: 14 } }]);
    const reset = (preserve_overage: boolean): Promise<unknown> =>
      books.must('POST', '/usage/reset', { tenant_id: books.appId, feature: 'api.calls', preserve_overage });
    await reset(true);
    expect(await books.ask('api.calls')).toMatchObject({ used: 4, remaining: 6 });
    await reset(false);
    expect(await books.ask('api.calls')).toMatchObject({ used: 0, remaining: 10 });
  });

  it('grants add to a limit, and an override takes the place of it', async () => {
    await books.meter('api.calls');
    await books.subscribe(await books.plan([{ ...CALLS, limit: 10 }]));
    const named = { tenant_id: books.appId, feature: 'api.calls' };
    const grant = await books.must('POST', '/grants', { ...named, amount: 5 });
    expect((await books.ask('api.calls')).limit).toBe(15);
    await books.must('DELETE', `/grants/${grant.id as string}`);
    expect((await books.ask('api.calls')).limit).toBe(10);
    await books.must('PUT', '/overrides', { ...named, limit: 3 });
    expect((await books.ask('api.calls')).limit).toBe(3);
    await books.must('DELETE', '/overrides', undefined, named);
    expect((await books.ask('api.calls')).limit).toBe(10);
  });

  it('an add-on adds what it holds to the plan', async () => {
    await books.meter('api.calls');
    await books.subscribe(await books.plan([{ ...CALLS, limit: 10 }]));
    await books.subscribe(await books.plan([{ ...CALLS, limit: 40 }, { key: 'reports' }], { is_addon: true }));
    expect(await books.ask('api.calls')).toMatchObject({ allowed: true, limit: 50 });
    expect(await books.ask('reports')).toMatchObject({ allowed: true });
  });

  it('a static feature says what the plan says', async () => {
    await books.subscribe(await books.plan([{ key: 'support', type: 'static', config: { hours: 24 } }]));
    expect(await books.ask('support')).toMatchObject({ allowed: true, kind: 'static', config: { hours: 24 } });
  });

  it('nobody is limited whom no subscription covers, unless the environment demands one', async () => {
    expect(await books.ask('authsome.feature.sso')).toMatchObject({ allowed: true });
    await books.set('subscription.required', true);
    app.clock.advance(31_000);
    expect(await books.ask('authsome.feature.sso')).toMatchObject({ allowed: false, reason: 'no_subscription' });
  });
});
