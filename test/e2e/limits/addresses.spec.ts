import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ServiceUnavailable } from '../../../src/kernel/errors/common-problems.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import { type Answer, type RequestOptions, uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const MINUTE_MS = 60_000;
const PROXY = '10.0.0.1';

const env = {
  AUTHSOME_LIMIT_SIGNIN_PER_IP: '4/1m',
  AUTHSOME_LIMIT_SIGNUP_PER_IP: '4/1m',
  AUTHSOME_LIMIT_PUBLIC_READ_PER_IP: '4/1m',
  AUTHSOME_LIMIT_REFRESH_PER_IP: '8/1m',
  AUTHSOME_LOCKOUT_FAILURES: '100000/1m',
  AUTHSOME_TRUSTED_PROXIES: `${PROXY}, fd00::/8`,
};

let app: TestApp;
let replica: TestApp;
let tenant: TestTenant;
let next = 1;

beforeAll(async () => {
  app = await TestApp.start({ env });
  replica = await TestApp.start({ env, database: app.database, app: { kernel: { clock: app.clock } } });
  tenant = await app.createTenant();
});
afterAll(async () => {
  await replica.close();
  await app.close();
});

/** An address that nobody has called from. */
const newAddress = (): string => `198.51.100.${next++}`;

const signIn = (options: RequestOptions = {}, on = app): Promise<Answer> =>
  on.api.post('/v1/signin', { tenant, body: { email: uniqueEmail(), password: 'x' }, ...options });

/** The answers' statuses to calls in a row. */
async function statuses(count: number, call: (index: number) => Promise<Answer>): Promise<number[]> {
  const result: number[] = [];
  for (let index = 0; index < count; index += 1) result.push((await call(index)).status);
  return result;
}

const FOUR_THEN_NONE = [401, 401, 401, 401, 429, 429];

describe('a limit per address', () => {
  it('R156: refuses past its count, with the right credentials too, and opens again by itself', async () => {
    const remoteAddress = newAddress();
    const person = await app.api.signUp(tenant);
    expect(await statuses(6, () => signIn({ remoteAddress }))).toEqual(FOUR_THEN_NONE);
    const right = { remoteAddress, body: { email: person.email, password: person.password } };
    expectProblem(await signIn(right), 429, 'rate_limited');
    app.clock.advance(MINUTE_MS);
    expect((await signIn(right)).status).toBe(200);
  });

  it('R158: is one over all replicas', async () => {
    const remoteAddress = newAddress();
    expect(await statuses(6, (index) => signIn({ remoteAddress }, index % 2 === 0 ? app : replica))).toEqual(
      FOUR_THEN_NONE,
    );
  });

  it('R157: holds for calls that arrive together', async () => {
    const remoteAddress = newAddress();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => signIn({ remoteAddress }, index % 2 === 0 ? app : replica)),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(4);
  });

  it('R161: has a window that steady traffic neither stretches nor cuts', async () => {
    const remoteAddress = newAddress();
    const taken: number[] = [];
    for (let second = 0; second < 180; second += 5) {
      if ((await signIn({ remoteAddress })).status !== 429) taken.push(second);
      app.clock.advance(5_000);
    }
    expect(taken).toEqual([0, 5, 10, 15, 60, 65, 70, 75, 120, 125, 130, 135]);
  });

  it('R167: says when to come back, and what is left before it refuses', async () => {
    const remoteAddress = newAddress();
    const first = await signIn({ remoteAddress });
    expect(first.headers).toMatchObject({
      'ratelimit-policy': '"signInPerIp";q=4;w=60',
      ratelimit: '"signInPerIp";r=3;t=60',
    });
    await statuses(3, () => signIn({ remoteAddress }));
    app.clock.advance(20_000);
    const refused = await signIn({ remoteAddress });
    expectProblem(refused, 429, 'rate_limited');
    expect([refused.headers['retry-after'], refused.body.retry_after]).toEqual(['40', 40]);
    expect(refused.headers.ratelimit).toBe('"signInPerIp";r=0;t=40');
  });

  it('is counted apart for each thing it limits, and for each address', async () => {
    const remoteAddress = newAddress();
    await statuses(5, () => signIn({ remoteAddress }));
    const body = { email: uniqueEmail(), password: 'correct horse battery staple' };
    expect((await app.api.post('/v1/signup', { tenant, remoteAddress, body })).status).toBe(201);
    expect((await signIn({ remoteAddress: newAddress() })).status).toBe(401);
  });

  it('R332: counts HEAD with GET', async () => {
    const remoteAddress = newAddress();
    const query = { key: tenant.publishableKey };
    const read = (index: number): Promise<Answer> =>
      app.api.request(index % 2 === 0 ? 'HEAD' : 'GET', '/v1/client-config', { remoteAddress, query });
    expect(await statuses(6, read)).toEqual([200, 200, 200, 200, 429, 429]);
  });

  it('counts what is refused for another reason, too: nonsense is not free', async () => {
    const remoteAddress = newAddress();
    expect(await statuses(5, () => signIn({ remoteAddress, body: {} }))).toEqual([400, 400, 400, 400, 429]);
    expect((await signIn({ remoteAddress, headers: { 'idempotency-key': 'x'.repeat(20) } })).status).toBe(429);
  });
});

