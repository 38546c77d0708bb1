import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, uniqueEmail } from '../support/api-client.js';
import type { Replica } from '../support/replica.js';
import { Replicas, WITH_OWNER } from '../support/replicas.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const KILLED_AFTER = 100;
const CLIENTS = 8;
const LEASE_MS = 5_000;

describe('webhooks of a service whose worker is killed', () => {
  let replicas: Replicas;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.open();
    receiver.behaviour = (response) => void setTimeout(() => response.writeHead(204).end(), 20);
    replicas = await Replicas.start({
      ...WITH_OWNER,
      AUTHSOME_MAIL_DRIVER: 'log',
      AUTHSOME_OUTBOUND_ALLOW: receiver.address,
      AUTHSOME_WORKER_LEASE: `${LEASE_MS / 1_000}s`,
    });
  });
  afterAll(async () => {
    await replicas.stop();
    await receiver.close();
  });

  it('F01, F08, F18: each acknowledged sign-up is one fact, told at least once, under one id, when the lease is over at the latest', async () => {
    const { appId, envId } = replicas.tenant.scope;
    const token = await replicas.platformOwner();
    const registered = await replicas.second.post('/v1/webhooks', {
      token,
      query: { app_id: appId },
      headers: { 'x-authsome-environment': envId },
      body: { url: receiver.url, events: ['user.created'] },
    });
    expect(registered.status).toBe(201);

    const acknowledged: string[] = [];
    let killed = false;
    const signUp = async (replica: Replica): Promise<void> => {
      const body = { email: uniqueEmail(), password: PASSWORD };
      const answer = await replica.post('/v1/signup', { tenant: replicas.tenant, body });
      if (answer.status !== 201) throw new Error(`sign-up answered ${answer.status}: ${answer.text}`);
      acknowledged.push((answer.body.user as { id: string }).id);
      if (acknowledged.length === KILLED_AFTER) {
        killed = true;
        replicas.first.signal('SIGKILL');
      }
    };
    const client = async (_: unknown, index: number): Promise<void> => {
      while (!killed) {
        try {
          await signUp(replicas.at(index));
        } catch (error) {
          // Only what was on its way to the killed one may fail.
          if (!killed || index % 2 === 1 || (error as Error).message.startsWith('sign-up')) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    await replicas.first.kill();

    const told = (): Set<unknown> => new Set(receiver.received.map(({ event }) => event.data.user_id));
    await receiver.waitFor(
      'every acknowledged sign-up at the receiver',
      () => acknowledged.every((id) => told().has(id)),
      LEASE_MS + 30_000,
    );
    const idsOf = (user: string): Set<string> =>
      new Set(receiver.received.filter(({ event }) => event.data.user_id === user).map(({ event }) => event.id));
    for (const user of acknowledged) expect(idsOf(user).size).toBe(1);
    const facts = await replicas.view.query<{ subject: string; count: string }>(
      "SELECT subject_id AS subject, count(*) FROM outbox WHERE name = 'user.created' AND env_id = $1 GROUP BY subject_id",
      [envId],
    );
    expect(facts.filter(({ count }) => count !== '1')).toEqual([]);
    expect(facts.length).toBeGreaterThanOrEqual(acknowledged.length);
  });
});
