import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppsService } from '../../../src/apps/apps.service.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { isDead, refresh, works } from '../../support/session-checks.js';
import { TestApp } from '../../support/test-app.js';

let app: TestApp;
let view: OwnerView;
let owner: string;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  view = await OwnerView.open(app.database);
  owner = await app.platformOwner();
});
afterAll(async () => {
  await view.close();
  await app.close();
});

describe('an app', () => {
  it('comes with three environments and a publishable key that works at once', async () => {
    const body = { name: 'Shop', slug: 'shop', description: 'Sells things' };
    const created = await app.api.post('/v1/admin/apps', { token: owner, body });
    expect(created.body).toMatchObject({ name: 'Shop', slug: 'shop', active: true, is_platform: false });
    const key = created.body.publishable_key as string;
    expect(key).toMatch(/^pk_test_[0-9a-f]{32}$/);
    const config = await app.api.get('/v1/client-config', { query: { key } });
    expect(config.body).toMatchObject({ app_id: created.body.id, branding: { app_name: 'Shop' } });
    const query = { app_id: created.body.id as string };
    const { body: list } = await app.api.get('/v1/environments', { token: owner, query });
    expect((list.environments as { type: string; is_default: boolean }[]).map(({ type }) => type)).toEqual([
      'development',
      'staging',
      'production',
    ]);
  });

  it('is changed by its operator, for the version that was read', async () => {
    const { scope } = await app.createTenant();
    const token = await app.operatorOf(scope.appId);
    const path = `/v1/admin/apps/${scope.appId}`;
    const read = await app.api.get(path, { token });
    const headers = { 'if-match': read.headers.etag as string };
    const changed = await app.api.patch(path, { token, headers, body: { name: 'New name', description: 'Words' } });
    expect(changed.body).toMatchObject({ name: 'New name', description: 'Words' });
    expectProblem(
      await app.api.patch(path, { token, headers, body: { name: 'Lost update' } }),
      412,
      'precondition_failed',
    );
    expect((await app.api.patch(path, { token, body: { description: '' } })).body.description).toBeUndefined();
  });

  it('two of one slug cannot be', async () => {
    const body = { name: 'One', slug: 'one-of-a-kind' };
    expect((await app.api.post('/v1/admin/apps', { token: owner, body })).status).toBe(200);
    expectProblem(await app.api.post('/v1/admin/apps', { token: owner, body }), 409, 'app_slug_taken');
    const { scope } = await app.createTenant();
    const patch = { token: owner, body: { slug: 'one-of-a-kind' } };
    expectProblem(await app.api.patch(`/v1/admin/apps/${scope.appId}`, patch), 409, 'app_slug_taken');
  });

  it('operators see the apps that they reach, and owners every one', async () => {
    const { scope } = await app.createTenant();
    const token = await app.operatorOf(scope.appId);
    const { body } = await app.api.get('/v1/admin/apps', { token });
    expect((body.apps as { id: string }[]).map(({ id }) => id)).toEqual([scope.appId]);
    const ids: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const query = { limit: '2', ...(cursor === '' ? {} : { cursor }) };
      const page = await app.api.get('/v1/admin/apps', { token: owner, query });
      ids.push(...(page.body.apps as { id: string }[]).map(({ id }) => id));
      cursor = page.body.next_cursor as string | undefined;
    }
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain(scope.appId);
  });
});

describe('an app that is switched off', () => {
  it('answers to nobody but its operators, until it is switched on again', async () => {
    const tenant = await app.createTenant();
    const token = await app.operatorOf(tenant.scope.appId);
    const person = await app.api.signUp(tenant);
    const path = `/v1/admin/apps/${tenant.scope.appId}`;
    expect((await app.api.patch(path, { token, body: { active: false } })).body.active).toBe(false);
    expect(await isDead(app, person)).toBe(true);
    const body = { email: person.email, password: person.password };
    expectProblem(await app.api.post('/v1/signin', { tenant, body }), 400, 'unknown_tenant');
    expect((await app.api.get(path, { token })).body.active).toBe(false);
    await app.api.patch(path, { token, body: { active: true } });
    expect(await works(app, await app.api.signIn(tenant, person))).toBe(true);
  });

  it('is never the platform', async () => {
    const platform = await app.get(AppsService).findPlatform();
    const path = `/v1/admin/apps/${platform?.id ?? ''}`;
    expectProblem(await app.api.patch(path, { token: owner, body: { active: false } }), 409, 'platform_protected');
    expectProblem(await app.api.delete(path, { token: owner }), 409, 'platform_protected');
  });
});

describe('an app that is deleted', () => {
  it('R177: is dead at once with its keys, sessions and tokens, and soon no row of it remains', async () => {
    const tenant = await app.createTenant();
    const { appId } = tenant.scope;
    const operator = await app.operatorOf(appId);
    const person = await app.api.signUp(tenant);
    expect((await app.api.delete(`/v1/admin/apps/${appId}`, { token: owner })).body).toEqual({ status: 'ok' });

    expectProblem(await app.api.get('/v1/me', { token: person.token }), 401);
    expectProblem(await refresh(app, person.refreshToken), 401, 'invalid_credentials');
    const inspected = await app.api.post('/v1/introspect', { body: { token: person.token } });
    expect(inspected.body).toEqual({ active: false });
    expectProblem(await app.api.get('/v1/client-config', { query: { key: tenant.publishableKey } }), 404);
    for (const token of [owner, operator]) {
      expectProblem(await app.api.get(`/v1/admin/apps/${appId}`, { token }), 403, 'foreign_tenant');
    }

    app.clock.advance(60_000);
    await app.drain();
    const dump = await view.dump();
    dump.forEach((rows, table) => {
      // What happened stays on record; who deleted it belongs to the platform.
      if (/^audit_entries|^outbox$/.test(table)) return;
      expect([table, rows.filter((row) => row.includes(appId))]).toEqual([table, []]);
    });
    expect(await view.query('SELECT id FROM outbox WHERE app_id = $1', [appId])).toEqual([]);
  });

  it('R177: a large one goes bit by bit, and leaves its slug to others at once', async () => {
    const body = { name: 'Large', slug: 'large' };
    const { body: made } = await app.api.post('/v1/admin/apps', { token: owner, body });
    const appId = made.id as string;
    await view.query(
      `INSERT INTO users (id, app_id, env_id, email, email_verified, phone_verified, first_name, last_name, metadata, banned, auth_epoch, version, created_at, updated_at)
       SELECT 'ausr_large' || n, $1, (SELECT id FROM environments WHERE app_id = $1 AND is_default), n || '@example.com', false, false, '', '', '{}', false, 1, 1, now(), now()
       FROM generate_series(1, 2500) n`,
      [appId],
    );
    expect((await app.api.delete(`/v1/admin/apps/${appId}`, { token: owner })).status).toBe(200);
    expect((await app.api.post('/v1/admin/apps', { token: owner, body })).status).toBe(200);
    app.clock.advance(60_000);
    await app.drain();
    expect(await view.query('SELECT id FROM users WHERE app_id = $1', [appId])).toEqual([]);
    expect(await view.query('SELECT id FROM apps WHERE id = $1', [appId])).toEqual([]);
  });

  it('can be deleted by a platform owner only', async () => {
    const { scope } = await app.createTenant();
    const token = await app.operatorOf(scope.appId);
    expectProblem(await app.api.delete(`/v1/admin/apps/${scope.appId}`, { token }), 403, 'insufficient_permissions');
  });
});
