import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { KeyUsageBuffer } from '../../../src/api-keys/usage/key-usage-buffer.js';
import { ServiceUnavailable } from '../../../src/kernel/errors/common-problems.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import { expectProblem } from '../../support/expect-problem.js';
import { TestApp } from '../../support/test-app.js';
import { Machines } from './machines.js';

const LEASE = 'api_key_windows.lease';

describe('usage and limits while the database does not answer', () => {
  let app: TestApp;
  let machines: Machines;

  beforeAll(async () => {
    app = await TestApp.start({ env: { AUTHSOME_ROW_POLICIES: 'false' } });
    machines = await Machines.open(app);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => app.close());

  const usageOf = async (id: string) => (await machines.must('GET', `/v1/keys/${id}/usage`)) as { total: number };

  it('K39: what cannot be written is kept; what was written in doubt counts once; a stop writes everything', async () => {
    const { id, rawKey } = await machines.key(['read:users']);
    const buffer = app.get(KeyUsageBuffer);
    const database = app.get(Database);
    const independently = database.independently.bind(database);
    jest.spyOn(database, 'independently').mockRejectedValue(new Error('the database is down'));
    for (let n = 0; n < 7; n += 1) expect((await machines.read(rawKey)).status).toBe(200);
    await buffer.drain();
    for (let n = 0; n < 4; n += 1) expect((await machines.read(rawKey)).status).toBe(200);
    let isLost = false;
    // The first answer is lost after the commit.
    jest.spyOn(database, 'independently').mockImplementation(async (work) => {
      const result = await independently(work);
      if (isLost) return result;
      isLost = true;
      throw new Error('the connection was cut after the commit');
    });
    await buffer.drain();
    jest.restoreAllMocks();
    for (let n = 0; n < 2; n += 1) expect((await machines.read(rawKey)).status).toBe(200);
    await buffer.stop();
    expect(await usageOf(id)).toMatchObject({ total: 13, accepted: 13 });
  });

  /** Whoever asks for a share of a limit is told that the database is away. */
  function withoutLeases(...apps: readonly TestApp[]): void {
    for (const one of apps) {
      const database = one.get(Database);
      const query = database.query.bind(database);
      jest.spyOn(database, 'query').mockImplementation((scope, statement, values) => {
        if (statement.name === LEASE) return Promise.reject(new ServiceUnavailable());
        return query(scope, statement, values);
      });
    }
  }

  const metric = async (of: TestApp, name: string): Promise<number> => {
    const { text } = await of.api.get('/metrics');
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  };

  it('K31: while nobody can count, a call with a limit is 503 and counted, one without a limit is not touched', async () => {
    const limited = await machines.key(['read:users'], { limits: { per_minute: 10 } });
    const free = await machines.key(['read:users']);
    withoutLeases(app);
    expectProblem(await machines.read(limited.rawKey), 503);
    expect((await machines.read(free.rawKey)).status).toBe(200);
    const { text } = await app.api.get('/metrics');
    expect(text).toContain('authsome_api_key_validations_total{outcome="limits_unavailable"} 1');
    jest.restoreAllMocks();
    expect((await machines.read(limited.rawKey)).status).toBe(200);
  });

  it('K31: replicas that know how many they are share a window out, and never more than the limit; what they let pass counts afterwards', async () => {
    const env = { AUTHSOME_KEYS_OFFLINE_REPLICAS: '2' };
    const replicas = [
      await TestApp.start({ database: app.database, env }),
      await TestApp.start({ database: app.database, env }),
    ] as const;
    try {
      const { rawKey } = await machines.key(['read:users'], { limits: { per_minute: 10 } });
      const read = (on: TestApp) => on.api.get('/v1/admin/users', { token: rawKey });
      // The first second of a window of its own.
      for (const one of [app, ...replicas]) one.clock.advance(180_000 - (one.clock.nowMs() % 60_000));
      withoutLeases(...replicas);
      const passed = async (on: TestApp): Promise<number> => {
        let count = 0;
        for (let n = 0; n < 8; n += 1) {
          const { status } = await read(on);
          expect([200, 429]).toContain(status);
          if (status === 200) count += 1;
        }
        return count;
      };
      expect([await passed(replicas[0]), await passed(replicas[1])]).toEqual([5, 5]);
      expect(await metric(replicas[0], 'authsome_api_key_offline_shares_total')).toBe(1);
      jest.restoreAllMocks();
      for (const one of replicas) one.clock.advance(1_000);
      expect([await passed(replicas[0]), await passed(replicas[1])]).toEqual([0, 0]);
    } finally {
      for (const one of replicas) await one.close();
    }
  });
});
