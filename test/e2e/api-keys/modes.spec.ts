import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KEY_MANAGER, type KeyManager } from '../../../src/keys-bridge/key-manager.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { TestApp } from '../../support/test-app.js';
import { Machines } from './machines.js';

const sha256 = (key: string) => createHash('sha256').update(key).digest();

describe('K02: plain keys without a bridge', () => {
  let app: TestApp;
  let machines: Machines;

  beforeAll(async () => {
    app = await TestApp.start({ env: { AUTHSOME_KEYS: 'builtin' } });
    machines = await Machines.open(app);
  });
  afterAll(() => app.close());

  it('K02: are made, listed, used for their scopes and revoked, from the service’s own table', async () => {
    const { id, rawKey } = await machines.key(['read:users']);
    expect((await machines.read(rawKey)).status).toBe(200);
    expectProblem(await machines.write(rawKey, 'nobody@example.test'), 403, 'insufficient_scope');
    const listed = await machines.must('GET', '/v1/keys');
    expect((listed.keys as { id: string }[]).map((key) => key.id)).toEqual([id]);
    await machines.must('DELETE', `/v1/keys/${id}`);
    expectProblem(await machines.read(rawKey), 401, 'invalid_api_key');
  });

  it.each([
    ['limits', { limits: { per_minute: 5 } }],
    ['credits', { credits: { remaining: 5 } }],
    ['allow', { allow: { methods: ['GET'] } }],
  ])('K02: refuse %s, which nobody would keep', async (what, more) => {
    const body = { name: 'CI', scopes: [], ...more };
    const refused = await machines.asOperator('POST', `${machines.accountPath}/api-keys`, body);
    expectProblem(refused, 422, 'key_feature_unsupported');
    expect(refused.body.unsupported).toEqual([what]);
    const { id } = await machines.key([]);
    expectProblem(await machines.asOperator('PATCH', `/v1/keys/${id}`, more), 422, 'key_feature_unsupported');
  });

  it('K02: rotate without a grace', async () => {
    const { id, rawKey } = await machines.key(['read:users']);
    const rotated = await machines.must('POST', `/v1/keys/${id}/rotate`, { grace_seconds: 3_600 });
    expect(rotated).not.toHaveProperty('grace_ends_at');
    expect((await machines.read(rawKey)).status).toBe(401);
    expect((await machines.read(rotated.key as string)).status).toBe(200);
  });

  it('K02: leave the bridge itself closed', async () => {
    const bridge = app.nest.get<KeyManager>(KEY_MANAGER, { strict: false });
    const owner = { kind: 'user', id: 'ausr_01jd3v3x6pe0p9m2s5f7q8w9ab' } as const;
    await expect(bridge.createKey(machines.tenant.scope, { name: 'x', owner })).rejects.toMatchObject({
      code: 'key_manager_not_available',
    });
  });
});

describe('K07: keys that were issued elsewhere', () => {
  let app: TestApp;
  let machines: Machines;
  let view: OwnerView;

  beforeAll(async () => {
    app = await TestApp.start({ env: { AUTHSOME_KEY_FOREIGN_PREFIXES: 'acme_' } });
    machines = await Machines.open(app);
    view = await OwnerView.open(app.database);
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  const account = (): string => machines.accountPath.split('/').at(-1) as string;
  const importing = (keys: object[]) => machines.asOperator('POST', '/v1/admin/api-keys/import', { keys });
  const imported = (hash: string, more: object = {}) => ({
    name: 'From before',
    hash,
    scopes: ['read:users'],
    service_account_id: account(),
    ...more,
  });

  it('K07: legacy keys go on working once their hashes are imported; hex and base64 name the same hash', async () => {
    const body = () => randomBytes(32).toString('hex');
    const raws = [
      `sk_live_${body()}`,
      `ask_${body()}`,
      `sk_test_${body()}`,
      `authsome_live_${body()}`,
      `acme_${body()}`,
    ];
    for (const raw of raws) expectProblem(await machines.read(raw), 401, 'invalid_api_key');
    app.clock.advance(6_000);
    const encodings = ['hex', 'base64', 'base64url', 'hex', 'base64'] as const;
    const keys = raws.map((raw, n) => imported(sha256(raw).toString(encodings[n])));
    const answer = await importing(keys);
    expect(answer.status).toBe(201);
    expect(answer.body.ids).toHaveLength(raws.length);
    for (const raw of raws) expect((await machines.read(raw)).status).toBe(200);
    const [id] = answer.body.ids as string[];
    const rotated = await machines.must('POST', `/v1/keys/${String(id)}/rotate`, { grace_seconds: 60 });
    expect((await machines.read(rotated.key as string)).status).toBe(200);
    expect((await machines.read(raws[0] as string)).headers).toHaveProperty('sunset');
  });

  it('K07: a publishable key never authenticates, whatever is imported', async () => {
    const raw = `pk_live_${randomBytes(32).toString('hex')}`;
    expect((await importing([imported(sha256(raw).toString('hex'))])).status).toBe(201);
    expect((await machines.read(raw)).status).toBe(401);
    expect((await app.api.get('/v1/admin/users', { token: machines.tenant.publishableKey })).status).toBe(401);
  });

  it('K07: a hash that is known already imports nothing at all', async () => {
    const [fresh, known] = [`ask_${randomBytes(32).toString('hex')}`, (await machines.key([])).rawKey];
    const refused = await importing([fresh, known].map((raw) => imported(sha256(raw).toString('hex'))));
    expectProblem(refused, 409, 'key_already_known');
    expectProblem(await machines.read(fresh), 401);
    const rows = await view.query('SELECT id FROM api_key_secrets WHERE secret_hash = $1', [sha256(fresh)]);
    expect(rows).toEqual([]);
  });

  it('K07: nobody is given by import what they may not do', async () => {
    const hash = () => sha256(randomBytes(8).toString('hex')).toString('hex');
    const narrow = await Machines.open(app, ['read:sessions']);
    const keys = [imported(hash(), { service_account_id: narrow.accountPath.split('/').at(-1) })];
    expectProblem(await narrow.asOperator('POST', '/v1/admin/api-keys/import', { keys }), 422, 'invalid_scope');
    expectProblem(await importing(keys), 404, 'service_account_not_found');
    const { userId } = await app.api.signUp(machines.tenant);
    expectProblem(
      await importing([imported(hash(), { service_account_id: undefined, user_id: userId })]),
      422,
      'invalid_scope',
    );
    expectProblem(await importing([imported(hash(), { user_id: userId })]), 400, 'validation_failed');
    expectProblem(await importing([imported('abc')]), 400, 'validation_failed');
    expectProblem(await importing([]), 400, 'validation_failed');
  });
});
