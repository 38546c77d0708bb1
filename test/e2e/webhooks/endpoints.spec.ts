import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem } from '../../support/expect-problem.js';
import { HookedApp } from './hooked-app.js';

const GOOD = { url: 'https://example.com/hooks', events: ['user.*'] };

describe('webhooks under administration', () => {
  let on: HookedApp;

  beforeAll(async () => {
    on = await HookedApp.start();
  });
  afterAll(() => on.close());

  const create = (body: object = {}) => on.ask('POST', '/v1/webhooks', { ...GOOD, ...body });

  it('R229: the secret is shown when it is made, is long, unique, and shown no more', async () => {
    const [one, two] = [await create(), await create()];
    const { id, secret } = one.body as { id: string; secret: string };
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(two.body.secret).not.toBe(secret);
    const read = await on.ask('GET', `/v1/webhooks/${id}`);
    const list = await on.ask('GET', '/v1/webhooks');
    const patched = await on.ask('PATCH', `/v1/webhooks/${id}`, { description: 'Mine' });
    for (const answer of [read, list, patched]) expect(answer.text).not.toContain('whsec_');
  });

  it('are created, read, listed, changed and deleted as clients know it', async () => {
    const created = await create({ description: 'CRM' });
    expect(created.status).toBe(201);
    const { secret, ...webhook } = created.body as Record<string, unknown>;
    expect(secret).toMatch(/^whsec_/);
    expect(webhook).toMatchObject({
      app_id: on.tenant.scope.appId,
      env_id: on.tenant.scope.envId,
      url: GOOD.url,
      events: GOOD.events,
      active: true,
      description: 'CRM',
    });
    const path = `/v1/webhooks/${webhook.id as string}`;
    expect((await on.ask('GET', path)).body).toEqual(webhook);
    expect((await on.ask('GET', '/v1/webhooks')).body.webhooks).toContainEqual(webhook);
    const changed = await on.ask('PATCH', path, { events: ['org.*'], active: false, description: '' });
    expect(changed.body).toMatchObject({ events: ['org.*'], active: false });
    expect(changed.body).not.toHaveProperty('description');
    expect((await on.ask('DELETE', path)).body).toEqual({ status: 'deleted' });
    expectProblem(await on.ask('GET', path), 404, 'webhook_not_found');
  });

  it('say which headers they carry, and never what is in them', async () => {
    const created = await create({ headers: { Authorization: 'Bearer of-the-receiver', 'X-Tenant': 'acme' } });
    expect(created.body.header_names).toEqual(['authorization', 'x-tenant']);
    expect(created.text).not.toContain('of-the-receiver');
  });

  it.each([
    ['the host', { Host: 'inner' }],
    ['a signature', { 'webhook-signature': 'v1,x' }],
    ['the length', { 'Content-Length': '0' }],
    ['a line break', { 'x-a': 'b\r\nx-c: d' }],
    ['a number', { 'x-a': 1 }],
    ['an odd name', { 'x a': 'b' }],
    ['one in two spellings', { 'x-a': 'b', 'X-A': 'c' }],
  ])('refuse to carry %s', async (_, headers) => {
    expectProblem(await create({ headers }), 400, 'validation_failed');
  });

  it.each([
    'http://example.com/',
    'https://localhost/',
    'https://app.localhost/',
    'https://127.0.0.1/',
    'https://127.0.0.1./',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://017700000001/',
    'https://0.0.0.0/',
    'https://10.0.0.1/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data',
    'https://192.168.1.1/',
    'https://[::1]/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://metadata.google.internal/',
    'https://user:pass@example.com/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'ftp://example.com/',
    'javascript:alert(1)',
    'not a url',
  ])('R222, R225: %s is refused when it is set', async (url) => {
    expectProblem(await create({ url }), 422, 'webhook_url_refused');
    const { body } = await create();
    expectProblem(await on.ask('PATCH', `/v1/webhooks/${body.id as string}`, { url }), 422, 'webhook_url_refused');
  });

  it.each([['user.creatd'], ['nobody.*'], ['user*'], ['*.created']])('R233: %s names no event', async (name) => {
    expectProblem(await create({ events: [name] }), 422, 'unknown_event');
  });

  it('R237: an environment has only so many', async () => {
    const tenant = await on.app.createTenant();
    const token = await on.app.operatorOf(tenant.scope.appId);
    const query = { app_id: tenant.scope.appId };
    const scope = { scope: 'app', scope_id: tenant.scope.appId };
    const set = await on.app.api.put('/v1/admin/settings/values/webhooks.max_endpoints', {
      token,
      query,
      body: { value: 2, ...scope },
    });
    expect(set.status).toBe(200);
    const all = await Promise.all(
      Array.from({ length: 6 }, () => on.app.api.post('/v1/webhooks', { token, query, body: GOOD })),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409, 409, 409]);
  });

  it('R236: nobody but an administrator reaches them', async () => {
    const { body } = await create();
    const person = await on.app.api.signUp(on.tenant);
    const stranger = await on.app.createTenant();
    const theirs = await on.app.operatorOf(stranger.scope.appId);
    const routes = [
      ['GET', '/v1/webhooks'],
      ['POST', '/v1/webhooks'],
      ['GET', `/v1/webhooks/${body.id as string}`],
      ['PATCH', `/v1/webhooks/${body.id as string}`],
      ['DELETE', `/v1/webhooks/${body.id as string}`],
      ['GET', `/v1/webhooks/${body.id as string}/deliveries`],
      ['POST', `/v1/webhooks/${body.id as string}/replay`],
      ['POST', `/v1/webhooks/${body.id as string}/test`],
      ['GET', '/v1/events'],
    ] as const;
    const query = { app_id: on.tenant.scope.appId };
    for (const [method, path] of routes) {
      const content = method === 'GET' || method === 'DELETE' ? {} : { body: GOOD };
      expectProblem(await on.app.api.request(method, path, { query, ...content }), 401);
      expectProblem(await on.app.api.request(method, path, { token: person.token, query, ...content }), 403);
      expectProblem(await on.app.api.request(method, path, { token: theirs, query, ...content }), [403, 404]);
    }
    const own = { app_id: stranger.scope.appId };
    expectProblem(
      await on.app.api.get(`/v1/webhooks/${body.id as string}`, { token: theirs, query: own }),
      404,
      'webhook_not_found',
    );
  });

  it('the catalogue names every event, with a schema and an example that fits it', async () => {
    const { body } = await on.app.api.get('/v1/webhooks/events');
    const events = body.events as { name: string; schema: { required: string[] }; example: object }[];
    expect(events.length).toBeGreaterThan(70);
    expect(events.find(({ name }) => name === 'user.created')).toMatchObject({
      description: expect.any(String),
      schema: { type: 'object', required: ['user_id', 'email'] },
      example: { user_id: expect.stringMatching(/^ausr_/) },
    });
    for (const { schema, example } of events)
      expect(Object.keys(example)).toEqual(expect.arrayContaining(schema.required));
  });

  it('travel between environments with new secrets, and without headers', async () => {
    const { appId, envId } = on.tenant.scope;
    const url = 'https://travels.example.com/hooks';
    const secret = (await create({ url, headers: { 'x-key': 'of-the-receiver' } })).body.secret as string;
    const cloned = await on.ask('POST', `/v1/environments/${envId}/clone`, {
      name: 'Copy',
      slug: `copy-${Date.now().toString(36)}`,
      type: 'development',
    });
    expect(cloned.status).toBe(201);
    expect(cloned.body.webhooks_cloned).toBeGreaterThan(0);
    expect(cloned.text).not.toContain(secret);
    const copy = (cloned.body.environment as { id: string }).id;
    const { body } = await on.app.api.get('/v1/webhooks', {
      token: await on.operator(),
      query: { app_id: appId, limit: '100' },
      headers: { 'x-authsome-environment': copy },
    });
    const found = (body.webhooks as { url: string }[]).find((webhook) => webhook.url === url);
    expect(found).toMatchObject({ env_id: copy, active: true });
    expect(found).not.toHaveProperty('header_names');
  });
});
