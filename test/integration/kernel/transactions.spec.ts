import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { SYSTEM_ACTOR } from '../../../src/kernel/audit/audit-trail.js';
import { requestContext } from '../../../src/kernel/context/request-context.js';
import { type EnvScope, SYSTEM } from '../../../src/kernel/context/scope.js';
import { ServiceUnavailable } from '../../../src/kernel/errors/common-problems.js';
import { defineProblem } from '../../../src/kernel/errors/problem.js';
import { DeferredUnit } from '../../../src/kernel/persistence/deferred-unit.js';
import { statement } from '../../../src/kernel/persistence/statement.js';
import { eventually } from '../../support/eventually.js';
import { KernelRig } from './kernel-rig.js';
import '../../../src/users/users.events.js';

const COUNT = statement('test.count', 'SELECT count(*)::int AS count FROM job_schedules');
const INSERT = statement('test.insert', 'INSERT INTO job_schedules (name, next_run_at) VALUES ($1, $2)');
const LOCK = statement('test.lock', 'UPDATE job_schedules SET next_run_at = next_run_at WHERE name = $1');
const FAIL = statement('test.fail', `DO $$ BEGIN RAISE EXCEPTION 'serialization' USING ERRCODE = '40001'; END $$`);
const ENVIRONMENTS = statement('test.environments', 'SELECT count(*)::int AS count FROM environments');
const EXPLODE = statement('test.explode', 'SELECT 1/0');

const Vetoed = defineProblem({ code: 'test_vetoed', kind: 'conflict', title: 'Vetoed', detail: 'vetoed' });

