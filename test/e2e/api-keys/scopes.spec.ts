import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { TestApp } from '../../support/test-app.js';
import { Machines } from './machines.js';

describe('scopes of API keys', () => {
  let app: TestApp;
  let machines: Machines;

  beforeAll(async () => {
    app = await TestApp.start();
    machines = await Machines.open(app);
  });
  afterAll(() => app.close());

  it('K18, R214: a key reads with read:users, and is told what it misses where write:users is required', async () => {
    const { rawKey } = await machines.key(['read:users']);
    expect((await machines.read(rawKey)).status).toBe(200);
    const refused = await machines.write(rawKey, uniqueEmail());
    expectProblem(refused, 403, 'insufficient_scope');
    expect(refused.body).toMatchObject({ required: ['write:users'], missing: ['write:users'] });
    expect(refused.headers['www-authenticate']).toMatch(/^Bearer .*error="insufficient_scope"/);
  });

  it.each([['read'], ['read:*'], ['*'], ['read:users']])('K19: %s covers read:users', async (scope) => {
    expect((await machines.read((await machines.key([scope])).rawKey)).status).toBe(200);
  });

  it.each([[[]], [['read:usersettings']], [['write']], [['read:users:email']]])(
    'K19, K21: %j does not',
    async (scopes) => {
      expectProblem(await machines.read((await machines.key(scopes)).rawKey), 403, 'insufficient_scope');
    },
  );

  it('K21: people are not measured by scopes', async () => {
    expect((await machines.asOperator('GET', '/v1/admin/users')).status).toBe(200);
  });

  it('R220: a route that declares no scope accepts no key, whatever its scopes', async () => {
    const { rawKey } = await machines.key(['*']);
    for (const path of ['/v1/me', '/v1/sessions', '/v1/keys', '/v1/admin/service-accounts']) {
      expectProblem(await app.api.get(path, { token: rawKey }), 403, 'key_not_accepted');
    }
  });

  it('K24, R214: a scope that is taken away or given counts at once', async () => {
    const { id, rawKey } = await machines.key(['read:users']);
    expect((await machines.read(rawKey)).status).toBe(200);
    await machines.must('PATCH', `/v1/keys/${id}`, { scopes: ['write:users'] });
    expectProblem(await machines.read(rawKey), 403, 'insufficient_scope');
    expect((await machines.write(rawKey, uniqueEmail())).status).toBe(200);
  });

  it('K22, R212: nobody gives a key more than they may do, and what they lose their keys lose', async () => {
    const person = await app.api.signUp(machines.tenant);
    const as = { token: person.token };
    const wanted = { name: 'Mine', scopes: ['read:webhooks'] };
    expectProblem(await app.api.post('/v1/keys', { ...as, body: wanted }), 422, 'invalid_scope');
    expectProblem(
      await app.api.post('/v1/keys', { ...as, body: { name: 'All', scopes: ['*'] } }),
      422,
      'invalid_scope',
    );
    const roles = await machines.must('GET', '/v1/roles');
    const admin = (roles.roles as { id: string; slug: string }[]).find(({ slug }) => slug === 'admin');
    await machines.must('POST', `/v1/roles/${String(admin?.id)}/assign`, { user_id: person.userId });
    const made = await app.api.post('/v1/keys', { ...as, body: wanted });
    expect(made.status).toBe(201);
    const token = made.body.key as string;
    expect((await app.api.get('/v1/webhooks', { token })).status).toBe(200);
    await machines.must('POST', `/v1/roles/${String(admin?.id)}/unassign`, { user_id: person.userId });
    expectProblem(await app.api.get('/v1/webhooks', { token }), 403, 'insufficient_permissions');
  });

  it('K22: who manages keys cannot rotate into their hands what they may not do themselves', async () => {
    const manager = await app.api.signUp(machines.tenant);
    const roles = await machines.must('GET', '/v1/roles');
    const admin = (roles.roles as { id: string; slug: string }[]).find(({ slug }) => slug === 'admin');
    await machines.must('POST', `/v1/roles/${String(admin?.id)}/assign`, { user_id: manager.userId });
    const rotate = (id: string) => app.api.post(`/v1/keys/${id}/rotate`, { token: manager.token, body: {} });
    for (const scopes of [['write:users'], ['*']]) {
      const strong = await machines.key(scopes);
      expectProblem(await rotate(strong.id), 422, 'invalid_scope');
      expect((await machines.write(strong.rawKey, uniqueEmail())).status).toBe(200);
    }
    expect((await rotate((await machines.key(['read:invoices'])).id)).status).toBe(200);
  });

  it('K22: what a service account loses its keys lose at once, and a change of a key goes no further', async () => {
    const own = await Machines.open(app, ['read:users', 'write:users']);
    const { id, rawKey } = await own.key(['write:users']);
    expect((await own.write(rawKey, uniqueEmail())).status).toBe(200);
    await own.must('PATCH', own.accountPath, { scopes: ['read:users'] });
    expectProblem(await own.write(rawKey, uniqueEmail()), 403, 'insufficient_scope');
    await own.must('PATCH', `/v1/keys/${id}`, { scopes: ['*'] });
    expectProblem(await own.write(rawKey, uniqueEmail()), 403, 'insufficient_scope');
    expect((await own.read(rawKey)).status).toBe(200);
  });

  it('K22: the keys of a service account stay within what the account was given', async () => {
    const narrow = await Machines.open(app, ['read:users']);
    const refused = await narrow.asOperator('POST', `${narrow.accountPath}/api-keys`, {
      name: 'CI',
      scopes: ['write:users'],
    });
    expectProblem(refused, 422, 'invalid_scope');
    expect((await narrow.read((await narrow.key(['read:users'])).rawKey)).status).toBe(200);
  });

  it('a key works only where its lists allow it', async () => {
    const { rawKey } = await machines.key(['*'], {
      allow: { ips: ['10.0.0.0/8'], methods: ['GET'], paths: ['/v1/admin/*'] },
    });
    const from = (remoteAddress: string) => machines.read(rawKey, { remoteAddress });
    expect((await from('10.1.2.3')).status).toBe(200);
    const elsewhere = await from('192.0.2.1');
    expectProblem(elsewhere, 403, 'key_not_allowed_here');
    expect(elsewhere.body.restriction).toBe('ip');
    const body = { email: uniqueEmail() };
    const written = await app.api.post('/v1/admin/users/create', { token: rawKey, body, remoteAddress: '10.1.2.3' });
    expect(written.body.restriction).toBe('method');
    const hooks = await app.api.get('/v1/webhooks', { token: rawKey, remoteAddress: '10.1.2.3' });
    expect(hooks.body.restriction).toBe('path');
  });

  it('one call verifies a key for another service: scopes, limits and use', async () => {
    const checker = await machines.key(['verify:keys']);
    const { id, rawKey } = await machines.key(['read:invoices'], {
      limits: { per_minute: 2 },
      metadata: { team: 'blue' },
    });
    const verify = (body: object) => app.api.post('/v1/keys/verify', { token: checker.rawKey, body });
    const good = await verify({ key: rawKey, scopes: 'read:invoices AND (read:invoices OR admin)' });
    expect(good.body).toMatchObject({ valid: true, key_id: id, metadata: { team: 'blue' } });
    const lacking = await verify({ key: rawKey, scopes: 'write:invoices' });
    expect(lacking.body).toMatchObject({ valid: false, code: 'insufficient_scope', missing: ['write:invoices'] });
    expect((await verify({ key: rawKey })).body).toMatchObject({ valid: true });
    expect((await verify({ key: rawKey })).body).toMatchObject({ valid: false, code: 'rate_limited' });
    expect((await verify({ key: 'nothing' })).body).toEqual({ valid: false, code: 'invalid_api_key' });
    const foreign = await (await Machines.open(app)).key([]);
    expect((await verify({ key: foreign.rawKey })).body).toEqual({ valid: false, code: 'invalid_api_key' });
    expectProblem(await verify({ key: rawKey, scopes: '(a' }), 400, 'validation_failed');
  });
});
