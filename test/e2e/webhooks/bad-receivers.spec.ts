import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { answering, type Behaviour } from '../../support/webhook-receiver.js';
import { type Hook, HookedApp } from './hooked-app.js';

const hangs: Behaviour = () => undefined;
const drips: Behaviour = (response) => {
  response.writeHead(200);
  const drip = setInterval(() => response.write('.'), 200);
  response.on('close', () => clearInterval(drip));
};
const floods: Behaviour = (response) => void response.writeHead(200).end(Buffer.alloc(10_000_000, 'x'));
const cuts: Behaviour = (response) => void response.socket?.destroy();

/** R224: a place behind a redirect, which nobody may be led to. */
async function innerHost(): Promise<{ readonly server: Server; readonly url: string; readonly calls: () => number }> {
  let calls = 0;
  const server = createServer(() => (calls += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, calls: () => calls };
}

describe('F08, R230: receivers that behave badly', () => {
  let on: HookedApp;

  beforeAll(async () => {
    on = await HookedApp.start(7, { AUTHSOME_WORKER_ENABLED: 'true' });
  });
  afterAll(() => on.close());

  it('hold up neither a good one nor the service; what came of each is on record', async () => {
    const inner = await innerHost();
    const behaviours = [
      answering(204),
      hangs,
      drips,
      floods,
      cuts,
      answering(500),
      answering(302, { location: inner.url }),
    ];
    const hooks: Hook[] = [];
    for (const [index, behaviour] of behaviours.entries()) {
      const receiver = on.receivers[index];
      if (receiver === undefined) throw new Error('too few receivers');
      receiver.behaviour = behaviour;
      hooks.push(await on.hook({ events: ['user.created'] }, receiver));
    }
    await Promise.all(Array.from({ length: 25 }, () => on.app.api.signUp(on.tenant)));
    await on.receiver.waitFor('every event at the good receiver', ({ length }) => length === 25, 30_000);

    const of = (index: number) => on.deliveries(hooks[index]?.id ?? '', { limit: '100' });
    /** One that was tried. */
    const first = async (index: number) =>
      (await of(index)).find(({ attempts }) => (attempts as unknown[]).length > 0) ?? {};
    await eventually(
      'an attempt at every receiver',
      async () => {
        const tried = await Promise.all(hooks.map((_, index) => first(index)));
        return tried.every((delivery) => 'id' in delivery);
      },
      40_000,
    );
    expect(await first(0)).toMatchObject({ state: 'delivered', attempts: [{ status: 204 }] });
    expect(await first(1)).toMatchObject({ state: 'waiting', attempts: [{ error: expect.stringMatching(/within/) }] });
    expect(await first(2)).toMatchObject({ state: 'waiting', attempts: [{ error: expect.stringMatching(/within/) }] });
    // Taken, whatever else it said; of that only the beginning is kept (R235, R237).
    expect(await first(3)).toMatchObject({ state: 'delivered', attempts: [{ response: 'x'.repeat(1_000) }] });
    expect(await first(4)).toMatchObject({
      state: 'waiting',
      attempts: [{ error: expect.stringMatching(/no answer/) }],
    });
    expect(await first(5)).toMatchObject({ state: 'waiting', attempts: [{ status: 500 }] });
    expect(await first(6)).toMatchObject({
      state: 'waiting',
      attempts: [{ error: expect.stringMatching(/redirect/) }],
    });
    expect(inner.calls()).toBe(0);
    inner.server.close();
  }, 120_000);
});