describe('transactions', () => {
  let rig: KernelRig;
  let scope: EnvScope;

  beforeAll(async () => {
    rig = await KernelRig.start();
    scope = await rig.tenant();
  });
  afterAll(() => rig.stop());
  beforeEach(() => rig.asOwner('TRUNCATE job_schedules, outbox, audit_entries, jobs'));

  const insert = (name: string) => rig.database.query(SYSTEM, INSERT, [name, rig.clock.now()]);
  const count = async (): Promise<number> => (await rig.asOwner<{ count: number }>(COUNT.text))[0]?.count ?? -1;
  const facts = async (): Promise<Record<string, number>> =>
    (
      await rig.asOwner<Record<string, number>>(
        `SELECT (SELECT count(*)::int FROM outbox) AS events, (SELECT count(*)::int FROM audit_entries) AS audit,
              (SELECT count(*)::int FROM jobs) AS jobs`,
      )
    )[0] ?? {};

  it('commits all of its work or none', async () => {
    await rig.database.transaction(async () => {
      await insert('a');
      await insert('b');
    });
    expect(await count()).toBe(2);
    await expect(
      rig.database.transaction(async () => {
        await insert('c');
        throw new Error('second thoughts');
      }),
    ).rejects.toThrow('second thoughts');
    expect(await count()).toBe(2);
  });

  it('a transaction inside another one is part of it', async () => {
    await expect(
      rig.database.transaction(async () => {
        await rig.database.transaction(async () => void (await insert('inner')));
        throw new Error('outer failed');
      }),
    ).rejects.toThrow('outer failed');
    expect(await count()).toBe(0);
  });

  it('is run again as a whole after a serialization failure, and its consequences are written once', async () => {
    let tries = 0;
    await rig.database.transaction(async () => {
      tries += 1;
      await insert('once');
      rig.audit.record(scope, { action: 'test.try', actor: SYSTEM_ACTOR });
      rig.jobs.enqueue({ kind: 'test' });
      if (tries < 3) await rig.database.query(SYSTEM, FAIL, []);
    });
    expect(tries).toBe(3);
    expect(await count()).toBe(1);
    expect(await facts()).toEqual({ events: 0, audit: 1, jobs: 1 });
  });

  it('gives up after three tries with an answer that says to come back', async () => {
    let tries = 0;
    const work = rig.database.transaction(async () => {
      tries += 1;
      await rig.database.query(SYSTEM, FAIL, []);
    });
    await expect(work).rejects.toMatchObject({ code: 'service_unavailable', extras: { retry_after: 1 } });
    expect(tries).toBe(3);
  });

  it('two transactions that lock each other both succeed: the one that PostgreSQL ends is run again', async () => {
    await insert('left');
    await insert('right');
    const tries = { left: 0, right: 0 };
    let meet: () => void;
    const bothHold = new Promise<void>((resolve) => (meet = resolve));
    let holding = 0;
    const crossing = (first: 'left' | 'right', second: 'left' | 'right') =>
      rig.database.transaction(async () => {
        tries[first] += 1;
        await rig.database.query(SYSTEM, LOCK, [first]);
        holding += 1;
        if (holding === 2) meet();
        await bothHold;
        await rig.database.query(SYSTEM, LOCK, [second]);
      });
    await Promise.all([crossing('left', 'right'), crossing('right', 'left')]);
    // Usually three; four when the one that was ended is back before the other has noticed.
    expect(tries.left + tries.right).toBeGreaterThanOrEqual(3);
  });

  it('what fails for any other reason is not run again', async () => {
    let tries = 0;
    const work = rig.database.transaction(async () => {
      tries += 1;
      await rig.database.query(SYSTEM, EXPLODE, []);
    });
    await expect(work).rejects.toMatchObject({ code: '22012' });
    expect(tries).toBe(1);
  });

  it('connections come back to the pool after every outcome', async () => {
    const fail = () =>
      rig.database.transaction(async () => rig.database.query(SYSTEM, EXPLODE, [])).catch(() => undefined);
    await Promise.all(Array.from({ length: 20 }, fail));
    await Promise.all(Array.from({ length: 20 }, () => rig.database.transaction(() => rig.database.ping())));
    const { totalCount, idleCount, waitingCount } = rig.database.pool;
    expect({ idle: idleCount, waiting: waitingCount }).toEqual({ idle: totalCount, waiting: 0 });
  });

  it('a connection that breaks inside a transaction is a 503, and the next transaction gets another one', async () => {
    const broken = rig.database.transaction(async () => {
      await insert('lost');
      await rig.asOwner(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()`,
      );
      await insert('never');
    });
    await expect(broken).rejects.toBeInstanceOf(ServiceUnavailable);
    await rig.database.transaction(async () => void (await insert('next')));
    expect(await count()).toBe(1);
  });

  describe('consequences', () => {
    it('audit entries, events, jobs and notifications are written with the change, and only with it', async () => {
      const heard: string[] = [];
      const listener = new Client({ connectionString: rig.files.runtimeUrl });
      await listener.connect();
      listener.on('notification', ({ payload }) => heard.push(payload ?? ''));
      await listener.query('LISTEN authsome');
      const change = (veto: boolean) =>
        rig.database.transaction(async () => {
          const userId = rig.ids.next('user');
          await rig.events.record(scope, 'user.updated', userId, { user_id: userId });
          rig.audit.record(scope, { action: 'user.updated', actor: SYSTEM_ACTOR });
          rig.jobs.enqueue({ kind: 'test', sealed: { code: '123456' } });
          rig.database.notify('user:1');
          rig.database.notify('user:1');
          if (veto) throw new Vetoed();
        });

      await expect(change(true)).rejects.toBeInstanceOf(Vetoed);
      expect(await facts()).toEqual({ events: 0, audit: 0, jobs: 0 });
      await change(false);
      expect(await facts()).toEqual({ events: 1, audit: 1, jobs: 1 });
      await eventually('the announcement', () => heard.includes('jobs:added'));
      expect(heard.sort()).toEqual(['jobs:added', 'user:1']);
      await listener.end();
    });

    it('cannot be written without a change', async () => {
      const userId = rig.ids.next('user');
      await expect(rig.events.record(scope, 'user.updated', userId, { user_id: userId })).rejects.toThrow(
        'inside a transaction',
      );
      expect(() => rig.audit.record(scope, { action: 'x', actor: SYSTEM_ACTOR })).toThrow('inside a transaction');
      expect(() => rig.jobs.enqueue({ kind: 'test' })).toThrow('inside a transaction');
      expect(() => rig.database.notify('x')).toThrow('inside a transaction');
    });

    it('of several tenants are written by one transaction', async () => {
      const other = await rig.tenant();
      await rig.database.transaction(async () => {
        for (const tenant of [scope, other]) rig.audit.record(tenant, { action: 'test.both', actor: SYSTEM_ACTOR });
        return Promise.resolve();
      });
      const rows = await rig.asOwner<{ app_id: string }>('SELECT DISTINCT app_id FROM audit_entries');
      expect(rows.map(({ app_id }) => app_id).sort()).toEqual([scope.appId, other.appId].sort());
    });
  });

  describe('events.within', () => {
    it('a subscriber that throws undoes the change that it was told of', async () => {
      const own = await KernelRig.start();
      const tenant = await own.tenant();
      own.events.within('user.updated', () => Promise.reject(new Vetoed()));
      const userId = own.ids.next('user');
      const change = own.database.transaction(async () => {
        await own.database.query(SYSTEM, INSERT, ['vetoed', own.clock.now()]);
        await own.events.record(tenant, 'user.updated', userId, { user_id: userId });
      });
      await expect(change).rejects.toBeInstanceOf(Vetoed);
      const left = await own.asOwner('SELECT name FROM job_schedules UNION ALL SELECT id FROM outbox');
      expect(left).toEqual([]);
      await own.stop();
    });

    it('subscribers are told in the order of their subscription, inside the transaction, what was recorded', async () => {
      const own = await KernelRig.start();
      const tenant = await own.tenant();
      const told: unknown[] = [];
      own.events.within('user.updated', async (where, event) => {
        told.push([
          'first',
          where,
          event.payload,
          event.subjectId,
          event.occurredAt,
          own.database.current !== undefined,
        ]);
        await own.database.query(SYSTEM, INSERT, ['with the change', own.clock.now()]);
      });
      own.events.within('user.updated', () => Promise.resolve(void told.push(['second'])));
      const userId = own.ids.next('user');
      await own.database.transaction(() => own.events.record(tenant, 'user.updated', userId, { user_id: userId }));
      expect(told).toEqual([['first', tenant, { user_id: userId }, userId, own.clock.now(), true], ['second']]);
      expect(await own.asOwner('SELECT name FROM job_schedules')).toEqual([{ name: 'with the change' }]);
      await own.stop();
    });

    it('an event that nobody described is a bug, found when it is recorded', async () => {
      const record = rig.database.transaction(() =>
        rig.events.record(scope, 'user.exploded' as 'user.updated', 'x', { user_id: rig.ids.next('user') }),
      );
      await expect(record).rejects.toThrow('not described');
    });
  });

  describe('the unit of work of an idempotent request', () => {
    const inRequest = <T>(unit: DeferredUnit, work: () => Promise<T>): Promise<T> =>
      requestContext.run({ requestId: 'request-1', ipAddress: undefined, userAgent: undefined, unit }, work);

    it('its pieces commit together, with the last one', async () => {
      const unit = new DeferredUnit(rig.database);
      await inRequest(unit, async () => {
        await rig.database.transaction(async () => void (await insert('one')));
        await rig.database.transaction(async () => void (await insert('two')));
      });
      expect(await count()).toBe(0);
      await unit.commit(async () => void (await insert('answer')));
      expect(await count()).toBe(3);
    });

    it('a piece that fails is undone with its consequences; the others stay', async () => {
      const unit = new DeferredUnit(rig.database);
      await inRequest(unit, async () => {
        await rig.database.transaction(async () => {
          await insert('kept');
          rig.audit.record(scope, { action: 'test.kept', actor: SYSTEM_ACTOR });
        });
        await expect(
          rig.database.transaction(async () => {
            await insert('undone');
            rig.audit.record(scope, { action: 'test.undone', actor: SYSTEM_ACTOR });
            rig.jobs.enqueue({ kind: 'test' });
            await rig.database.query(SYSTEM, EXPLODE, []);
          }),
        ).rejects.toMatchObject({ code: '22012' });
        await rig.database.transaction(async () => void (await insert('after')));
      });
      await unit.commit(() => Promise.resolve());
      expect(
        (await rig.asOwner<{ name: string }>('SELECT name FROM job_schedules ORDER BY name')).map(({ name }) => name),
      ).toEqual(['after', 'kept']);
      expect(await facts()).toEqual({ events: 0, audit: 1, jobs: 0 });
    });

    it('a piece that was undone takes the tenant with it that it had entered; the next one enters anew', async () => {
      const unit = new DeferredUnit(rig.database);
      const environments = async () =>
        (await rig.database.query<{ count: number }>(scope, ENVIRONMENTS, [])).rows[0]?.count;
      const seen = await inRequest(unit, async () => {
        const undone = rig.database.transaction(async () => {
          await environments();
          throw new Vetoed();
        });
        await expect(undone).rejects.toBeInstanceOf(Vetoed);
        return rig.database.transaction(environments);
      });
      await unit.dispose();
      expect(seen).toBe(1);
    });

    it('when its commit fails nothing of it has happened', async () => {
      const unit = new DeferredUnit(rig.database);
      await inRequest(unit, () => rig.database.transaction(async () => void (await insert('one'))));
      await expect(unit.commit(() => Promise.reject(new Vetoed()))).rejects.toBeInstanceOf(Vetoed);
      await unit.dispose();
      expect(await count()).toBe(0);
    });

    it('disposing gives the connection back, whatever state it is in', async () => {
      const unused = new DeferredUnit(rig.database);
      await unused.dispose();
      const used = new DeferredUnit(rig.database);
      await inRequest(used, () => rig.database.transaction(async () => void (await insert('one'))));
      await used.dispose();
      await used.dispose();
      expect(rig.database.pool.idleCount).toBe(rig.database.pool.totalCount);
      expect(await count()).toBe(0);
    });

    it('pieces that are started at the same time run one after the other on the one connection', async () => {
      const unit = new DeferredUnit(rig.database);
      const order: string[] = [];
      const piece = (name: string) =>
        rig.database.transaction(async () => {
          order.push(`${name} starts`);
          await insert(name);
          order.push(`${name} ends`);
        });
      await inRequest(unit, () => Promise.all([piece('a'), piece('b')]));
      await unit.commit(() => Promise.resolve());
      expect(order).toEqual(['a starts', 'a ends', 'b starts', 'b ends']);
      expect(await count()).toBe(2);
    });

    it('what is done independently of it is kept even when it is undone', async () => {
      const unit = new DeferredUnit(rig.database);
      await inRequest(unit, async () => {
        await rig.database.transaction(async () => void (await insert('undone')));
        await rig.database.independently(async () => void (await insert('kept')));
      });
      await unit.dispose();
      expect(await rig.asOwner('SELECT name FROM job_schedules')).toEqual([{ name: 'kept' }]);
    });
  });
});
