import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { isDead } from '../../support/session-checks.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

let app: TestApp;
let view: OwnerView;
let tenant: TestTenant;
let token: string;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  view = await OwnerView.open(app.database);
  tenant = await app.createTenant();
  token = await app.operatorOf(tenant.scope.appId);
});
afterAll(async () => {
  await view.close();
  await app.close();
});

const query = (): Record<string, string> => ({ app_id: tenant.scope.appId });
const create = (slug: string, more: object = {}): Promise<Answer> =>
  app.api.post('/v1/environments', { token, query: query(), body: { name: slug, slug, type: 'development', ...more } });
const call = (method: string, path: string, body?: object): Promise<Answer> =>
  app.api.request(method, `/v1/environments/${path}`, { token, query: query(), ...(body && { body }) });

describe('an environment', () => {
  it('is renamed, described and recoloured, for the version that was read', async () => {
    const made = await create('preview', { color: '#123456' });
    const id = made.body.id as string;
    const read = await call('GET', id);
    const headers = { 'if-match': read.headers.etag as string };
    const path = `/v1/environments/${id}`;
    const options = { token, query: query(), headers };
    const changed = await app.api.patch(path, { ...options, body: { name: 'Preview 2', description: 'For eyes' } });
    expect(changed.body).toMatchObject({ name: 'Preview 2', description: 'For eyes', color: '#123456' });
    expectProblem(await app.api.patch(path, { ...options, body: { name: 'Lost' } }), 412, 'precondition_failed');
    expectProblem(await create('preview'), 409, 'environment_slug_taken');
  });

  it('is what a call means that names none, once it is the default; there is never another one', async () => {
    const other = await app.createTenant();
    const staging = await app.environmentOf(other.scope.appId, 'staging');
    const options = { token: await app.operatorOf(other.scope.appId), query: { app_id: other.scope.appId } };
    const path = `/v1/environments/${staging.scope.envId}/set-default`;
    expect((await app.api.post(path, options)).body).toEqual({ status: 'default environment updated' });
    const { body } = await app.api.get('/v1/environments', options);
    const environments = body.environments as { id: string; is_default: boolean }[];
    expect(environments.filter(({ is_default }) => is_default).map(({ id }) => id)).toEqual([staging.scope.envId]);
    const person = { email: 'p@example.com', password: 'correct horse battery staple' };
    const signedUp = await app.api.post('/v1/signup', { body: { app_id: other.scope.appId, ...person } });
    expect((signedUp.body.user as { env_id: string }).env_id).toBe(staging.scope.envId);
  });

  it('that becomes the default twenty times at once is the only default after each', async () => {
    const ids = (
      await view.query<{ id: string }>('SELECT id FROM environments WHERE app_id = $1', [tenant.scope.appId])
    ).map(({ id }) => id);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => call('POST', `${ids[index % ids.length] ?? ''}/set-default`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    const defaults = await view.query('SELECT id FROM environments WHERE app_id = $1 AND is_default', [
      tenant.scope.appId,
    ]);
    expect(defaults).toHaveLength(1);
    await call('POST', `${tenant.scope.envId}/set-default`);
  });

  it('that is the default one cannot be deleted', async () => {
    expectProblem(await call('DELETE', tenant.scope.envId), 400, 'default_environment_protected');
  });

  it('R177: that is deleted is dead at once, with its keys, sessions and tokens; soon no row of it remains', async () => {
    const { body } = await create('doomed');
    const id = body.id as string;
    const [key] = body.publishable_keys as string[];
    const doomed = { scope: { ...tenant.scope, envId: id }, publishableKey: key ?? '' } as TestTenant;
    const person = await app.api.signUp(doomed);
    expect((await call('DELETE', id)).body).toEqual({ status: 'deleted' });
    expect(await isDead(app, person)).toBe(true);
    expectProblem(await app.api.get('/v1/client-config', { query: { key: key ?? '' } }), 404);
    expectProblem(await call('GET', id), 404, 'environment_not_found');
    expectProblem(await call('DELETE', id), 404, 'environment_not_found');
    expect((await create('doomed')).status).toBe(201);
    app.clock.advance(60_000);
    await app.drain();
    const dump = await view.dump();
    dump.forEach((rows, table) => {
      if (/^audit_entries|^outbox$/.test(table)) return;
      expect([table, rows.filter((row) => row.includes(id))]).toEqual([table, []]);
    });
    expect(await view.query('SELECT id FROM outbox WHERE env_id = $1', [id])).toEqual([]);
  });
});

describe('the settings of an environment', () => {
  it('show what holds, what the type gives and what was set; null inherits again', async () => {
    const { body } = await create('tuned', { settings: { token_ttl_seconds: 600, skip_email_verification: false } });
    const id = body.id as string;
    expect(body.settings).toEqual({ token_ttl_seconds: 600, skip_email_verification: false });
    const shown = await call('GET', `${id}/settings`);
    expect(shown.body).toMatchObject({
      settings: { token_ttl_seconds: 600, skip_email_verification: false, password_min_length: 8 },
      type_defaults: { token_ttl_seconds: 3_600, skip_email_verification: true },
      overrides: { token_ttl_seconds: 600, skip_email_verification: false },
    });
    const patched = await call('PATCH', `${id}/settings`, { token_ttl_seconds: null, max_active_sessions: 2 });
    expect(patched.body.settings).toEqual({ skip_email_verification: false, max_active_sessions: 2 });
    expect((await call('GET', `${id}/settings`)).body.settings).toMatchObject({ token_ttl_seconds: 3_600 });
  });

  it('are refused by name when they are out of range, and nothing of the request is stored', async () => {
    const { body } = await create('strict');
    const path = `${body.id as string}/settings`;
    const wrong = [
      { token_ttl_seconds: 0 },
      { token_format: 'paper' },
      { allowed_origins: ['*'] },
      { password_min_length: 7 },
      { lockout_max_attempts: '5' },
    ];
    for (const settings of wrong) {
      const answer = await call('PATCH', path, { max_active_sessions: 9, ...settings });
      expectProblem(answer, 400, 'validation_failed');
      expect(answer.text).toContain(Object.keys(settings)[0]);
    }
    expect((await call('GET', path)).body.overrides).toEqual({});
  });

  it('are refused where a more general level has decided', async () => {
    const other = await app.createTenant();
    const operator = await app.operatorOf(other.scope.appId);
    const enforced = { scope: 'app', scope_id: other.scope.appId, value: true };
    await app.api.put('/v1/admin/settings/enforce/session.bind_to_ip', { token: operator, body: enforced });
    const answer = await app.api.patch(`/v1/environments/${other.scope.envId}/settings`, {
      token: operator,
      query: { app_id: other.scope.appId },
      body: { bind_to_ip: false },
    });
    expectProblem(answer, 409, 'setting_enforced');
  });
});

describe('publishable keys', () => {
  it('can be added and retired: a new one works at once, a retired one names nothing any more', async () => {
    const path = `${tenant.scope.envId}/publishable-keys`;
    const added = await call('POST', path);
    expect(added.status).toBe(201);
    const second = { ...tenant, publishableKey: added.body.key as string };
    await app.api.signUp(second);
    expect((await call('DELETE', `${path}/${added.body.id as string}`)).body).toEqual({ status: 'retired' });
    const signUp = { email: 'late@example.com', password: 'correct horse battery staple' };
    expectProblem(await app.api.post('/v1/signup', { tenant: second, body: signUp }), 400, 'unknown_tenant');
    await app.api.signUp(tenant);
    expectProblem(await call('DELETE', `${path}/${added.body.id as string}`), 404, 'publishable_key_not_found');
    const listed = (await call('GET', path)).body.publishable_keys as { id: string; retired_at?: string }[];
    expect(listed).toHaveLength(2);
    expect(listed.find(({ id }) => id === added.body.id)?.retired_at).toBeDefined();
  });
});
