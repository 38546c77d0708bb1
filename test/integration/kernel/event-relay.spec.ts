import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { EnvScope } from '../../../src/kernel/context/scope.js';
import { EventFeedSystemRepository, type StoredFact } from '../../../src/kernel/events/event-feed.system-repository.js';
import { describeEvents } from '../../../src/kernel/events/event-map.js';
import { EventRelay } from '../../../src/kernel/events/event-relay.js';
import { KernelRig } from './kernel-rig.js';

declare module '../../../src/kernel/events/event-map.js' {
  interface EventMap {
    'spec.happened': { number: number };
  }
}
describeEvents({ 'spec.happened': 'Something happened in a test.' });

let rig: KernelRig;
let scope: EnvScope;

beforeEach(async () => {
  rig = await KernelRig.start();
  scope = await rig.tenant();
});
afterEach(() => rig.stop());

function relayOf(on: KernelRig, enabled = true): EventRelay {
  const options = { enabled, concurrency: 10, leaseMs: 60_000, pollMs: 50 };
  const feed = new EventFeedSystemRepository(on.database);
  return new EventRelay(feed, on.database, on.notifications, on.clock, on.logger, options);
}

const happened = (number: number): Promise<void> =>
  rig.database.transaction(() => rig.events.record(scope, 'spec.happened', 'x', { number }));

const numbersOf = (facts: readonly StoredFact[]): number[] => facts.map(({ payload }) => payload.number as number);

describe('a consumer', () => {
  it('takes every fact once, in the order they were committed, from the first that is kept', async () => {
    for (const number of [1, 2, 3]) await happened(number);
    const taken: number[] = [];
    const relay = relayOf(rig);
    relay.consume({ name: 'spec', batch: 2, apply: (facts) => Promise.resolve(void taken.push(...numbersOf(facts))) });
    await relay.prepare();
    await relay.drain();
    for (const number of [4, 5]) await happened(number);
    await relay.drain();
    await relay.drain();
    expect(taken).toEqual([1, 2, 3, 4, 5]);
  });

  it('never misses a fact whose transaction committed later than one with a higher number', async () => {
    const slow = new Client({ connectionString: rig.files.ownerUrl });
    await slow.connect();
    const insert = (number: number) =>
      `INSERT INTO outbox (id, app_id, env_id, name, subject_id, payload, occurred_at)
       VALUES ('aevt_slow${number}', '${scope.appId}', '${scope.envId}', 'spec.happened', 'x', '{"number": ${number}}', now())`;
    await slow.query('BEGIN');
    await slow.query(insert(1));
    await happened(2);
    const taken: number[] = [];
    const relay = relayOf(rig);
    relay.consume({ name: 'spec', apply: (facts) => Promise.resolve(void taken.push(...numbersOf(facts))) });
    await relay.prepare();
    // 2 is committed, but 1 may still come before it.
    const feed = new EventFeedSystemRepository(rig.database);
    expect(await feed.anyTenantNext({ txId: '0', sequence: '0' }, 10)).toEqual([]);
    expect(await feed.anyTenantIsHeldUp()).toBe(true);
    await slow.query('COMMIT');
    await slow.end();
    await relay.drain();
    expect(taken).toEqual([1, 2]);
  });

  it('writes its effect exactly once, with two replicas at work on it', async () => {
    const other = await rig.replica();
    await rig.asOwner('CREATE TABLE spec_effects (number integer); GRANT ALL ON spec_effects TO PUBLIC');
    const relays = [rig, other].map((process) => {
      const relay = relayOf(process);
      relay.consume({
        name: 'spec',
        batch: 3,
        apply: async (facts) => {
          const values = numbersOf(facts);
          await process.database.current?.client.query('INSERT INTO spec_effects SELECT * FROM unnest($1::integer[])', [
            values,
          ]);
        },
      });
      return relay;
    });
    await relays[0]?.prepare();
    const numbers = Array.from({ length: 60 }, (_, index) => index);
    const recorded = Promise.all(numbers.map(happened));
    await Promise.all(relays.map((relay) => relay.drain()));
    await recorded;
    await Promise.all(relays.map((relay) => relay.drain()));
    await relays[0]?.drain();
    const rows = await rig.asOwner<{ number: number }>('SELECT number FROM spec_effects ORDER BY number');
    expect(rows.map(({ number }) => number)).toEqual(numbers);
    await other.stop();
  });

  it('F21: that refuses a fact again and again has it put aside with the reason, and gets the ones behind it', async () => {
    for (const number of [1, 2, 3]) await happened(number);
    const taken: number[] = [];
    const relay = relayOf(rig);
    relay.consume({
      name: 'spec',
      apply: (facts) => {
        if (numbersOf(facts).includes(2)) return Promise.reject(new Error('cannot take two'));
        return Promise.resolve(void taken.push(...numbersOf(facts)));
      },
    });
    await relay.prepare();
    for (let round = 0; round < 12; round += 1) {
      await relay.drain();
      rig.clock.advance(60_000);
    }
    expect(taken).toEqual([1, 3]);
    const parked = await rig.asOwner('SELECT consumer, reason FROM parked_events');
    expect(parked).toEqual([{ consumer: 'spec', reason: 'Error: cannot take two' }]);
    await happened(4);
    await relay.drain();
    expect(taken).toEqual([1, 3, 4]);
  });

  it('F25: goes on where it was when the database was restored into a cluster whose transactions start anew', async () => {
    for (const number of [1, 2]) await happened(number);
    const taken: number[] = [];
    const relay = relayOf(rig);
    relay.consume({ name: 'spec', apply: (facts) => Promise.resolve(void taken.push(...numbersOf(facts))) });
    await relay.prepare();
    await relay.drain();
    await happened(3);
    // As after pg_restore: what came along carries the high numbers of another cluster.
    await rig.asOwner(`UPDATE outbox SET tx_id = '1000000000000'; UPDATE event_cursors SET tx_id = '1000000000000'`);
    await rig.asOwner(`UPDATE event_cursors SET sequence = (SELECT max(sequence) - 1 FROM outbox)`);
    const again = relayOf(rig);
    again.consume({ name: 'spec', apply: (facts) => Promise.resolve(void taken.push(...numbersOf(facts))) });
    await again.prepare();
    await happened(4);
    await again.drain();
    expect(taken).toEqual([1, 2, 3, 4]);
  });

  it('is woken by the replica that recorded the fact', async () => {
    const relay = relayOf(rig);
    const taken = new Promise<number[]>((resolve) => {
      relay.consume({ name: 'spec', apply: (facts) => Promise.resolve(resolve(numbersOf(facts))) });
    });
    rig.database.hearOwnNotifications((payload) => rig.notifications.dispatch(payload));
    await relay.prepare();
    relay.start();
    await happened(7);
    expect(await taken).toEqual([7]);
    await relay.stop();
  });
});
