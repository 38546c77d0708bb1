import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { drawKey } from '../../../src/api-keys/key-format.js';
import { uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { TestApp } from '../../support/test-app.js';
import { Machines } from './machines.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

describe('what becomes of presented keys', () => {
  let app: TestApp;
  let machines: Machines;
  let view: OwnerView;

  beforeAll(async () => {
    app = await TestApp.start({ env: { AUTHSOME_LIMIT_KEY_FAILURES_PER_IP: '20/1m' } });
    view = await OwnerView.open(app.database);
    machines = await Machines.open(app);
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  const audited = (action: string, id: string) =>
    view.query<{ outcome: string; actor_kind: string; metadata: Record<string, unknown> }>(
      'SELECT outcome, actor_kind, metadata FROM audit_entries WHERE action = $1 AND target_id = $2 ORDER BY id',
      [action, id],
    );
  const outcomes = async (): Promise<Record<string, number>> => {
    const { text } = await app.api.get('/metrics');
    const lines = text.matchAll(/authsome_api_key_validations_total\{outcome="(\w+)"\} (\d+)/g);
    return Object.fromEntries([...lines].map(([, outcome, count]) => [outcome, Number(count)]));
  };

  it('K09: the audit trail, the metrics and the usage hold the exact code that callers are not told', async () => {
    const before = await outcomes();
    const revoked = await machines.key(['read:users']);
    await machines.must('DELETE', `/v1/keys/${revoked.id}`);
    const suspended = await machines.key(['read:users']);
    await machines.must('POST', `/v1/keys/${suspended.id}/suspend`);
    const expired = await machines.key(['read:users'], { expires_at: app.clock.in(1_000).toISOString() });
    const rotated = await machines.key(['read:users']);
    await machines.must('POST', `/v1/keys/${rotated.id}/rotate`, { grace_seconds: 1 });
    app.clock.advance(1_000);
    const lacking = await machines.key([]);
    const elsewhere = await machines.key(['read:users'], { allow: { methods: ['POST'] } });
    const limited = await machines.key(['read:users'], { limits: { per_day: 1 } });
    await machines.read(limited.rawKey);
    const cases = [
      [revoked, 'revoked', 401],
      [suspended, 'suspended', 401],
      [expired, 'expired', 401],
      [rotated, 'grace_ended', 401],
      [lacking, 'insufficient_scope', 403],
      [elsewhere, 'method_not_allowed', 403],
      [limited, 'rate_limited', 429],
    ] as const;
    for (const [{ rawKey }, , status] of cases) {
      for (let n = 0; n < 2; n += 1) expect((await machines.read(rawKey)).status).toBe(status);
    }
    await app.deliver();
    const after = await outcomes();
    for (const [{ id }, code] of cases) {
      const entries = await audited('api_key.refused', id);
      expect(entries).toEqual([
        { outcome: 'failure', actor_kind: 'key', metadata: { code, count: 2, key_owner: expect.any(String) } },
      ]);
      expect((after[code] ?? 0) - (before[code] ?? 0)).toBe(2);
      const { points } = await machines.must('GET', `/v1/keys/${id}/usage`);
      expect(points).toContainEqual(expect.objectContaining({ outcome: code, count: 2 }));
    }
  });

  it('K09: a foreign key is wrong_environment to whoever verifies it, and unknown ones are in the metrics', async () => {
    const checker = await machines.key(['verify:keys']);
    const foreign = await (await Machines.open(app)).key([]);
    const before = await outcomes();
    const forged = drawKey('ath', 'development').slice(0, -1) + '!';
    for (const key of [foreign.rawKey, drawKey('ath', 'development'), forged]) {
      const answer = await app.api.post('/v1/keys/verify', { token: checker.rawKey, body: { key } });
      expect(answer.body).toEqual({ valid: false, code: 'invalid_api_key' });
    }
    await app.deliver();
    expect(await audited('api_key.refused', foreign.id)).toMatchObject([{ metadata: { code: 'wrong_environment' } }]);
    const after = await outcomes();
    for (const code of ['not_found', 'malformed']) expect((after[code] ?? 0) - (before[code] ?? 0)).toBe(1);
  });

  it('K29: whoever guesses too often from one address is not looked up for; a key in memory works from there, and takes no harm', async () => {
    const remoteAddress = '203.0.113.7';
    const { rawKey } = await machines.key(['read:users'], { limits: { per_minute: 2 } });
    const cold = await machines.key(['read:users']);
    expect((await machines.read(rawKey, { remoteAddress })).status).toBe(200);
    for (let n = 0; n < 20; n += 1) {
      expectProblem(await machines.read(drawKey('ath', 'development'), { remoteAddress }), 401, 'invalid_api_key');
    }
    const refused = await machines.read(drawKey('ath', 'development'), { remoteAddress });
    expectProblem(refused, 429, 'rate_limited');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expectProblem(await machines.read('ask_nonsense'.padEnd(68, 'a'), { remoteAddress }), [401, 429]);
    expectProblem(await machines.read(cold.rawKey, { remoteAddress }), 429, 'rate_limited');
    expect((await machines.read(cold.rawKey, { remoteAddress: '203.0.113.8' })).status).toBe(200);
    expect((await machines.read(rawKey, { remoteAddress })).status).toBe(200);
    expectProblem(await machines.read(rawKey, { remoteAddress }), 429, 'rate_limited');
    app.clock.advance(2 * MINUTE_MS);
    expectProblem(await machines.read(drawKey('ath', 'development'), { remoteAddress }), 401, 'invalid_api_key');
  });

  it('K29: a service that verifies keys cannot make an address look like one that guesses', async () => {
    const remoteAddress = '203.0.113.9';
    const checker = await machines.key(['verify:keys']);
    for (let n = 0; n < 25; n += 1) {
      const body = { key: drawKey('ath', 'development'), ip: remoteAddress };
      const answer = await app.api.post('/v1/keys/verify', { token: checker.rawKey, body });
      expect(answer.body).toEqual({ valid: false, code: 'invalid_api_key' });
    }
    const cold = await machines.key(['read:users']);
    expect((await machines.read(cold.rawKey, { remoteAddress })).status).toBe(200);
  });

  it('K33: that an old secret is still in use is audited once an hour, and counted', async () => {
    const { id, rawKey } = await machines.key(['read:users']);
    await machines.must('POST', `/v1/keys/${id}/rotate`, { grace_seconds: 7_200 });
    for (let n = 0; n < 3; n += 1) {
      await machines.read(rawKey);
      await app.deliver();
    }
    expect(await audited('api_key.grace_used', id)).toHaveLength(1);
    app.clock.advance(HOUR_MS);
    await machines.read(rawKey);
    await app.deliver();
    expect(await audited('api_key.grace_used', id)).toHaveLength(2);
    expect((await app.api.get('/metrics')).text).toMatch(/authsome_api_key_grace_uses_total [1-9]/);
  });

  it('K39: totals of an environment and of an owner: outcomes, latency, the most used', async () => {
    const own = await Machines.open(app);
    const [busy, quiet] = [await own.key(['read:users']), await own.key(['read:users'])];
    for (let n = 0; n < 5; n += 1) await own.read(busy.rawKey);
    await own.read(quiet.rawKey);
    expectProblem(await own.write(quiet.rawKey, uniqueEmail()), 403);
    const person = await app.api.signUp(own.tenant);
    const made = await app.api.post('/v1/keys', { token: person.token, body: { name: 'Mine' } });
    await app.api.get('/v1/keys/current', { token: made.body.key as string });
    await app.deliver();
    const all = await own.must('GET', '/v1/admin/api-keys/usage');
    expect(all).toMatchObject({ total: 8, accepted: 7, latency_ms: { p50: expect.any(Number) } });
    expect(all.outcomes).toEqual([
      { outcome: 'accepted', count: 7 },
      { outcome: 'insufficient_scope', count: 1 },
    ]);
    expect(all.keys).toMatchObject([
      { key_id: busy.id, total: 5 },
      { key_id: quiet.id, total: 2, accepted: 1 },
      { total: 1 },
    ]);
    const hers = await own.must('GET', '/v1/admin/api-keys/usage', undefined, { owner_id: person.userId, limit: '1' });
    expect(hers).toMatchObject({ total: 1, keys: [{ key_id: made.body.id }] });
    const reader = await own.key(['read:keys']);
    expect((await app.api.get('/v1/admin/api-keys/usage', { token: reader.rawKey })).status).toBe(200);
    expectProblem(await app.api.get('/v1/admin/api-keys/usage', { token: person.token }), 403);
  });

  it('whoever holds a key may ask it what it is good for, and how its limits stand', async () => {
    const { id, rawKey } = await machines.key(['read:things'], { limits: { per_minute: 3 } });
    const current = () => app.api.get('/v1/keys/current', { headers: { 'x-api-key': rawKey } });
    const answer = await current();
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ valid: true, key_id: id, scopes: ['read:things'], limits: [{ remaining: 2 }] });
    expect(answer.headers['ratelimit-remaining']).toBe('2');
    expect(answer.text).not.toContain(rawKey);
    await current();
    await current();
    expectProblem(await current(), 429, 'rate_limited');
    const { token } = await app.api.signUp(machines.tenant);
    expectProblem(await app.api.get('/v1/keys/current', { token }), 401, 'authentication_required');
  });

  it('introspection knows keys as it knows tokens: whose, what for, and nothing of one that is none', async () => {
    const { id, rawKey } = await machines.key(['read:things', 'write:things'], { credits: { remaining: 5 } });
    const introspect = (token: string, options: object = {}) =>
      app.api.post('/v1/introspect', { ...options, body: { token } });
    const { appId, envId } = machines.tenant.scope;
    expect((await introspect(rawKey)).body).toMatchObject({
      active: true,
      key_id: id,
      owner_kind: 'service_account',
      scope: 'read:things write:things',
      app_id: appId,
      env_id: envId,
    });
    expect(await machines.must('GET', `/v1/keys/${id}`)).toMatchObject({ credits: { remaining: 5 } });
    const other = await app.createTenant();
    expect((await introspect(rawKey, { tenant: other })).body).toEqual({ active: false });
    expect((await introspect(drawKey('ath', 'development'))).body).toEqual({ active: false });
    await machines.must('POST', `/v1/keys/${id}/suspend`);
    expect((await introspect(rawKey)).body).toEqual({ active: false });
  });

  it('whoever runs an organization sees and revokes its keys; its other members do not', async () => {
    const admin = await app.api.signUp(machines.tenant);
    const as = { token: admin.token };
    const org = await app.api.post('/v1/orgs', { ...as, body: { name: 'Engines' } });
    const orgId = org.body.id as string;
    const made = await app.api.post('/v1/keys', { ...as, body: { name: 'Shared', org_id: orgId } });
    const path = `/v1/keys/${String(made.body.id)}`;
    const listed = await app.api.get('/v1/keys', { ...as, query: { org_id: orgId } });
    expect(listed.body).toMatchObject({ total: 1, keys: [{ owner_kind: 'organization', owner_id: orgId }] });
    expect((await app.api.get('/v1/keys', as)).body).toMatchObject({ total: 0 });
    expect((await app.api.get(path, as)).status).toBe(200);
    const other = await app.api.signUp(machines.tenant);
    expectProblem(await app.api.get(path, { token: other.token }), 404, 'key_not_found');
    expectProblem(await app.api.get('/v1/keys', { token: other.token, query: { org_id: orgId } }), 403);
    expectProblem(await app.api.request('DELETE', path, { token: other.token }), 404, 'key_not_found');
    expect((await app.api.request('DELETE', path, as)).status).toBe(204);
  });
});
