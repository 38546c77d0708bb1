import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KeyPolicyPart } from '../../../src/api-keys/policies/key-policy.part.js';
import { SYSTEM_ACTOR } from '../../../src/kernel/audit/audit-trail.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import { uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { TestApp } from '../../support/test-app.js';
import { Machines } from './machines.js';

const DAY_S = 86_400;
const DAY_MS = DAY_S * 1_000;

describe('policies of API keys', () => {
  let app: TestApp;
  let machines: Machines;
  let view: OwnerView;
  let policies = 0;

  beforeAll(async () => {
    app = await TestApp.start();
    machines = await Machines.open(app);
    view = await OwnerView.open(app.database);
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  const named = (terms: object) => ({ name: `policy-${(policies += 1)}`, ...terms });
  const policy = async (terms: object): Promise<string> =>
    (await machines.must('POST', '/v1/keys/policies', named(terms))).id as string;
  const calls = async (rawKey: string, count: number): Promise<number> => {
    let passed = 0;
    for (let n = 0; n < count; n += 1) if ((await machines.read(rawKey)).status === 200) passed += 1;
    return passed;
  };
  const inNewMinute = () => app.clock.advance(180_000 - (app.clock.nowMs() % 60_000));
  const events = (name: string) =>
    view.query<{ subject_id: string }>('SELECT subject_id FROM outbox WHERE name = $1', [name]);

  it('limits hold for every key for itself, the tighter of two wins, and a change counts at once', async () => {
    inNewMinute();
    const id = await policy({ limits: { per_minute: 3 } });
    const [first, second] = [
      await machines.key(['read:users'], { policy_id: id }),
      await machines.key(['read:users'], { policy_id: id, limits: { per_minute: 2 } }),
    ];
    expect([await calls(first.rawKey, 5), await calls(second.rawKey, 5)]).toEqual([3, 2]);
    await machines.must('PUT', `/v1/keys/policies/${id}`, named({ limits: { per_minute: 1 } }));
    inNewMinute();
    expect([await calls(first.rawKey, 3), await calls(second.rawKey, 3)]).toEqual([1, 1]);
  });

  it('lists of places hold beside the key’s own', async () => {
    const id = await policy({ allow: { methods: ['GET'] } });
    const { rawKey } = await machines.key(['*'], { policy_id: id, allow: { ips: ['10.0.0.0/8'] } });
    expect((await machines.read(rawKey, { remoteAddress: '10.1.1.1' })).status).toBe(200);
    expect((await machines.read(rawKey, { remoteAddress: '192.0.2.1' })).body.restriction).toBe('ip');
    const body = { email: uniqueEmail() };
    const written = await app.api.post('/v1/admin/users/create', { token: rawKey, body, remoteAddress: '10.1.1.1' });
    expect(written.body.restriction).toBe('method');
  });

  it('scopes beyond the policy are not given, and count no more when the policy narrows', async () => {
    const id = await policy({ allowed_scopes: ['read', 'write:users'] });
    const path = `${machines.accountPath}/api-keys`;
    const refused = await machines.asOperator('POST', path, { name: 'CI', scopes: ['write:webhooks'], policy_id: id });
    expectProblem(refused, 422, 'invalid_scope');
    const { id: keyId, rawKey } = await machines.key(['read:users', 'write:users'], { policy_id: id });
    expect((await machines.write(rawKey, uniqueEmail())).status).toBe(200);
    expectProblem(await machines.asOperator('PATCH', `/v1/keys/${keyId}`, { scopes: ['*'] }), 422, 'invalid_scope');
    await machines.must('PUT', `/v1/keys/policies/${id}`, named({ allowed_scopes: ['read'] }));
    expect(await machines.must('PATCH', `/v1/keys/${keyId}`, { name: 'Renamed' })).toMatchObject({ name: 'Renamed' });
    expectProblem(await machines.write(rawKey, uniqueEmail()), 403, 'insufficient_scope');
    expect((await machines.read(rawKey)).status).toBe(200);
  });

  it('a key lives no longer than its policy allows, and dies with it when that is made shorter', async () => {
    const id = await policy({ max_lifetime_seconds: 30 * DAY_S });
    const { id: keyId, rawKey } = await machines.key(['read:users'], { policy_id: id });
    const shown = await machines.must('GET', `/v1/keys/${keyId}`);
    expect(Date.parse(shown.expires_at as string) - Date.parse(shown.created_at as string)).toBe(30 * DAY_MS);
    const beyond = { name: 'CI', policy_id: id, expires_at: app.clock.in(31 * DAY_MS).toISOString() };
    const refused = await machines.asOperator('POST', `${machines.accountPath}/api-keys`, beyond);
    expectProblem(refused, 422, 'expiry_beyond_policy');
    await machines.must('PUT', `/v1/keys/policies/${id}`, named({ max_lifetime_seconds: DAY_S }));
    expect(await machines.must('PATCH', `/v1/keys/${keyId}`, { name: 'Renamed' })).toMatchObject({ name: 'Renamed' });
    const later = { expires_at: app.clock.in(2 * DAY_MS).toISOString() };
    expectProblem(await machines.asOperator('PATCH', `/v1/keys/${keyId}`, later), 422, 'expiry_beyond_policy');
    app.clock.advance(DAY_MS - 60_000);
    expect((await machines.read(rawKey)).status).toBe(200);
    app.clock.advance(60_000);
    expect((await machines.read(rawKey)).status).toBe(401);
  });

  it('K33: the grace of a rotation that names none is the policy’s; rotations are listed with their reason and who', async () => {
    const id = await policy({ grace_seconds: 60 });
    const { id: keyId, rawKey } = await machines.key(['read:users'], { policy_id: id });
    const rotated = await machines.must('POST', `/v1/keys/${keyId}/rotate`, {});
    expect(rotated.grace_ends_at).toBe(app.clock.in(60_000).toISOString());
    await machines.must('POST', `/v1/keys/${keyId}/rotate`, { reason: 'compromise' });
    const { rotations } = await machines.must('GET', `/v1/keys/${keyId}/rotations`);
    expect(rotations).toMatchObject([
      {
        reason: 'compromise',
        last_four: (rotated.key as string).slice(-4),
        rotated_by: expect.stringMatching(/^ausr_/),
      },
      { reason: 'manual', last_four: rawKey.slice(-4), grace_ends_at: rotated.grace_ends_at },
    ]);
    const other = await Machines.open(app);
    expectProblem(await other.asOperator('GET', `/v1/keys/${keyId}/rotations`), 404, 'key_not_found');
  });

  it('a policy that keys stand under is not deleted; names are unique; a version is replaced once', async () => {
    const id = await policy({});
    const path = `/v1/keys/policies/${id}`;
    await machines.key([], { policy_id: id });
    expectProblem(await machines.asOperator('DELETE', path), 409, 'key_policy_in_use');
    const { name } = await machines.must('GET', path);
    expectProblem(await machines.asOperator('POST', '/v1/keys/policies', { name }), 409, 'key_policy_name_taken');
    const free = await policy({});
    await machines.must('DELETE', `/v1/keys/policies/${free}`);
    expectProblem(await machines.asOperator('GET', `/v1/keys/policies/${free}`), 404, 'key_policy_not_found');
    const unknown = { name: 'CI', policy_id: free };
    expectProblem(
      await machines.asOperator('POST', `${machines.accountPath}/api-keys`, unknown),
      404,
      'key_policy_not_found',
    );
    const { appId, envId } = machines.tenant.scope;
    const query = { app_id: appId, env_id: envId };
    const token = await app.operatorOf(appId);
    const replace = (version: number) =>
      app.api.request('PUT', path, { token, query, body: named({}), headers: { 'if-match': `"${version}"` } });
    expect((await replace(1)).status).toBe(200);
    expectProblem(await replace(1), 412, 'precondition_failed');
  });

  it('K38: a policy of another tenant is unknown, and nobody puts their own key under a laxer one', async () => {
    const other = await Machines.open(app);
    const id = (await other.must('POST', '/v1/keys/policies', named({}))).id as string;
    for (const method of ['GET', 'DELETE']) {
      expectProblem(await machines.asOperator(method, `/v1/keys/policies/${id}`), 404, 'key_policy_not_found');
    }
    const body = { name: 'CI', policy_id: id };
    expectProblem(
      await machines.asOperator('POST', `${machines.accountPath}/api-keys`, body),
      404,
      'key_policy_not_found',
    );
    const { token, userId } = await app.api.signUp(machines.tenant);
    expectProblem(await app.api.get('/v1/keys/policies', { token }), 403, 'insufficient_permissions');
    const strict = await policy({ limits: { per_minute: 1 } });
    const chosen = await app.api.post('/v1/keys', { token, body: { name: 'Mine', policy_id: strict } });
    expectProblem(chosen, 403, 'insufficient_permissions');
    const key = { name: 'Theirs', user_id: userId, policy_id: strict };
    const made = await machines.must('POST', '/v1/keys', key);
    const lax = { policy_id: await policy({}) };
    const moved = await app.api.request('PATCH', `/v1/keys/${String(made.id)}`, { token, body: lax });
    expectProblem(moved, 403, 'insufficient_permissions');
  });

  it('new keys stand under the default policy of their environment, whoever makes them; who manages keys may name another', async () => {
    const own = await Machines.open(app);
    const made = async (name: string, limit: number) =>
      (await own.must('POST', '/v1/keys/policies', { name, limits: { per_minute: limit } })).id as string;
    const [standard, special] = [await made('Standard', 2), await made('Special', 9)];
    const { appId, envId } = own.tenant.scope;
    const at = { scope: 'environment', scope_id: envId, app_id: appId };
    const path = '/v1/admin/settings/values/api_keys.default_policy';
    const token = await app.operatorOf(appId);
    const missing = { ...at, value: 'Nonesuch' };
    expect((await app.api.request('PUT', path, { token, body: missing })).status).toBe(200);
    const refused = await own.asOperator('POST', `${own.accountPath}/api-keys`, { name: 'CI' });
    expectProblem(refused, 404, 'key_policy_not_found');
    expect((await app.api.request('PUT', path, { token, body: { ...at, value: 'Standard' } })).status).toBe(200);
    const person = await app.api.signUp(own.tenant);
    const hers = await app.api.post('/v1/keys', { token: person.token, body: { name: 'Mine' } });
    expect(hers.body).toMatchObject({ policy_id: standard });
    const [usual, other] = [await own.key(['read:users']), await own.key(['read:users'], { policy_id: special })];
    inNewMinute();
    const passed = async (rawKey: string) => {
      let count = 0;
      for (let n = 0; n < 4; n += 1) if ((await own.read(rawKey)).status === 200) count += 1;
      return count;
    };
    expect([await passed(usual.rawKey), await passed(other.rawKey)]).toEqual([2, 4]);
  });

  it('policies travel with their environment, by name, and one that keys stand under stays', async () => {
    const { appId, envId } = machines.tenant.scope;
    const token = await app.operatorOf(appId);
    await machines.must('POST', '/v1/keys/policies', {
      name: 'Travels',
      limits: { per_day: 7 },
      allowed_scopes: ['read'],
    });
    const clone = { name: 'Copy', slug: `copy-${envId.slice(-6)}`, type: 'development' };
    const cloned = await app.api.post(`/v1/environments/${envId}/clone`, {
      token,
      query: { app_id: appId },
      body: clone,
    });
    expect(cloned.status).toBeLessThan(300);
    const copy = (cloned.body.environment as { id: string }).id;
    const query = { app_id: appId, env_id: copy };
    const { body } = await app.api.get('/v1/keys/policies', { token, query });
    expect(body.policies).toContainEqual(
      expect.objectContaining({ name: 'Travels', limits: { per_day: 7 }, allowed_scopes: ['read'] }),
    );
    await machines.key([], { policy_id: await policy({ description: 'in use' }) });
    const part = app.get(KeyPolicyPart);
    const by = { actor: SYSTEM_ACTOR, userId: null, scope: machines.tenant.scope };
    for (const name of (await part.read(machines.tenant.scope)).keys()) {
      await app.get(Database).transaction(() => part.write(machines.tenant.scope, name, undefined, by));
    }
    const left = (await part.read(machines.tenant.scope)).values();
    expect([...left]).toContainEqual(expect.objectContaining({ description: 'in use' }));
    expect((await part.read(machines.tenant.scope)).has('Travels')).toBe(false);
  });

  it('somebody is told once when a key is about to expire, and when a secret is as old as its policy allows', async () => {
    const id = await policy({ rotation_period_seconds: 2 * DAY_S });
    const old = await machines.key([], { policy_id: id });
    const expiring = await machines.key([], { expires_at: app.clock.in(9 * DAY_MS).toISOString() });
    const told = async (name: string, key: string) =>
      (await events(name)).filter(({ subject_id }) => subject_id === key).length;
    const look = async (days: number) => {
      app.clock.advance(days * DAY_MS);
      await app.deliver();
      return [await told('api_key.rotation_due', old.id), await told('api_key.expiring', expiring.id)];
    };
    expect(await look(1)).toEqual([0, 0]);
    expect(await look(1)).toEqual([1, 1]);
    expect(await look(1)).toEqual([1, 1]);
    await machines.must('POST', `/v1/keys/${old.id}/rotate`, {});
    await machines.must('PATCH', `/v1/keys/${expiring.id}`, { expires_at: app.clock.in(8 * DAY_MS).toISOString() });
    expect(await look(2)).toEqual([2, 2]);
  });

  it('the scopes of the service are listed with what they open', async () => {
    const { scopes } = await machines.must('GET', '/v1/keys/scopes');
    expect(scopes).toContainEqual({ scope: 'verify:keys', routes: ['POST /v1/keys/verify'] });
    expect((scopes as { scope: string }[]).map(({ scope }) => scope)).toEqual(
      expect.arrayContaining(['read:users', 'write:users', 'read:sessions']),
    );
  });
});
