import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { expectProblem } from '../../support/expect-problem.js';
import { uniqueEmail } from '../../support/api-client.js';
import { TestApp } from '../../support/test-app.js';
import { Machines } from './machines.js';

const DAY_MS = 86_400_000;

describe('limits of API keys', () => {
  let app: TestApp;
  let machines: Machines;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    machines = await Machines.open(app);
    // The first second of a minute of its own.
    app.clock.advance(120_000 - (app.clock.nowMs() % 60_000));
  });

  const calls = async (rawKey: string, count: number): Promise<number> => {
    let passed = 0;
    for (let n = 0; n < count; n += 1) if ((await machines.read(rawKey)).status === 200) passed += 1;
    return passed;
  };

  it('K25: sixty a minute are sixty, counted down, and the next one is told when to come back', async () => {
    const { rawKey } = await machines.key(['read:users'], { limits: { per_minute: 60 } });
    for (let left = 59; left >= 0; left -= 1) {
      const answer = await machines.read(rawKey);
      expect([answer.status, answer.headers['ratelimit-limit'], answer.headers['ratelimit-remaining']]).toEqual([
        200,
        '60',
        String(left),
      ]);
    }
    const refused = await machines.read(rawKey);
    expectProblem(refused, 429, 'rate_limited');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
  });

  it('K27: the minute slides: what was used at its end is not there again at once', async () => {
    const { rawKey } = await machines.key(['read:users'], { limits: { per_minute: 20 } });
    app.clock.advance(59_000);
    expect(await calls(rawKey, 21)).toBe(20);
    app.clock.advance(2_000);
    expect(await calls(rawKey, 5)).toBeLessThanOrEqual(1);
    app.clock.advance(58_000);
    app.clock.advance(60_000);
    expect(await calls(rawKey, 20)).toBe(20);
  });

  it('K28: a day ends at midnight UTC, and the tighter of two limits wins and takes nothing from the other', async () => {
    app.clock.advance(DAY_MS - (app.clock.nowMs() % DAY_MS) + 60_000);
    const { rawKey } = await machines.key(['read:users'], { limits: { per_minute: 2, per_day: 5 } });
    expect(await calls(rawKey, 4)).toBe(2);
    app.clock.advance(120_000);
    expect(await calls(rawKey, 4)).toBe(2);
    app.clock.advance(120_000);
    expect(await calls(rawKey, 4)).toBe(1);
    app.clock.advance(DAY_MS - (app.clock.nowMs() % DAY_MS));
    expect(await calls(rawKey, 4)).toBe(2);
  });

  it('K29: what is refused takes nothing', async () => {
    const { rawKey } = await machines.key(['read:users'], { limits: { per_minute: 3 } });
    for (let n = 0; n < 5; n += 1)
      expectProblem(await machines.write(rawKey, uniqueEmail()), 403, 'insufficient_scope');
    expect(await calls(rawKey, 4)).toBe(3);
  });

  it('K30: what a replica has taken and not used, it gives back', async () => {
    const { rawKey } = await machines.key(['read:users'], { limits: { per_minute: 10 } });
    expect(await calls(rawKey, 4)).toBe(4);
    await app.deliver();
    expect(await calls(rawKey, 10)).toBe(6);
  });

  it('custom windows count beside the others', async () => {
    const { rawKey } = await machines.key(['read:users'], {
      limits: { custom: [{ name: 'burst', limit: 2, seconds: 10 }] },
    });
    expect(await calls(rawKey, 3)).toBe(2);
    app.clock.advance(20_000);
    expect(await calls(rawKey, 3)).toBe(2);
  });

  it.each(['minute', 'day'])('a custom window is not called %s: the service counts its own so', async (name) => {
    const limits = { custom: [{ name, limit: 2, seconds: 10 }] };
    const refused = await machines.asOperator('POST', `${machines.accountPath}/api-keys`, { name: 'CI', limits });
    expectProblem(refused, 400, 'validation_failed');
  });

  it('K32, R218: credits 10 at 3 a call are three calls; a refill sets the balance and does not add to it', async () => {
    const checker = await machines.key(['verify:keys']);
    const credits = { remaining: 10, refill: { interval: 'daily', amount: 6 } };
    const { id, rawKey } = await machines.key([], { credits });
    const verify = () => app.api.post('/v1/keys/verify', { token: checker.rawKey, body: { key: rawKey, cost: 3 } });
    const answers = [await verify(), await verify(), await verify()];
    expect(answers.map(({ body }) => body.credits_remaining)).toEqual([7, 4, 1]);
    expect((await verify()).body).toMatchObject({ valid: false, code: 'credits_exhausted' });
    expect(await machines.must('GET', `/v1/keys/${id}`)).toMatchObject({ credits: { remaining: 1 } });
    app.clock.advance(DAY_MS);
    expect((await verify()).body).toMatchObject({ valid: true, credits_remaining: 3 });
  });
});
