import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const DAY_MS = 86_400_000;

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

const query = (more: Record<string, string> = {}) => ({ app_id: tenant.scope.appId, ...more });
async function current(more: Record<string, string> = {}) {
  await app.drain();
  const token = await app.operatorOf(tenant.scope.appId);
  return (await app.api.get('/v1/admin/stats', { token, query: query(more) })).body;
}

describe('statistics', () => {
  it('follow what happened: users, sign-ups, sign-ins, failures and active people, by environment', async () => {
    const ada = await app.api.signUp(tenant);
    const bob = await app.api.signUp(tenant);
    await app.api.signIn(tenant, ada);
    await app.api.signIn(tenant, ada);
    const wrong = { email: bob.email, password: 'not the password' };
    await app.api.post('/v1/signin', { tenant, body: wrong });
    expect(await current()).toEqual({
      total_users: 2,
      environments: [
        {
          env_id: tenant.scope.envId,
          total_users: 2,
          active_users: { day: 2, week: 2, month: 2 },
          sign_ups: 2,
          sign_ins: 2,
          sign_in_failures: 1,
        },
      ],
    });
    const staging = await app.environmentOf(tenant.scope.appId, 'staging');
    expect(await current({ env_id: staging.scope.envId })).toEqual({ total_users: 0, environments: [] });
  });

  it('do not count again what has been counted, and start each day, week and month anew', async () => {
    const ada = await app.api.signUp(tenant);
    const before = await current();
    expect(await current()).toEqual(before);
    app.clock.advance(DAY_MS);
    await app.api.signIn(tenant, ada);
    const [today] = (await current()).environments as Record<string, unknown>[];
    expect(today).toMatchObject({ active_users: { day: 1, week: 3, month: 3 }, sign_ups: 0, sign_ins: 1 });
    const points = await app.api.get('/v1/admin/stats/series', {
      token: await app.operatorOf(tenant.scope.appId),
      query: query({ metrics: 'sign_ups,active_day' }),
    });
    expect(
      (points.body.points as { day: string; metric: string; value: number }[]).map(
        ({ day, metric, value }) => `${day} ${metric} ${value}`,
      ),
    ).toEqual(['2030-01-15 active_day 3', '2030-01-15 sign_ups 3', '2030-01-16 active_day 1']);
  });

  it('lose an erased person from the total', async () => {
    const operator = await app.operatorOf(tenant.scope.appId);
    const read = async () => {
      await app.drain();
      return (await app.api.get('/v1/admin/stats', { token: operator, query: query() })).body.total_users as number;
    };
    const eve = await app.api.signUp(tenant);
    const with_eve = await read();
    expect((await app.api.delete('/v1/me', { token: eve.token })).status).toBe(200);
    expect(await read()).toBe(with_eve - 1);
  });

  it('refuse a range that is no range', async () => {
    const operator = await app.operatorOf(tenant.scope.appId);
    for (const range of [
      { from: '2030-02-01', to: '2030-01-01' },
      { from: '2020-01-01', to: '2030-01-01' },
      { from: 'yesterday' },
      { metrics: 'everything' },
    ]) {
      const options = { token: operator, query: query(range as unknown as Record<string, string>) };
      expectProblem(await app.api.get('/v1/admin/stats/series', options), 400, 'validation_failed');
    }
  });
});
