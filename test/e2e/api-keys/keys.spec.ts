import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { TestApp } from '../../support/test-app.js';
import { Machines } from './machines.js';

const HOUR_MS = 3_600_000;

interface AuditRow {
  readonly action: string;
  readonly actor_kind: string;
  readonly personal: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

describe('API keys', () => {
  const log: string[] = [];
  let app: TestApp;
  let machines: Machines;
  let view: OwnerView;

  beforeAll(async () => {
    app = await TestApp.start({ log });
    machines = await Machines.open(app);
    view = await OwnerView.open(app.database);
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  const opens = async (rawKey: string): Promise<number> => (await machines.read(rawKey)).status;

  it('K01: without a key manager every operation answers 503, and passwords go on working', async () => {
    const without = await TestApp.start({ env: { AUTHSOME_KEYS: 'noop' } });
    try {
      const tenant = await without.createTenant();
      const { token } = await without.api.signUp(tenant);
      expectProblem(
        await without.api.post('/v1/keys', { token, body: { name: 'x' } }),
        503,
        'key_manager_not_available',
      );
      expectProblem(await without.api.get('/v1/keys', { token }), 503, 'key_manager_not_available');
      const raw = (await machines.key(['read:users'])).rawKey;
      expectProblem(await without.api.get('/v1/admin/users', { token: raw }), 503, 'key_manager_not_available');
      expectProblem(await without.api.get('/v1/admin/users'), 401, 'authentication_required');
    } finally {
      await without.close();
    }
  });

  it('K03, R213: the key is shown once: no later answer, log line, audit entry, event or row holds it or its hash', async () => {
    const { id, rawKey } = await machines.key(['read:users']);
    expect(id).toMatch(/^akey_/);
    expect(await opens(rawKey)).toBe(200);
    const rotated = await machines.must('POST', `/v1/keys/${id}/rotate`, {});
    const raws = [rawKey, rotated.key as string];
    const later = [
      await machines.asOperator('GET', `/v1/keys/${id}`),
      await machines.asOperator('GET', '/v1/keys'),
      await machines.asOperator('GET', `${machines.accountPath}/api-keys`),
      await machines.asOperator('GET', `/v1/keys/${id}/usage`),
    ];
    const rows = JSON.stringify(await view.rowsOf(machines.tenant.scope.appId));
    for (const raw of raws) {
      for (const { text } of later) expect(text).not.toContain(raw.slice(12));
      expect(log.join('\n')).not.toContain(raw.slice(12));
      expect(rows).not.toContain(raw.slice(12));
    }
  });

  it('K09, R219, R221: unknown, revoked, suspended, expired and foreign keys are told nothing but no', async () => {
    const { rawKey: unknown, id } = await machines.key(['read:users']);
    const rotated = await machines.must('POST', `/v1/keys/${id}/rotate`, { reason: 'compromise' });
    const revoked = await machines.key(['read:users']);
    await machines.must('DELETE', `/v1/keys/${revoked.id}`);
    const suspended = await machines.key(['read:users']);
    await machines.must('POST', `/v1/keys/${suspended.id}/suspend`);
    const expires = app.clock.in(HOUR_MS).toISOString();
    const expired = await machines.key(['read:users'], { expires_at: expires });
    expect(await opens(expired.rawKey)).toBe(200);
    app.clock.advance(HOUR_MS);
    const bodies = new Set<string>();
    for (const rawKey of [unknown, revoked.rawKey, suspended.rawKey, expired.rawKey]) {
      const answer = await machines.read(rawKey);
      expectProblem(answer, 401, 'invalid_api_key');
      bodies.add(JSON.stringify({ ...answer.body, request_id: '' }));
    }
    expect(bodies.size).toBe(1);
    expect(await opens(rotated.key as string)).toBe(200);
  });

  it('K09, R215: a key of another environment or app is refused beside the name of one', async () => {
    const { rawKey } = await machines.key(['read:users']);
    const other = await app.createTenant();
    expectProblem(await machines.read(rawKey, { tenant: other }), 401);
    expectProblem(await machines.read(rawKey, { query: { app_id: other.scope.appId } }), 403, 'foreign_tenant');
  });

  it('K11: expiry is exact to the millisecond, also for a key in memory', async () => {
    const { rawKey } = await machines.key(['read:users'], { expires_at: app.clock.in(1_000).toISOString() });
    expect(await opens(rawKey)).toBe(200);
    app.clock.advance(999);
    expect(await opens(rawKey)).toBe(200);
    app.clock.advance(1);
    expect(await opens(rawKey)).toBe(401);
  });

  it('K08: a key is read from headers alone, and a huge one is refused unread', async () => {
    const { rawKey } = await machines.key(['read:users']);
    expect((await app.api.get('/v1/admin/users', { headers: { 'x-api-key': rawKey } })).status).toBe(200);
    expectProblem(await app.api.get('/v1/admin/users', { query: { api_key: rawKey } }), [400, 401]);
    expectProblem(await app.api.get('/v1/admin/users', { headers: { 'x-api-key': rawKey + 'A'.repeat(10_000) } }), 401);
  });

  it('K16, R219: a key stops with its owner, and works again with them', async () => {
    const own = await Machines.open(app);
    const { rawKey } = await own.key(['read:users']);
    expect((await own.read(rawKey)).status).toBe(200);
    await own.must('PATCH', own.accountPath, { active: false });
    expect((await own.read(rawKey)).status).toBe(401);
    await own.must('PATCH', own.accountPath, { active: true });
    expect((await own.read(rawKey)).status).toBe(200);
    await own.must('DELETE', own.accountPath);
    expect((await own.read(rawKey)).status).toBe(401);
  });

  it('what a key was given is taken away by name, and a null takes nothing', async () => {
    const expires_at = app.clock.in(HOUR_MS).toISOString();
    const given = { expires_at, limits: { per_minute: 5 }, credits: { remaining: 3 }, allow: { methods: ['GET'] } };
    const { id } = await machines.key([], given);
    const untouched = { expires_at: null, limits: null, credits: null, allow: null, clear: null };
    expect(await machines.must('PATCH', `/v1/keys/${id}`, untouched)).toMatchObject({ ...given, id });
    const cleared = await machines.must('PATCH', `/v1/keys/${id}`, { clear: ['credits', 'limits'] });
    expect(cleared).toMatchObject({ expires_at, allow: given.allow });
    expect(cleared).not.toHaveProperty('credits');
    expect(cleared).not.toHaveProperty('limits');
    const free = await machines.must('PATCH', `/v1/keys/${id}`, { clear: ['expires_at', 'allow', 'policy_id'] });
    expect(free).not.toHaveProperty('expires_at');
    expect(free).not.toHaveProperty('allow');
    expectProblem(await machines.asOperator('PATCH', `/v1/keys/${id}`, { clear: ['name'] }), 400, 'validation_failed');
  });

  it('K33, R216: rotation leaves both secrets working through the grace, and tells the old one so; a second one ends the first grace', async () => {
    const { id, rawKey } = await machines.key(['read:users']);
    const second = await machines.must('POST', `/v1/keys/${id}/rotate`, { grace_seconds: 60 });
    const old = await machines.read(rawKey);
    expect(old.status).toBe(200);
    expect(old.headers.deprecation).toMatch(/^@\d+$/);
    expect(Date.parse(String(old.headers.sunset))).toBe(app.clock.in(60_000).getTime());
    const current = await machines.read(second.key as string);
    expect(current.status).toBe(200);
    expect(current.headers).not.toHaveProperty('sunset');
    const third = await machines.must('POST', `/v1/keys/${id}/rotate`, { grace_seconds: 60 });
    expect(await opens(rawKey)).toBe(401);
    expect(await opens(second.key as string)).toBe(200);
    app.clock.advance(60_000);
    expect(await opens(second.key as string)).toBe(401);
    expect(await opens(third.key as string)).toBe(200);
  });

  it('K34, R216: a grace ends with the key, and revoking or suspending stops both secrets', async () => {
    const { id, rawKey } = await machines.key(['read:users'], { expires_at: app.clock.in(30_000).toISOString() });
    const rotated = await machines.must('POST', `/v1/keys/${id}/rotate`, { grace_seconds: 60 });
    expect(rotated.grace_ends_at).toBe(app.clock.in(30_000).toISOString());
    await machines.must('POST', `/v1/keys/${id}/suspend`);
    expect([await opens(rawKey), await opens(rotated.key as string)]).toEqual([401, 401]);
    await machines.must('POST', `/v1/keys/${id}/reactivate`);
    expect([await opens(rawKey), await opens(rotated.key as string)]).toEqual([200, 200]);
    await machines.must('DELETE', `/v1/keys/${id}`, undefined, { reason: 'left the company' });
    expect([await opens(rawKey), await opens(rotated.key as string)]).toEqual([401, 401]);
    expectProblem(await machines.asOperator('POST', `/v1/keys/${id}/rotate`, {}), 409, 'key_state_conflict');
    expectProblem(await machines.asOperator('POST', `/v1/keys/${id}/reactivate`), 409, 'key_state_conflict');
  });

  it('K35, K36: both secrets share one limit, and a rotation leaves no third', async () => {
    const { id, rawKey } = await machines.key(['read:users'], { limits: { per_minute: 4 } });
    const rotated = await machines.must('POST', `/v1/keys/${id}/rotate`, { grace_seconds: 3_600 });
    const answers = [];
    for (let n = 0; n < 4; n += 1) answers.push(await opens(rawKey), await opens(rotated.key as string));
    expect(answers.filter((status) => status === 200)).toHaveLength(4);
    await machines.must('POST', `/v1/keys/${id}/rotate`, { grace_seconds: 3_600 });
    const secrets = await view.query('SELECT kind FROM api_key_secrets WHERE key_id = $1 ORDER BY kind', [id]);
    expect(secrets).toEqual([{ kind: 'current' }, { kind: 'grace' }]);
  });

  it('K37: of several who rotate at once one succeeds, and the others are told that they came too late', async () => {
    const { id } = await machines.key(['read:users']);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => machines.asOperator('POST', `/v1/keys/${id}/rotate`, {})),
    );
    const won = answers.filter(({ status }) => status === 200);
    for (const answer of answers) if (answer.status !== 200) expectProblem(answer, 409, 'key_state_conflict');
    expect(won.length).toBeGreaterThanOrEqual(1);
    const secrets = await view.query<{ last_four: string }>(
      "SELECT last_four FROM api_key_secrets WHERE key_id = $1 AND kind = 'current'",
      [id],
    );
    expect(won.map(({ body }) => String(body.key).slice(-4))).toContain(secrets[0]?.last_four);
  });

  it('K37: a rotation that is repeated under its idempotency key is one, and tells the same secret', async () => {
    const { id } = await machines.key(['read:users']);
    const { appId, envId } = machines.tenant.scope;
    const token = await app.operatorOf(appId);
    const rotate = () =>
      app.api.post(`/v1/keys/${id}/rotate`, {
        token,
        query: { app_id: appId, env_id: envId },
        headers: { 'idempotency-key': `rotate-${id}` },
        body: {},
      });
    const [first, second] = [await rotate(), await rotate()];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body).toEqual(first.body);
    expect((await machines.must('GET', `/v1/keys/${id}/rotations`)).rotations).toHaveLength(1);
  });

  it('K39: each change is one audit entry with who, from where and what from what to what; a change that fails leaves none', async () => {
    const { id } = await machines.key(['read:users']);
    await machines.must('PATCH', `/v1/keys/${id}`, { name: 'Renamed', scopes: ['read'] });
    expectProblem(
      await machines.asOperator('PATCH', `/v1/keys/${id}`, { policy_id: 'akpl_01jd3v3x6pe0p9m2s5f7q8w9ab' }),
      404,
    );
    await machines.must('POST', `/v1/keys/${id}/suspend`);
    await machines.must('POST', `/v1/keys/${id}/reactivate`);
    await machines.must('POST', `/v1/keys/${id}/rotate`, { reason: 'scheduled' });
    await machines.must('DELETE', `/v1/keys/${id}`, undefined, { reason: 'left the company' });
    const entries = await view.query<AuditRow>(
      'SELECT action, actor_kind, personal, metadata FROM audit_entries WHERE target_id = $1 ORDER BY id',
      [id],
    );
    expect(entries.map(({ action }) => action)).toEqual(
      ['created', 'updated', 'suspended', 'reactivated', 'rotated', 'revoked'].map((what) => `api_key.${what}`),
    );
    for (const { actor_kind, personal } of entries) {
      expect([actor_kind, typeof personal.ip_address]).toEqual(['user', 'string']);
    }
    expect(entries.at(-1)?.metadata).toMatchObject({ reason: 'left the company' });
    expect(entries[1]?.personal.changes).toEqual({
      name: { before: 'CI', after: 'Renamed' },
      scopes: { before: ['read:users'], after: ['read'] },
    });
  });

  it('K39: usage tells route, outcome and secret, and is exact', async () => {
    const { id, rawKey } = await machines.key(['read:users']);
    for (let n = 0; n < 3; n += 1) await machines.read(rawKey);
    await machines.must('POST', `/v1/keys/${id}/rotate`, {});
    await machines.read(rawKey);
    expectProblem(await machines.write(rawKey, uniqueEmail()), 403, 'insufficient_scope');
    await app.deliver();
    const usage = await machines.must('GET', `/v1/keys/${id}/usage`);
    expect(usage).toMatchObject({ total: 5, accepted: 4 });
    const points = (usage.points as Record<string, unknown>[]).map(({ outcome, tag, secret, count }) => ({
      outcome,
      tag,
      secret,
      count,
    }));
    expect(points).toHaveLength(3);
    expect(points).toEqual(
      expect.arrayContaining([
        { outcome: 'accepted', tag: 'GET /v1/admin/users', secret: 'current', count: 3 },
        { outcome: 'accepted', tag: 'GET /v1/admin/users', secret: 'grace', count: 1 },
        { outcome: 'insufficient_scope', tag: 'POST /v1/admin/users/create', secret: 'grace', count: 1 },
      ]),
    );
  });

  it('K17: the last use is told to the minute, and no use takes anything else back', async () => {
    const { id, rawKey } = await machines.key(['read:users']);
    await machines.read(rawKey);
    await app.deliver();
    const shown = await machines.must('GET', `/v1/keys/${id}`);
    expect(Math.abs(Date.parse(String(shown.last_used_at)) - app.clock.nowMs())).toBeLessThanOrEqual(60_000);
    await machines.must('DELETE', `/v1/keys/${id}`);
    await app.deliver();
    expect(await machines.must('GET', `/v1/keys/${id}`)).toMatchObject({
      state: 'revoked',
      last_used_at: shown.last_used_at,
    });
  });

  it('R302: what a key does is in the audit trail under its id', async () => {
    const { id, rawKey } = await machines.key(['write:users']);
    expect((await machines.write(rawKey, uniqueEmail())).status).toBe(200);
    const entries = await view.query<{ actor_kind: string; actor_id: string }>(
      `SELECT * FROM audit_entries WHERE app_id = '${machines.tenant.scope.appId}' AND action NOT LIKE 'api_key%'`,
    );
    expect(JSON.stringify(entries)).toContain(id);
  });
});
