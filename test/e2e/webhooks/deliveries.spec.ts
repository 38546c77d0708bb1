import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { createHmac } from 'node:crypto';
import { TestApp } from '../../support/test-app.js';
import { answering, type Received } from '../../support/webhook-receiver.js';
import { expectProblem } from '../../support/expect-problem.js';
import { type Hook, HookedApp } from './hooked-app.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Small ones first: together more than all the waits between the attempts, and less than five days. */
const STEPS = [
  [15, MINUTE_MS],
  [6, 10 * MINUTE_MS],
  [96, HOUR_MS],
] as const;

/** The verifiers read the process's clock. */
async function at<T>(app: TestApp, work: () => T): Promise<T> {
  const now = jest.spyOn(Date, 'now').mockReturnValue(app.clock.nowMs());
  const time = jest.useFakeTimers({ now: app.clock.nowMs(), doNotFake: ['nextTick', 'setImmediate', 'setTimeout'] });
  try {
    return await Promise.resolve(work());
  } finally {
    time.useRealTimers();
    now.mockRestore();
  }
}

const accepted = (app: TestApp, secret: string, { body, headers }: Received): Promise<boolean> =>
  at(app, () => {
    try {
      new StandardWebhook(secret).verify(body, headers);
      new SvixWebhook(secret).verify(body, headers);
      return true;
    } catch {
      return false;
    }
  });

