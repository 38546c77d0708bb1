import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SYSTEM } from '../../../src/kernel/context/scope.js';
import { RateLimits } from '../../../src/kernel/limits/rate-limits.js';
import { statement } from '../../../src/kernel/persistence/statement.js';
import { KernelRig } from './kernel-rig.js';

const MINUTE_MS = 60_000;
const TEN = { name: 'test', count: 10, windowMs: MINUTE_MS };

const PING = statement('test.ping', 'SELECT 1');

describe('rate limits', () => {
  let rig: KernelRig;
  let other: KernelRig;
  let limits: RateLimits;
  let elsewhere: RateLimits;

  beforeAll(async () => {
    rig = await KernelRig.start();
    other = await rig.replica();
    limits = new RateLimits(rig.database, rig.clock);
    elsewhere = new RateLimits(other.database, other.clock);
  });
  afterAll(async () => {
    await other.stop();
    await rig.stop();
  });
  beforeEach(() => rig.asOwner('TRUNCATE rate_limits'));

  const takeMany = async (count: number, from: RateLimits = limits, key = 'a'): Promise<boolean[]> => {
    const taken: boolean[] = [];
    for (let index = 0; index < count; index += 1) taken.push((await from.take(TEN, key)).allowed);
    return taken;
  };
  const allowed = (taken: boolean[]): number => taken.filter(Boolean).length;

  it('R158: replicas share one count', async () => {
    expect(allowed([...(await takeMany(6)), ...(await takeMany(6, elsewhere))])).toBe(10);
  });

  it('R157: a hundred calls at once over two replicas pass the limit exactly as often as it says', async () => {
    const states = await Promise.all(
      Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? limits : elsewhere).take(TEN, 'a')),
    );
    expect(allowed(states.map((state) => state.allowed))).toBe(10);
  });

  it('R161: the window ends when it was said to, however many calls were refused in it', async () => {
    await takeMany(10);
    rig.clock.advance(MINUTE_MS / 2);
    expect(await takeMany(20)).not.toContain(true);
    rig.clock.advance(MINUTE_MS / 2 - 1);
    const last = await limits.take(TEN, 'a');
    expect(last).toMatchObject({ allowed: false, remaining: 0, resetMs: 1 });
    rig.clock.advance(1);
    expect(allowed(await takeMany(12))).toBe(10);
  });

  it('R161: a new window is as long as the first', async () => {
    await takeMany(10);
    rig.clock.advance(MINUTE_MS);
    expect(await limits.take(TEN, 'a')).toMatchObject({ allowed: true, remaining: 9, resetMs: MINUTE_MS });
  });

  it('keys and policies are counted apart', async () => {
    await takeMany(10);
    expect((await limits.take(TEN, 'b')).allowed).toBe(true);
    expect((await limits.take({ ...TEN, name: 'another' }, 'a')).allowed).toBe(true);
    expect((await limits.take(TEN, 'a')).allowed).toBe(false);
  });

  it('says what is left and when to come back', async () => {
    expect(await limits.take(TEN, 'a')).toMatchObject({ remaining: 9, resetMs: MINUTE_MS });
    await takeMany(9);
    rig.clock.advance(MINUTE_MS - 500);
    await expect(limits.require(TEN, 'a')).rejects.toMatchObject({ code: 'rate_limited', extras: { retry_after: 1 } });
  });

  it('what is counted inside a request that fails stays counted', async () => {
    await expect(
      rig.database.transaction(async () => {
        await limits.take(TEN, 'a');
        throw new Error('the request fails');
      }),
    ).rejects.toThrow();
    expect(await limits.take(TEN, 'a')).toMatchObject({ remaining: 8 });
  });

  it('a reset forgets one key, a purge forgets what is over', async () => {
    await takeMany(10, limits, 'a');
    await takeMany(10, limits, 'b');
    await limits.reset(TEN, 'a');
    expect((await limits.take(TEN, 'a')).allowed).toBe(true);
    expect((await limits.take(TEN, 'b')).allowed).toBe(false);
    rig.clock.advance(MINUTE_MS);
    expect(await limits.purge()).toBe(2);
    expect(await rig.asOwner('SELECT key FROM rate_limits')).toEqual([]);
  });

  it('R169: while the store is away a stricter limit of the process’s own applies: neither none nor nobody', async () => {
    const lost = await rig.replica();
    const alone = new RateLimits(lost.database, lost.clock);
    await takeMany(3, alone);
    await lost.database.pool.end();
    await expect(lost.database.query(SYSTEM, PING, [])).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(allowed(await takeMany(20, alone))).toBe(2);
    expect(allowed(await takeMany(20, alone, 'b'))).toBe(2);
    rig.clock.advance(MINUTE_MS);
    expect(allowed(await takeMany(20, alone))).toBe(2);
    // The smallest limit still lets one through.
    const one = { ...TEN, name: 'one', count: 1 };
    expect([(await alone.take(one, 'a')).allowed, (await alone.take(one, 'a')).allowed]).toEqual([true, false]);
  });

  it('a failure that is not the store’s absence is not answered with a guess', async () => {
    await expect(limits.take(TEN, 'a\0b')).rejects.toMatchObject({ code: '22021' });
  });
});
