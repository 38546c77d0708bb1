import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UsageBuffer } from '../../../src/billing-bridge/usage/usage-buffer.js';
import type { Usage } from '../../../src/billing-bridge/ledger.js';
import { UsageConsumer } from '../../../src/billing-bridge/usage/usage.consumer.js';
import { UsageIngest } from '../../../src/billing/usage/usage-ingest.js';
import { EventFeedSystemRepository } from '../../../src/kernel/events/event-feed.system-repository.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import { asOwner } from '../../support/as-owner.js';
import { TestApp } from '../../support/test-app.js';
import { Books, subjectOf } from './books.js';

describe('usage counts once', () => {
  let app: TestApp;
  let second: TestApp;
  let books: Books;

  beforeAll(async () => {
    app = await TestApp.start();
    second = await TestApp.start({ database: app.database });
  });
  afterAll(async () => {
    await second.close();
    await app.close();
  });
  beforeEach(async () => {
    books = await Books.open(app);
    await books.meter('api.calls');
  });

  const usage = (idempotencyKey: string, more: Partial<Usage> = {}): Usage => ({
    subject: { scope: books.tenant.scope, key: subjectOf(books.appId) },
    featureKey: 'api.calls',
    quantity: 1,
    source: 'spec',
    idempotencyKey,
    occurredAt: app.clock.now(),
    dimensions: {},
    ...more,
  });

  it('B13: the same id of the same source counts once, also in one batch and when two replicas bring it at once', async () => {
    expect((await books.tell([{ id: 'a' }, { id: 'b' }, { id: 'a' }])).body).toEqual({ accepted: 2, duplicates: 1 });
    expect((await books.tell([{ id: 'a' }])).body).toEqual({ accepted: 0, duplicates: 1 });
    const same = Array.from({ length: 20 }, (_, n) =>
      (n % 2 === 0 ? app : second).get(UsageIngest).take([usage('raced')]),
    );
    expect((await Promise.all(same)).reduce((sum, taken) => sum + taken)).toBe(1);
    expect((await books.used())['api.calls']).toBe(3);
  });

  it('B14: the same key counts for each app, and for each source', async () => {
    const other = await Books.open(app);
    await other.meter('api.calls');
    for (const each of [books, other]) {
      await each.tell([{ id: 'same' }, { id: 'same', source: '/elsewhere' }]);
      expect((await each.used())['api.calls']).toBe(2);
    }
  });

  it('B15: sources and ids that hold the separators of others do not collide', async () => {
    const pairs = [
      ['a-b', 'c'],
      ['a', 'b-c'],
      ['a:b', 'c'],
      ['a', 'b:c'],
      ['a/b', '/c'],
      ['a', 'b//c'],
    ];
    const { body } = await books.tell(pairs.map(([source, id]) => ({ source: source as string, id: id as string })));
    expect(body).toEqual({ accepted: pairs.length, duplicates: 0 });
  });

  it('B18: a batch whose commit was in doubt and that is brought again counts once', async () => {
    const batch = Array.from({ length: 50 }, (_, n) => usage(`doubt-${n}`));
    for (let n = 0; n < 3; n += 1) await app.get(UsageIngest).take(batch);
    expect((await books.used())['api.calls']).toBe(50);
  });

  it('B17, B19: the buffer keeps what cannot be written, with its keys, and loses nothing when it stops', async () => {
    const buffer = app.get(UsageBuffer);
    const subject = { scope: books.tenant.scope, key: subjectOf(books.appId) };
    const database = app.get(Database);
    const independently = database.independently.bind(database);
    database.independently = () => Promise.reject(new Error('the database is down'));
    const key = { subject, keyId: 'key' };
    for (let n = 0; n < 100; n += 1) buffer.keyValidated(key, app.clock.nowMs());
    await buffer.drain();
    for (let n = 0; n < 11; n += 1) buffer.keyValidated(key, app.clock.nowMs());
    // The first answer is lost after the commit: what is brought again is known.
    let lost = false;
    database.independently = async (work) => {
      const result = await independently(work);
      if (lost) return result;
      lost = true;
      throw new Error('the connection was cut after the commit');
    };
    await buffer.drain();
    database.independently = independently;
    await buffer.stop();
    expect((await books.used())['authsome.apikeys.validated']).toBe(111);
  });

  it('B19: what does not fit into the buffer is counted in a metric, not silent, and what is in it stays', async () => {
    const buffer = second.get(UsageBuffer);
    const subject = { scope: books.tenant.scope, key: subjectOf(books.appId) };
    for (let n = 0; n < 20_003; n += 1) buffer.keyValidated({ subject, keyId: `key-${n}` }, app.clock.nowMs());
    expect((await second.api.get('/metrics')).text).toContain('authsome_usage_overflow_total 3');
    await buffer.drain();
    expect((await books.used())['authsome.apikeys.validated']).toBe(20_000);
  });

  it('B20: two replicas that write for the same subjects in other orders never block each other for good, and the sums are exact', async () => {
    const orgs = Array.from({ length: 50 }, (_, n) => `org:aorg_${String(n).padStart(26, '0')}` as const);
    const batches = 120;
    const take = (replica: TestApp, batch: number): Promise<number> => {
      const subjects = batch % 2 === 0 ? orgs : [...orgs].reverse();
      const events = subjects.map((key, n) => usage(`${batch}-${n}`, { subject: { scope: books.tenant.scope, key } }));
      return replica.get(UsageIngest).take(events);
    };
    const worker = async (replica: TestApp, from: number): Promise<void> => {
      for (let batch = from; batch < batches; batch += 4) await take(replica, batch);
    };
    await Promise.all([worker(app, 0), worker(second, 1), worker(app, 2), worker(second, 3)]);
    const rows = await asOwner<{ total: string }>(
      app,
      `SELECT sum(total) AS total FROM billing_usage_rollups WHERE env_id = $1 AND meter_key = 'api.calls' GROUP BY subject_key`,
      [books.tenant.scope.envId],
    );
    expect(rows.map(({ total }) => Number(total))).toEqual(Array.from({ length: 50 }, () => batches));
  });

  it('B21, F21: usage that can never be taken is put aside and holds up nothing', async () => {
    const { userId } = await books.person();
    await app.drain();
    const feed = app.get(EventFeedSystemRepository);
    const facts = (await feed.anyTenantNext({ txId: '0', sequence: '0' }, 10_000)).filter(
      ({ envId, name }) => envId === books.tenant.scope.envId && name === 'user.created',
    );
    const [fact] = facts;
    if (fact === undefined) throw new Error('nobody signed up');
    const old = { ...fact, payload: { user_id: 'ausr_old' }, occurredAt: app.clock.in(-40 * 86_400_000) };
    const good = { ...fact, payload: { user_id: 'ausr_new' } };
    await app.get(Database).transaction(() => app.get(UsageConsumer).apply([old, good] as never));
    expect((await books.used())['authsome.users.created']).toBe(2);
    expect((await app.api.get('/metrics')).text).toContain('authsome_usage_refused_total 1');
    expect(userId).toBeTruthy();
  });
});
