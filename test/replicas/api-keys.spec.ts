import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { Replica } from '../support/replica.js';
import { Replicas, WITH_OWNER } from '../support/replicas.js';

const LIMIT = 1_000;
const NOTIFIED_WITHIN_MS = 100;

let replicas: Replicas;
let operator: string;
let account: string;

beforeAll(async () => {
  replicas = await Replicas.start(WITH_OWNER);
  operator = await replicas.platformOwner();
  const made = await asOperator('POST', '/v1/admin/service-accounts', { name: 'machine' });
  account = made.id as string;
});
afterEach(() => expect(replicas.errors).toEqual([]));
afterAll(() => replicas.stop());

async function asOperator(
  method: string,
  path: string,
  body?: object,
  on = replicas.first,
): Promise<Record<string, unknown>> {
  const { appId, envId } = replicas.tenant.scope;
  const query = { app_id: appId, env_id: envId };
  const answer = await on.request(method, path, { token: operator, query, ...(body && { body }) });
  if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
  return answer.body;
}

async function makeKey(scopes: readonly string[], more: object = {}): Promise<{ id: string; key: string }> {
  const made = await asOperator('POST', `/v1/admin/service-accounts/${account}/api-keys`, {
    name: 'CI',
    scopes,
    ...more,
  });
  return { id: made.id as string, key: made.key as string };
}

const use = (replica: Replica, token: string): Promise<Answer> =>
  replica.get('/v1/admin/users', { token, query: { limit: '1' } });

/** At the beginning of a minute, so that a test within it sees one window. */
async function inOneMinute(forMs = 25_000): Promise<void> {
  const left = 60_000 - (Date.now() % 60_000);
  if (left < forMs) await new Promise((resolve) => setTimeout(resolve, left + 50));
}

describe('API keys over two replicas', () => {
  it('K26, R217: of 2,000 calls at once on both never more than the limit of 1,000 pass, and hardly fewer', async () => {
    const { key } = await makeKey(['read:users'], { limits: { per_minute: LIMIT } });
    await inOneMinute();
    const answers = await replicas.race(2 * LIMIT, (replica) => use(replica, key));
    const passed = answers.filter(({ status }) => status === 200).length;
    expect(answers.filter(({ status }) => status !== 200 && status !== 429)).toEqual([]);
    expect(passed).toBeLessThanOrEqual(LIMIT);
    expect(passed).toBeGreaterThanOrEqual(0.98 * LIMIT);
  }, 120_000);

  it('K26: of 10,000 calls at once on four processes never more than the limit of 1,000 pass, and hardly fewer', async () => {
    const { key } = await makeKey(['read:users'], { limits: { per_minute: LIMIT } });
    const more = await Promise.all([Replica.spawn(replicas.env), Replica.spawn(replicas.env)]);
    try {
      await Promise.all(more.map((replica) => replica.ready()));
      const four = [replicas.first, replicas.second, ...more];
      await inOneMinute(45_000);
      const calls = Array.from({ length: 10 * LIMIT }, (_, n) =>
        (four[n % 4] as Replica).get('/v1/keys/current', { token: key }),
      );
      const statuses = (await Promise.all(calls)).map(({ status }) => status);
      const passed = statuses.filter((status) => status === 200).length;
      expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([]);
      expect(passed).toBeLessThanOrEqual(LIMIT);
      expect(passed).toBeGreaterThanOrEqual(0.98 * LIMIT);
    } finally {
      await Promise.all(more.map((replica) => replica.stop()));
    }
  }, 180_000);

  it('K39: a replica that is told to stop writes every use that it has counted', async () => {
    const { id, key } = await makeKey(['read:users']);
    const calls = Array.from({ length: 200 }, () => use(replicas.first, key));
    expect((await Promise.all(calls)).filter(({ status }) => status === 200)).toHaveLength(200);
    await replicas.first.stop();
    const usage = await asOperator('GET', `/v1/keys/${id}/usage`, undefined, replicas.second);
    expect(usage).toMatchObject({ total: 200, accepted: 200 });
    await replicas.replaceFirst();
  }, 120_000);

  it('K30: a replica that stops gives back what it took; one that is killed never leads to more than the limit', async () => {
    const { key } = await makeKey(['read:users'], { limits: { per_minute: 100 } });
    await inOneMinute();
    expect((await use(replicas.first, key)).status).toBe(200);
    await replicas.first.stop();
    let passed = 1;
    for (let n = 0; n < 105; n += 1) if ((await use(replicas.second, key)).status === 200) passed += 1;
    expect(passed).toBe(100);
    await replicas.replaceFirst();
  }, 120_000);

  it('K13, K15: a key revoked during 10,000 calls on both replicas opens nothing 100 ms later, and stays revoked', async () => {
    const { id, key } = await makeKey(['read:users']);
    let sent = 0;
    let revokedAt = Infinity;
    const late: number[] = [];
    const seen = new Set<number>();
    const callers = Array.from({ length: 64 }, async (_, n) => {
      while (sent < 10_000) {
        sent += 1;
        const sentAt = performance.now();
        const { status } = await replicas.at(n).get('/v1/keys/current', { token: key });
        seen.add(status);
        if (status === 200 && sentAt > revokedAt + NOTIFIED_WITHIN_MS) late.push(sentAt - revokedAt);
      }
    });
    await eventually('the first 3,000 calls', () => sent > 3_000);
    await asOperator('DELETE', `/v1/keys/${id}`, undefined, replicas.second);
    revokedAt = performance.now();
    await Promise.all(callers);
    expect(late).toEqual([]);
    expect([...seen].sort()).toEqual([200, 401]);
    // What was counted of its use is written by then, and has taken nothing back.
    await replicas.first.stop();
    const shown = await asOperator('GET', `/v1/keys/${id}`, undefined, replicas.second);
    expect(shown).toMatchObject({ state: 'revoked', revoked: true, last_used_at: expect.any(String) });
    await replicas.replaceFirst();
  }, 120_000);
});