describe('deliveries', () => {
  let on: HookedApp;
  let hook: Hook;

  beforeAll(async () => {
    on = await HookedApp.start();
  });
  beforeEach(async () => {
    await on.renew();
    hook = await on.hook({ events: ['user.*'] });
  });
  afterAll(() => on.close());

  const failures = async (): Promise<Record<string, unknown>[]> => on.deliveries(hook.id, { state: 'failed' });
  const webhook = async () => (await on.ask('GET', `/v1/webhooks/${hook.id}`)).body;
  /** Moves on, and does what is due then. */
  const later = async (ms: number): Promise<void> => {
    on.app.clock.advance(ms);
    await on.app.deliver();
  };

  it('tell what happened, once, with the resource as the API shows it', async () => {
    const person = await on.app.api.signUp(on.tenant);
    await on.app.deliver();
    await on.app.deliver();
    const { body: me } = await on.app.api.get('/v1/me', { token: person.token });
    expect(on.receiver.of('user.created')).toHaveLength(1);
    expect(on.receiver.last.event).toEqual({
      id: expect.stringMatching(/^aevt_/),
      event: 'user.created',
      app_id: on.tenant.scope.appId,
      env_id: on.tenant.scope.envId,
      occurred_at: on.app.clock.now().toISOString(),
      sequence: expect.any(Number),
      data: { user_id: person.userId, email: person.email, user: expect.objectContaining({ id: person.userId }) },
    });
    const { user } = on.receiver.last.event.data as { user: Record<string, unknown> };
    for (const [name, value] of Object.entries(user)) expect([name, value]).toEqual([name, me[name]]);
  });

  it('R226: are accepted by independent verifiers, and no longer once a byte, the id or the time is another', async () => {
    await on.app.api.signUp(on.tenant);
    await on.app.deliver();
    const { last } = on.receiver;
    expect(await accepted(on.app, hook.secret, last)).toBe(true);
    const forged: Received[] = [
      { ...last, body: last.body.replace('user.created', 'user.deleted') },
      { ...last, headers: { ...last.headers, 'webhook-id': 'aevt_other' } },
      {
        ...last,
        headers: { ...last.headers, 'webhook-timestamp': String(Number(last.headers['webhook-timestamp']) + 1) },
      },
    ];
    for (const one of forged) expect(await accepted(on.app, hook.secret, one)).toBe(false);
    const [, timestamp, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(last.headers['x-authsome-signature'] ?? '') ?? [];
    expect(
      createHmac('sha256', hook.secret)
        .update(`${timestamp ?? ''}.${last.body}`)
        .digest('hex'),
    ).toBe(mac);
  });

  it('R227: a receiver that fails twice gets the same id and body, signed anew, after longer and longer', async () => {
    on.receiver.behaviour = answering(500);
    await on.app.api.signUp(on.tenant);
    await on.app.deliver();
    await later(4_000 * 0.9);
    expect(on.receiver.received).toHaveLength(1);
    await later(3_000);
    expect(on.receiver.received).toHaveLength(2);
    on.receiver.behaviour = answering(200);
    await later(MINUTE_MS);
    const tries = on.receiver.received;
    expect(tries).toHaveLength(3);
    expect(new Set(tries.map(({ body }) => body)).size).toBe(1);
    expect(new Set(tries.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(tries.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3);
    expect(new Set(tries.map(({ headers }) => headers['webhook-signature'])).size).toBe(3);
    expect(await accepted(on.app, hook.secret, on.receiver.last)).toBe(true);
    const [delivery] = await on.deliveries(hook.id);
    expect(delivery).toMatchObject({
      state: 'delivered',
      attempts: [{ status: 500 }, { status: 500 }, { status: 200 }],
    });
    await later(DAY_MS);
    expect(on.receiver.received).toHaveLength(3);
  });

  it('R228: while a rotation runs both secrets sign, afterwards only the new one', async () => {
    const { body } = await on.ask('POST', `/v1/webhooks/${hook.id}/rotate-secret`, { overlap_seconds: 3_600 });
    const next = body.secret as string;
    await on.app.api.signUp(on.tenant);
    await on.app.deliver();
    expect(await accepted(on.app, hook.secret, on.receiver.last)).toBe(true);
    expect(await accepted(on.app, next, on.receiver.last)).toBe(true);
    await later(HOUR_MS);
    await on.app.api.signUp(on.tenant);
    await on.app.deliver();
    expect(await accepted(on.app, hook.secret, on.receiver.last)).toBe(false);
    expect(await accepted(on.app, next, on.receiver.last)).toBe(true);
  });

  it('R231: what is refused is not told', async () => {
    const person = await on.app.api.signUp(on.tenant);
    await on.app.api.post('/v1/signup', { tenant: on.tenant, body: { email: person.email, password: 'x' } });
    await on.app.deliver();
    expect(on.receiver.of('user.created')).toHaveLength(1);
  });

  it('R233: only what was asked for is told', async () => {
    const person = await on.app.api.signUp(on.tenant);
    await on.app.api.post('/v1/orgs', { token: person.token, body: { name: 'Engines' } });
    await on.app.deliver();
    expect(on.receiver.names.filter((name) => !name.startsWith('user.'))).toEqual([]);
    expect(on.receiver.names).toContain('user.created');
  });

  it('R234: a receiver that is gone is switched off at once, and whoever looks after it is told', async () => {
    const contact = 'hooks@acme.test';
    await on.ask('PATCH', `/v1/webhooks/${hook.id}`, { contact_email: contact });
    on.receiver.behaviour = answering(410);
    await on.app.api.signUp(on.tenant);
    await on.app.deliver();
    expect(await webhook()).toMatchObject({ active: false, disabled_reason: 'gone' });
    await on.app.deliver();
    expect(on.app.mailer.last(contact, 'webhook_disabled').text).toContain('410');
    on.receiver.behaviour = answering(200);
    await on.app.api.signUp(on.tenant);
    await later(DAY_MS);
    expect(on.receiver.received).toHaveLength(1);
  });

  it.each([429, 503])('R234: with %d and Retry-After the next try waits that long', async (status) => {
    on.receiver.behaviour = answering(status, { 'retry-after': '600' });
    await on.app.api.signUp(on.tenant);
    await on.app.deliver();
    on.receiver.behaviour = answering(200);
    await later(590_000);
    expect(on.receiver.received).toHaveLength(1);
    await later(11_000);
    expect(on.receiver.received).toHaveLength(2);
  });

  it('R237: a receiver that has failed for days is switched off, and its dead letters can be sent again', async () => {
    on.receiver.behaviour = answering(500);
    const first = await on.app.api.signUp(on.tenant);
    for (const [times, ms] of STEPS) for (let step = 0; step < times; step += 1) await later(ms);
    expect(await failures()).toMatchObject([{ event: 'user.created', state: 'failed' }]);
    expect((await failures())[0]?.attempts).toHaveLength(12);
    for (let day = 0; day < 3; day += 1) {
      await on.app.api.signUp(on.tenant);
      await later(DAY_MS);
    }
    expect(await webhook()).toMatchObject({
      active: false,
      disabled_reason: 'failing',
    });
    on.receiver.received.length = 0;
    on.receiver.behaviour = answering(200);
    await on.ask('PATCH', `/v1/webhooks/${hook.id}`, { active: true });
    const resent = await on.ask('POST', `/v1/webhooks/${hook.id}/deliveries/resend-failed`);
    expect(resent.body.resent).toBeGreaterThan(0);
    await later(DAY_MS);
    expect(on.receiver.received.map(({ event }) => event.data.user_id)).toContain(first.userId);
  });

  it('what waited while a webhook was off is sent once it is on, and what happened meanwhile by a replay', async () => {
    on.receiver.behaviour = answering(500);
    const first = await on.app.api.signUp(on.tenant);
    await on.app.deliver();
    await on.ask('PATCH', `/v1/webhooks/${hook.id}`, { active: false });
    on.receiver.behaviour = answering(200);
    const second = await on.app.api.signUp(on.tenant);
    await later(MINUTE_MS);
    expect(on.receiver.received).toHaveLength(1);
    expectProblem(await on.ask('POST', `/v1/webhooks/${hook.id}/replay`, { from: '2030-01-01T00:00:00Z' }), 409);
    await on.ask('PATCH', `/v1/webhooks/${hook.id}`, { active: true });
    await on.app.deliver();
    const told = () => on.receiver.received.slice(1).map(({ event }) => event.data.user_id);
    expect(told()).toEqual([first.userId]);
    const replay = await on.ask('POST', `/v1/webhooks/${hook.id}/replay`, { from: '2030-01-01T00:00:00Z' });
    expect(replay.status).toBe(202);
    await on.app.deliver();
    expect(told().sort()).toEqual([first.userId, first.userId, second.userId].sort());
    const ids = on.receiver.received.map(({ event }) => event.id);
    expect(new Set(ids).size).toBe(2);
    expect(await on.deliveries(hook.id)).toContainEqual(
      expect.objectContaining({ replay_id: replay.body.replay_id, state: 'delivered' }),
    );
  });

  it('one can be sent again by hand, whatever became of it', async () => {
    await on.app.api.signUp(on.tenant);
    await on.app.deliver();
    const [{ id } = { id: '' }] = (await on.deliveries(hook.id)) as { id: string }[];
    const resent = await on.ask('POST', `/v1/webhooks/${hook.id}/deliveries/${id}/resend`);
    expect(resent.body).toMatchObject({ id, state: 'waiting' });
    await on.app.deliver();
    expect(on.receiver.received).toHaveLength(2);
    const read = await on.ask('GET', `/v1/webhooks/${hook.id}/deliveries/${id}`);
    expect(read.body).toMatchObject({ state: 'delivered', attempts: [{ status: 204 }, { status: 204 }] });
  });

  it('a test shows at once what a receiver makes of it', async () => {
    on.receiver.behaviour = (response) => response.writeHead(422).end('no such tenant');
    const path = `/v1/webhooks/${hook.id}/test`;
    const { body } = await on.ask('POST', path, { event: 'org.created' });
    expect(body).toMatchObject({ status: 422, response: 'no such tenant', latency_ms: expect.any(Number) });
    expect(on.receiver.last.event).toMatchObject({ event: 'org.created', data: { org_slug: 'analytical-engines' } });
    expect(await accepted(on.app, hook.secret, on.receiver.last)).toBe(true);
    await on.ask('POST', path);
    expect(on.receiver.last.event.event).toBe('webhook.test');
    expectProblem(await on.ask('POST', path, { event: 'user.creatd' }), 422, 'unknown_event');
    expect(await on.deliveries(hook.id)).toEqual([]);
  });

  it('carry the headers of the receiver’s own', async () => {
    await on.ask('PATCH', `/v1/webhooks/${hook.id}`, { headers: { Authorization: 'Bearer of-the-receiver' } });
    await on.app.api.signUp(on.tenant);
    await on.app.deliver();
    expect(on.receiver.last.headers.authorization).toBe('Bearer of-the-receiver');
  });

  it('the events of one subject come in the order they happened', async () => {
    const person = await on.app.api.signUp(on.tenant);
    for (let change = 0; change < 12; change += 1) {
      await on.app.api.patch('/v1/me', { token: person.token, body: { first_name: `Ada ${change}` } });
    }
    await on.app.deliver();
    const sequences = on.receiver.received.map(({ event }) => event.sequence);
    expect(sequences).toHaveLength(13);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
  });

  it('many endpoints have their turns: more than are served at once', async () => {
    for (let more = 0; more < 40; more += 1) await on.hook({ events: ['user.created'] });
    await on.app.api.signUp(on.tenant);
    await on.app.deliver();
    expect(on.receiver.of('user.created')).toHaveLength(41);
  });

  it('R296: of a person who is erased nothing is told any more but the id', async () => {
    on.receiver.behaviour = answering(500);
    const person = await on.app.api.signUp(on.tenant);
    await on.app.deliver();
    const erased = await on.app.api.delete('/v1/me', {
      token: person.token,
      body: { password: person.password, confirmation: 'DELETE' },
    });
    expect(erased.status).toBe(200);
    on.receiver.received.length = 0;
    on.receiver.behaviour = answering(200);
    await later(MINUTE_MS);
    expect(on.receiver.received.length).toBeGreaterThan(0);
    for (const { body } of on.receiver.received) expect(body).not.toContain(person.email);
    expect(on.receiver.of('user.created')[0]?.event.data).toEqual({ user_id: person.userId });
  });

  it('are kept as long as events are, and no longer', async () => {
    await on.app.api.signUp(on.tenant);
    await on.app.deliver();
    await later(400 * DAY_MS);
    await later(2 * HOUR_MS);
    const left = await on.app.dataSource.query<{ count: string }[]>(
      'SELECT (SELECT count(*) FROM webhook_deliveries) + (SELECT count(*) FROM webhook_messages) AS count',
    );
    expect(left[0]?.count).toBe('0');
  });
});
