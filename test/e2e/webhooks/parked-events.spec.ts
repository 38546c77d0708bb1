import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventRelay } from '../../../src/kernel/events/event-relay.js';
import { expectProblem } from '../../support/expect-problem.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const MINUTE_MS = 60_000;

describe('F21: events that a consumer cannot take', () => {
  let app: TestApp;
  let tenant: TestTenant;
  const taken: string[] = [];
  let refuses = true;

  beforeAll(async () => {
    app = await TestApp.start();
    tenant = await app.createTenant();
    const relay = app.get(EventRelay);
    relay.consume({
      name: 'choosy',
      events: ['user.created'],
      apply: (facts) => {
        if (refuses) return Promise.reject(new Error('cannot take that'));
        return Promise.resolve(void taken.push(...facts.map(({ subjectId }) => subjectId)));
      },
    });
    await relay.prepare();
  });
  afterAll(() => app.close());

  it('are shown to platform owners with the reason, and taken once the cause is mended', async () => {
    const { userId } = await app.api.signUp(tenant);
    for (let round = 0; round < 8; round += 1) {
      await app.drain();
      app.clock.advance(MINUTE_MS);
    }
    const token = await app.platformOwner();
    const list = await app.api.get('/v1/admin/parked-events', { token });
    const [parked] = list.body.parked_events as Record<string, unknown>[];
    expect(parked).toMatchObject({
      consumer: 'choosy',
      event: 'user.created',
      app_id: tenant.scope.appId,
      env_id: tenant.scope.envId,
      reason: 'Error: cannot take that',
    });
    const retry = `/v1/admin/parked-events/choosy/${String(parked?.event_id)}/retry`;
    expectProblem(await app.api.post(retry, { token }), 409, 'parked_event_refused');
    expect((await app.api.get('/v1/admin/parked-events', { token })).body.parked_events).toHaveLength(1);

    refuses = false;
    expect((await app.api.post(retry, { token })).status).toBe(200);
    expect(taken).toEqual([userId]);
    expect((await app.api.get('/v1/admin/parked-events', { token })).body.parked_events).toEqual([]);
    expectProblem(await app.api.post(retry, { token }), 404, 'parked_event_not_found');
  });

  it('are nobody else’s business', async () => {
    const token = await app.operatorOf(tenant.scope.appId);
    expectProblem(await app.api.get('/v1/admin/parked-events', { token }), 403);
    expectProblem(await app.api.get('/v1/admin/parked-events', { token: (await app.api.signUp(tenant)).token }), 403);
    expectProblem(await app.api.get('/v1/admin/parked-events'), 401);
  });
});