describe('what clients say about their address', () => {
  const claims = (index: number): Record<string, string> => ({
    'x-forwarded-for': `203.0.113.${index}`,
    'x-real-ip': `203.0.113.${index}`,
    forwarded: `for=203.0.113.${index}`,
    'cf-connecting-ip': `203.0.113.${index}`,
    'true-client-ip': `203.0.113.${index}`,
    'x-client-ip': `203.0.113.${index}`,
    'x-cluster-client-ip': `203.0.113.${index}`,
  });

  it('R162: counts for nothing when they are no trusted proxy', async () => {
    const remoteAddress = newAddress();
    expect(await statuses(6, (index) => signIn({ remoteAddress, headers: claims(index) }))).toEqual(FOUR_THEN_NONE);
  });

  it('R163: counts for nothing to the left of what the trusted proxy saw', async () => {
    const client = newAddress();
    const behind = (index: number): RequestOptions => ({
      remoteAddress: PROXY,
      headers: { ...claims(index), 'x-forwarded-for': `203.0.113.${index}, 10.9.9.9, ${client}` },
    });
    expect(await statuses(6, (index) => signIn(behind(index)))).toEqual(FOUR_THEN_NONE);
    const other = { remoteAddress: PROXY, headers: { 'x-forwarded-for': newAddress() } };
    expect((await signIn(other)).status).toBe(401);
  });

  it('R164: an address inside one /64, or spelled another way, is no other client', async () => {
    const spellings = [
      '2001:db8:1:2::1',
      '2001:db8:1:2:ffff:ffff:ffff:ffff',
      '2001:0DB8:0001:0002:0000:0000:0000:0003',
      '[2001:db8:1:2::4]:5000',
      '2001:db8:1:2:0:0:198.51.100.1',
      '2001:db8:1:2:8000::',
    ];
    const behind = (index: number): RequestOptions => ({
      remoteAddress: index % 2 === 0 ? PROXY : 'fd00::7',
      headers: { 'x-forwarded-for': spellings[index] ?? '' },
    });
    expect(await statuses(6, (index) => signIn(behind(index)))).toEqual(FOUR_THEN_NONE);
    const neighbour = { remoteAddress: PROXY, headers: { 'x-forwarded-for': '2001:db8:1:3::1' } };
    expect((await signIn(neighbour)).status).toBe(401);
  });

  it('R164: an IPv4 address is the same client when a dual-stack socket spells it as IPv6', async () => {
    const address = newAddress();
    const spellings = [address, `::ffff:${address}`, `::FFFF:${address}`];
    const from = (index: number): RequestOptions => ({ remoteAddress: spellings[index % spellings.length] ?? '' });
    expect(await statuses(6, (index) => signIn(from(index)))).toEqual(FOUR_THEN_NONE);
  });
});

describe('the limits’ store', () => {
  it('R168: keeps nothing longer than its window', async () => {
    for (let count = 0; count < 50; count += 1) await signIn({ remoteAddress: newAddress() });
    app.clock.advance(2 * MINUTE_MS);
    await app.drain();
    expect(await app.dataSource.query('SELECT count(*)::int AS rows FROM rate_limits')).toEqual([{ rows: 0 }]);
  });

  it('R168: keeps one row for one client, however often it calls', async () => {
    const remoteAddress = newAddress();
    await statuses(20, () => signIn({ remoteAddress }));
    const rows = await app.dataSource.query('SELECT count FROM rate_limits WHERE key = $1', [
      `signInPerIp:${remoteAddress}`,
    ]);
    expect(rows).toHaveLength(1);
  });

  it('R169: while it cannot be reached, a stricter limit applies: sign-in goes on, and is not unlimited', async () => {
    const query = app.get(Database).query.bind(app.get(Database));
    const away = jest.spyOn(app.get(Database), 'query').mockImplementation((scope, statement, values) => {
      if (statement.name.startsWith('rate_limits.')) return Promise.reject(new ServiceUnavailable());
      return query(scope, statement, values);
    });
    try {
      const remoteAddress = newAddress();
      expect(await statuses(4, () => signIn({ remoteAddress }))).toEqual([401, 429, 429, 429]);
      const other = newAddress();
      expect(await statuses(4, () => app.api.post('/v1/refresh', { remoteAddress: other, body: {} }))).toEqual([
        400, 400, 429, 429,
      ]);
      app.clock.advance(MINUTE_MS);
      expect((await signIn({ remoteAddress })).status).toBe(401);
    } finally {
      away.mockRestore();
    }
  });
});
