import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { expectProblem } from '../../support/expect-problem.js';
import { TestApp } from '../../support/test-app.js';
import { Books } from './books.js';

const DAY_MS = 86_400_000;
const CALLS = { key: 'api.calls', name: 'Calls', type: 'metered' } as const;

interface Line {
  readonly type: string;
  readonly quantity: number;
  readonly amount: number;
}

describe('invoices', () => {
  let app: TestApp;
  let books: Books;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    books = await Books.open(app);
    await books.meter('api.calls');
  });

  /** Lets the period that runs end. */
  const endPeriod = async (id: string): Promise<void> => {
    const { renews_at } = await books.subscription(id);
    app.clock.advance(Date.parse(renews_at as string) - app.clock.nowMs());
    await app.drain();
  };
  const invoices = async (): Promise<Record<string, unknown>[]> =>
    (await books.must('GET', '/invoices')).invoices as Record<string, unknown>[];
  const lines = (invoice: Record<string, unknown> | undefined): [string, number, number][] =>
    ((invoice?.lines ?? []) as Line[]).map(({ type, quantity, amount }) => [type, quantity, amount]);

  it('a period that is over is invoiced once: its base fee, overage in graduated tiers, and seats beyond the plan', async () => {
    const owner = await books.person();
    const orgId = await books.organization(owner);
    for (let n = 0; n < 3; n += 1) {
      const body = { user_id: (await books.person()).userId, role: 'member' };
      await app.api.post(`/v1/orgs/${orgId}/members`, { token: owner.token, body });
    }
    const graduated = [
      { up_to: 10, unit_amount: 5, flat_amount: 100 },
      { up_to: null, unit_amount: 2 },
    ];
    const plan = await books.plan(
      [
        { ...CALLS, limit: 100, overage: 'bill', tiers: graduated },
        {
          key: 'authsome.orgs.members',
          type: 'seat',
          limit: 1,
          overage: 'bill',
          tiers: [{ up_to: null, unit_amount: 900 }],
        },
      ],
      { base_amount: 2_900 },
    );
    const id = await books.subscribe(plan, orgId);
    await books.tell([{ id: '1', data: { value: 125 }, subject: orgId }]);
    await endPeriod(id);
    await app.drain();
    const [invoice, ...others] = await invoices();
    expect(others).toEqual([]);
    expect(lines(invoice)).toEqual([
      ['base', 1, 2_900],
      // 10 units of 5 and a flat 100, then 15 units of 2.
      ['overage', 25, 100 + 50 + 30],
      ['seat', 3, 2_700],
    ]);
    expect(invoice).toMatchObject({ status: 'open', total: '57.80', total_minor: 5_780, tenant_id: orgId });
    expect(await books.facts('billing.invoice')).toEqual(['billing.invoice.issued']);
  });

  it('usage without an included amount is priced in volume tiers', async () => {
    const volume = [
      { up_to: 10, unit_amount: 10 },
      { up_to: null, unit_amount: 4 },
    ];
    const id = await books.subscribe(
      await books.plan([{ ...CALLS, limit: 0, overage: 'bill', tier_mode: 'volume', tiers: volume }]),
    );
    await books.tell([{ id: '1', data: { value: 11 } }]);
    await endPeriod(id);
    expect(lines((await invoices())[0])).toEqual([['usage', 11, 44]]);
  });

  it('a change of plan charges each for its part of the period', async () => {
    const [small, large] = [await books.plan([], { base_amount: 1_000 }), await books.plan([], { base_amount: 3_000 })];
    const id = await books.subscribe(small);
    const { renews_at } = await books.subscription(id);
    const started = app.clock.nowMs() - (app.clock.nowMs() % 3_600_000);
    const half = (Date.parse(renews_at as string) - started) / 2;
    app.clock.advance(started + half - app.clock.nowMs());
    await books.change(id, 'change-plan', { new_plan_id: large });
    await endPeriod(id);
    expect(lines((await invoices())[0])).toEqual([
      ['base', 1, 500],
      ['base', 1, 1_500],
    ]);
  });

  it('usage that is told late is corrected on the next invoice', async () => {
    const tiers = [{ up_to: null, unit_amount: 3 }];
    const id = await books.subscribe(await books.plan([{ ...CALLS, limit: 10, overage: 'bill', tiers }]));
    await books.tell([{ id: '1', data: { value: 12 } }]);
    const during = new Date(app.clock.nowMs()).toISOString();
    await endPeriod(id);
    await books.tell([{ id: 'late', time: during, data: { value: 5 } }]);
    await endPeriod(id);
    await endPeriod(id);
    const [third, second, first] = await invoices();
    expect(lines(first)).toEqual([['overage', 2, 6]]);
    expect(lines(second)).toEqual([['correction', 5, 15]]);
    expect(lines(third)).toEqual([]);
  });

  it('B35: grants are used in their order, and what is left of them rolls over', async () => {
    const tiers = [{ up_to: null, unit_amount: 3 }];
    const id = await books.subscribe(await books.plan([{ ...CALLS, limit: 10, overage: 'bill', tiers }]));
    const named = { tenant_id: books.appId, feature: 'api.calls' };
    const late = await books.must('POST', '/grants', { ...named, amount: 5, priority: 200 });
    const early = await books.must('POST', '/grants', { ...named, amount: 4, priority: 1, most_rollover: 2 });
    await books.tell([{ id: '1', data: { value: 17 } }]);
    await endPeriod(id);
    expect(lines((await invoices())[0])).toEqual([]);
    const { grants } = await books.must('GET', '/grants', undefined, { tenant_id: books.appId });
    const left = Object.fromEntries(
      (grants as { id: string; remaining: number }[]).map((grant) => [grant.id, grant.remaining]),
    );
    expect(left).toEqual({ [early.id as string]: 0, [late.id as string]: 2 });
  });

  it('a coupon takes its share off the next invoice, once per subject and as often as it may', async () => {
    const plan = await books.plan([], { base_amount: 1_000 });
    const id = await books.subscribe(plan);
    await books.must('POST', '/coupons', { code: 'ten', type: 'percentage', percentage: 10, max_redemptions: 1 });
    await books.must('POST', `/subscriptions/${id}/coupon`, { code: 'TEN' });
    const other = await books.subscribe(plan, (await books.person()).userId);
    expectProblem(
      await books.call('POST', `/subscriptions/${other}/coupon`, { code: 'TEN' }),
      409,
      'coupon_not_redeemable',
    );
    await endPeriod(id);
    await endPeriod(id);
    const own = (await invoices()).filter(({ subscription_id }) => subscription_id === id);
    expect(own.map(({ total_minor }) => total_minor)).toEqual([1_000, 900]);
  });

  it('what is not paid in time leads to grace and then to nothing; paying brings everything back', async () => {
    const id = await books.subscribe(await books.plan([{ key: 'reports' }], { base_amount: 1_000 }));
    await endPeriod(id);
    app.clock.advance(30 * DAY_MS);
    await app.drain();
    expect((await books.subscription(id)).status).toBe('past_due');
    app.clock.advance(3 * DAY_MS);
    await app.drain();
    expect((await books.subscription(id)).status).toBe('expired');
    expect((await books.ask('reports')).allowed).toBe(false);
    const overdue = (await invoices()).find(({ status }) => status === 'past_due');
    await books.must('POST', `/invoices/${overdue?.id as string}/pay`, { payment_ref: 'wire 4711' });
    expect((await books.subscription(id)).status).toBe('active');
    expect((await books.ask('reports')).allowed).toBe(true);
    expectProblem(
      await books.call('POST', `/invoices/${overdue?.id as string}/void`, {}),
      409,
      'invoice_state_conflict',
    );
  });

  it('a trial costs nothing, and goes on as a subscription where that was agreed', async () => {
    const plan = await books.plan([{ key: 'reports' }], { base_amount: 1_000, trial_days: 14 });
    const id = await books.subscribe(plan, books.appId, { after_trial: 'activate' });
    app.clock.advance(14 * DAY_MS);
    await app.drain();
    expect((await books.subscription(id)).status).toBe('active');
    expect(await invoices()).toEqual([]);
    await endPeriod(id);
    expect(lines((await invoices())[0])).toEqual([['base', 1, 1_000]]);
    await books.change(id, 'cancel', { immediately: true });
    const again = await books.subscribe(plan);
    expect((await books.subscription(again)).status).toBe('active');
  });

  it('a published version never changes: who is subscribed keeps it until the plan is changed', async () => {
    const plan = await books.plan([{ key: 'reports' }]);
    const id = await books.subscribe(plan);
    await books.must('POST', `/plans/${plan}/versions`, { features: [] });
    expect((await books.ask('reports')).allowed).toBe(true);
    await books.change(id, 'change-plan', { new_plan_id: plan });
    expect((await books.ask('reports')).allowed).toBe(false);
  });

  it.each([
    [[{ key: 'a', type: 'metered' }], 'there is no meter a'],
    [[{ key: 'a' }, { key: 'a' }], 'named twice'],
    [[{ ...CALLS, overage: 'bill', limit: 1 }], 'needs a limit and tiers'],
    [[{ ...CALLS, overage: 'bill', limit: 1, tiers: [{ up_to: 5, unit_amount: 1 }] }], 'the last tier has no end'],
    [[{ key: 'a', soft_limit: true }], 'only metered features and seats'],
  ])('a plan that contradicts itself is refused: %j', async (features, why) => {
    const answer = await books.call('POST', '/plans', { name: 'Odd', slug: 'odd', features });
    expectProblem(answer, 422, 'plan_invalid');
    expect(answer.body.detail).toContain(why);
  });

  it('yen have no minor units', async () => {
    const { body } = await books.call('POST', '/plans', {
      name: 'Tokyo',
      slug: 'tokyo',
      currency: 'JPY',
      base_amount: 2_900,
    });
    expect(body).toMatchObject({ base_amount: '2900', currency: 'jpy' });
  });
});
