import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { asOwner } from '../../support/as-owner.js';
import { TestApp } from '../../support/test-app.js';
import { Books } from './books.js';

const DAY_MS = 86_400_000;
const CALLS = { key: 'api.calls', type: 'metered', limit: 1_000 } as const;

describe('periods and sums', () => {
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

  const at = (iso: string): void => {
    app.clock.advance(Date.parse(iso) - app.clock.nowMs());
  };
  const periods = async (
    anchor: string,
    unit: string,
    instants: readonly string[],
    zone = 'UTC',
  ): Promise<string[]> => {
    const rows = await asOwner<{ starts: Date; ends: Date }>(
      app,
      `SELECT p.* FROM set_config('TimeZone', $4, false), unnest($3::timestamptz[]) WITH ORDINALITY AS i (instant, n)
       CROSS JOIN LATERAL authsome_period($1, $2, i.instant) AS p ORDER BY n`,
      [anchor, unit, instants, zone],
    );
    return rows.map(({ starts }) => starts.toISOString());
  };

  it('B22: usage at the very start of a period is of that period, a millisecond before of the one that ended', async () => {
    const id = await books.subscribe(await books.plan([CALLS]));
    const { renews_at: boundary } = await books.subscription(id);
    const edge = Date.parse(boundary as string);
    app.clock.advance(edge + 1_000 - app.clock.nowMs());
    await app.drain();
    await books.tell([
      { id: 'old', time: new Date(edge - 1).toISOString(), data: { value: 7 } },
      { id: 'new', time: new Date(edge).toISOString(), data: { value: 5 } },
    ]);
    expect((await books.ask('api.calls')).used).toBe(5);
    const span = { from: new Date(edge - DAY_MS).toISOString(), to: new Date(edge).toISOString() };
    const { points } = await books.must('GET', '/usage/query', undefined, {
      meter: 'api.calls',
      window: 'hour',
      ...span,
    });
    expect(points).toMatchObject([{ value: 7 }]);
  });

  it('B23: a subscription of 31 January begins anew at the end of February and on 31 March', async () => {
    const instants = ['2027-01-31T12:00:00Z', '2027-02-28T12:00:00Z', '2027-03-30T00:00:00Z', '2027-03-31T12:00:00Z'];
    expect(await periods('2027-01-31T10:00:00Z', 'month', instants)).toEqual([
      '2027-01-31T10:00:00.000Z',
      '2027-02-28T10:00:00.000Z',
      '2027-02-28T10:00:00.000Z',
      '2027-03-31T10:00:00.000Z',
    ]);
    expect(await periods('2028-01-31T10:00:00Z', 'month', ['2028-02-29T12:00:00Z'])).toEqual([
      '2028-02-29T10:00:00.000Z',
    ]);
    expect(await periods('2028-02-29T10:00:00Z', 'year', ['2029-02-28T09:00:00Z', '2029-02-28T11:00:00Z'])).toEqual([
      '2028-02-29T10:00:00.000Z',
      '2029-02-28T10:00:00.000Z',
    ]);
  });

  it('B24: periods are the same whatever the time zone', async () => {
    const instants = ['2027-03-14T06:30:00Z', '2027-11-07T06:30:00Z', '2027-05-01T02:00:00Z', '2026-12-31T23:59:59Z'];
    for (const unit of ['hour', 'day', 'week', 'month', 'year']) {
      const expected = await periods('2027-01-31T05:00:00Z', unit, instants);
      for (const zone of ['America/New_York', 'Asia/Kolkata']) {
        expect(await periods('2027-01-31T05:00:00Z', unit, instants, zone)).toEqual(expected);
      }
    }
  });

  it('B25: usage three days late lands in its own period; 36 days late or 6 minutes ahead it is refused', async () => {
    const id = await books.subscribe(await books.plan([CALLS]));
    const { renews_at: boundary } = await books.subscription(id);
    app.clock.advance(Date.parse(boundary as string) + DAY_MS - app.clock.nowMs());
    await app.drain();
    const told = (offsetMs: number, name: string) =>
      books.tell([{ id: name, time: new Date(app.clock.nowMs() + offsetMs).toISOString() }]);
    expect((await told(-3 * DAY_MS, 'late')).status).toBe(202);
    expect((await told(-36 * DAY_MS, 'too late')).status).toBe(400);
    expect((await told(6 * 60_000, 'too early')).status).toBe(400);
    expect((await told(4 * 60_000, 'a little early')).status).toBe(202);
    expect((await books.ask('api.calls')).used).toBe(1);
  });

  it('B26: sums are what the events add up to, for random usage', async () => {
    for (const aggregation of ['count', 'max', 'latest', 'unique'] as const) {
      const more = aggregation === 'unique' ? { value_dimension: 'who' } : {};
      await books.meter(`calls.${aggregation}`, aggregation, { event_key: 'api.calls', ...more });
    }
    let seed = 42;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    const events = Array.from({ length: 300 }, (_, n) => ({
      id: `random-${n}`,
      time: new Date(app.clock.nowMs() - n * 1_000 - random(50) * 1_000 * 400).toISOString(),
      data: { value: 1 + random(90), who: `w${random(20)}` },
    }));
    for (let n = 0; n < events.length; n += 60) await books.tell(events.slice(n, n + 60));
    const monthStart = Date.parse(`${new Date(app.clock.nowMs()).toISOString().slice(0, 7)}-01T00:00:00Z`);
    const counted = events.filter(({ time }) => Date.parse(time) >= monthStart);
    const values = counted.map(({ data }) => data.value);
    const used = await books.used();
    const latest = counted.reduce((a, b) => (Date.parse(b.time) > Date.parse(a.time) ? b : a));
    expect(used).toMatchObject({
      'api.calls': values.reduce((sum, value) => sum + value, 0),
      'calls.count': values.length,
      'calls.max': Math.max(...values),
      'calls.latest': latest.data.value,
      'calls.unique': new Set(counted.map(({ data }) => data.who)).size,
    });
    const { features } = await books.must('GET', '/usage/reconcile');
    expect((features as { difference: number }[]).map(({ difference }) => difference).filter(Boolean)).toEqual([]);
  });

  it('B27: usage is none at the first question of a new period, and that of the old one can still be read', async () => {
    const id = await books.subscribe(await books.plan([CALLS]));
    await books.tell([{ id: '1', data: { value: 30 } }]);
    const { renews_at: boundary } = await books.subscription(id);
    app.clock.advance(Date.parse(boundary as string) - app.clock.nowMs());
    expect((await books.ask('api.calls')).used).toBe(0);
    const span = { from: new Date(app.clock.nowMs() - 40 * DAY_MS).toISOString(), to: boundary as string };
    const { points } = await books.must('GET', '/usage/query', undefined, {
      meter: 'api.calls',
      window: 'month',
      ...span,
    });
    expect(points).toMatchObject([{ value: 30 }]);
  });

  it('a period begins with the hour in which the subscription began', async () => {
    at(`${new Date(app.clock.nowMs() + DAY_MS).toISOString().slice(0, 10)}T10:37:21.500Z`);
    const id = await books.subscribe(await books.plan([CALLS]));
    expect((await books.subscription(id)).renews_at).toMatch(/T10:00:00\.000Z$/);
  });
});
