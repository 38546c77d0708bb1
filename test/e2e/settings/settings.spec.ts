import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppsService } from '../../../src/apps/apps.service.js';
import { SYSTEM_ACTOR } from '../../../src/kernel/audit/audit-trail.js';
import { defineSetting } from '../../../src/settings/setting-definition.js';
import { settingPlace } from '../../../src/settings/setting-place.js';
import { text } from '../../../src/settings/setting-types.js';
import { SettingsReader } from '../../../src/settings/settings-reader.js';
import type { Answer } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const TTL = 'session.token_ttl_seconds';

const LOCALE = defineSetting({
  key: 'spec.locale',
  displayName: 'Language',
  description: 'The language of messages.',
  type: text(10),
  scopes: ['global', 'app', 'environment', 'user'],
  default: () => 'en',
});
const SECRET = defineSetting({
  key: 'spec.secret',
  displayName: 'Secret',
  description: 'A secret of another service.',
  type: text(100),
  scopes: ['app'],
  default: () => '',
  sensitive: true,
});
defineSetting({
  key: 'spec.free',
  displayName: 'Free',
  description: 'Nobody may enforce it.',
  type: text(10),
  scopes: ['global', 'app'],
  default: () => '',
  enforceable: false,
});

let app: TestApp;
let view: OwnerView;
let owner: string;
let tenant: TestTenant;
let operator: string;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  view = await OwnerView.open(app.database);
  owner = await app.platformOwner();
  tenant = await app.createTenant();
  operator = await app.operatorOf(tenant.scope.appId);
});
afterAll(async () => {
  await view.close();
  await app.close();
});

const appId = (): string => tenant.scope.appId;
const set = (key: string, body: object, token = operator): Promise<Answer> =>
  app.api.put(`/v1/admin/settings/values/${key}`, { token, body });
const enforce = (key: string, body: object, token = operator): Promise<Answer> =>
  app.api.put(`/v1/admin/settings/enforce/${key}`, { token, body });
const remove = (key: string, query: Record<string, string>, token = operator): Promise<Answer> =>
  app.api.delete(`/v1/admin/settings/values/${key}`, { token, query });
async function resolve(key: string, query: Record<string, string>, token = operator) {
  const answer = await app.api.get(`/v1/admin/settings/resolve/${key}`, { token, query });
  expect(answer.status).toBe(200);
  return answer.body.setting as Record<string, unknown> & { scope_values: { scope: string; value: unknown }[] };
}

describe('definitions', () => {
  it('are listed by namespace, with type, schema, default and levels', async () => {
    const { body } = await app.api.get('/v1/admin/settings/definitions/session', { token: operator });
    const [group] = body.groups as { namespace: string; definitions: Record<string, unknown>[] }[];
    expect(group?.namespace).toBe('session');
    expect(group?.definitions.find(({ key }) => key === TTL)).toMatchObject({
      type: 'int',
      default: 3_600,
      scopes: ['global', 'app', 'environment'],
      enforceable: true,
      sensitive: false,
      schema: { minimum: 1, maximum: 86_400 },
    });
    expectProblem(
      await app.api.get('/v1/admin/settings/definitions/nothing', { token: operator }),
      404,
      'setting_not_found',
    );
  });

  it('need no query, and every field of the list is optional', async () => {
    const all = await app.api.get('/v1/admin/settings/definitions', { token: operator });
    const some = await app.api.get('/v1/admin/settings/definitions', { token: operator, query: { namespace: 'auth' } });
    expect(all.body.total as number).toBeGreaterThan(some.body.total as number);
  });
});

describe('values', () => {
  it('hold from the most general level to the most specific, and the answer says which level decided', async () => {
    const person = await app.api.signUp(tenant);
    const of = { app_id: appId(), user_id: person.userId };
    expect(await resolve(LOCALE.key, of)).toMatchObject({ effective_value: 'en', source: 'default' });
    await set(LOCALE.key, { scope: 'global', value: 'fr' }, owner);
    await set(LOCALE.key, { scope: 'app', scope_id: appId(), value: 'de' });
    await set(LOCALE.key, { scope: 'environment', app_id: appId(), scope_id: tenant.scope.envId, value: 'it' });
    expect(await resolve(LOCALE.key, of)).toMatchObject({ effective_value: 'it', source: 'environment' });
    await set(LOCALE.key, { scope: 'user', app_id: appId(), scope_id: person.userId, value: 'es' });
    const resolved = await resolve(LOCALE.key, of);
    expect(resolved).toMatchObject({ effective_value: 'es', source: 'user', can_override: true });
    expect(resolved.scope_values.map(({ scope, value }) => `${scope} ${String(value)}`)).toEqual([
      'global fr',
      'app de',
      'environment it',
      'user es',
    ]);
    expect((await remove(LOCALE.key, { scope: 'global' }, owner)).body).toEqual({ status: 'deleted' });
  });

  it('that are enforced hold for everything below, and writes below are refused', async () => {
    const other = await app.createTenant();
    const others = await app.operatorOf(other.scope.appId);
    const below = { scope: 'environment', app_id: other.scope.appId, scope_id: other.scope.envId, value: 'it' };
    expect((await set(LOCALE.key, below, others)).status).toBe(200);
    const enforced = await enforce(LOCALE.key, { scope: 'app', scope_id: other.scope.appId, value: 'nl' }, others);
    expect(enforced.body).toMatchObject({ status: 'enforced', value: 'nl' });
    expect(await resolve(LOCALE.key, { app_id: other.scope.appId, env_id: other.scope.envId }, others)).toMatchObject({
      effective_value: 'nl',
      source: 'app',
      enforced_at: 'app',
      can_override: false,
    });
    expectProblem(await set(LOCALE.key, below, others), 409, 'setting_enforced');
    const query = { scope: 'app', scope_id: other.scope.appId };
    const lifted = await app.api.delete(`/v1/admin/settings/enforce/${LOCALE.key}`, { token: others, query });
    expect(lifted.body).toEqual({ status: 'unenforced' });
    expect(await resolve(LOCALE.key, { app_id: other.scope.appId, env_id: other.scope.envId }, others)).toMatchObject({
      effective_value: 'it',
      can_override: true,
    });
    expectProblem(
      await app.api.delete(`/v1/admin/settings/enforce/${LOCALE.key}`, { token: others, query }),
      404,
      'setting_not_set',
    );
  });

  it('are refused by name when the definition does not accept them, their level or their enforcement', async () => {
    const at = { scope: 'app', scope_id: appId() };
    for (const value of [0, 86_401, 1.5, 'soon', true, [], {}]) {
      expectProblem(await set(TTL, { ...at, value }), 400, 'validation_failed');
    }
    expectProblem(await set(SECRET.key, { scope: 'global', value: 'x' }, owner), 400, 'setting_scope_not_allowed');
    expectProblem(await set(LOCALE.key, { scope: 'organization', scope_id: 'aorg_x', value: 'x' }), 400);
    expectProblem(await enforce('spec.free', { ...at, value: 'x' }), 400, 'setting_not_enforceable');
    expectProblem(await set('spec.nothing', { ...at, value: 'x' }), 404, 'setting_not_found');
    expectProblem(await set(TTL, at), 400, 'validation_failed');
    expect(await resolve(TTL, { app_id: appId() })).toMatchObject({ effective_value: 3_600, source: 'default' });
  });

  it('may come as the text of their JSON, as existing clients send them', async () => {
    const answer = await set(TTL, { scope: 'app', app_id: appId(), value: '900' });
    expect(answer.body).toMatchObject({ value: 900, scope: 'app', scope_id: appId(), status: 'updated' });
    await remove(TTL, { scope: 'app', scope_id: appId() });
  });

  it('are really applied: the next session has the lifetime that was set, on the narrowest level that says so', async () => {
    const lifetimeOf = async (): Promise<number> => {
      const answer = await app.api.post('/v1/signup', {
        tenant,
        body: { email: `${Math.random()}@example.com`, password: 'correct horse battery staple' },
      });
      return (Date.parse(answer.body.expires_at as string) - app.clock.nowMs()) / 1_000;
    };
    expect(await lifetimeOf()).toBe(3_600);
    await set(TTL, { scope: 'global', value: 1_200 }, owner);
    expect(await lifetimeOf()).toBe(1_200);
    await set(TTL, { scope: 'app', scope_id: appId(), value: 600 });
    expect(await lifetimeOf()).toBe(600);
    await set(TTL, { scope: 'environment', app_id: appId(), scope_id: tenant.scope.envId, value: 300 });
    expect(await lifetimeOf()).toBe(300);
    await enforce(TTL, { scope: 'global', value: 120 }, owner);
    expect(await lifetimeOf()).toBe(120);
    await remove(TTL, { scope: 'global' }, owner);
    await remove(TTL, { scope: 'app', scope_id: appId() });
    await remove(TTL, { scope: 'environment', app_id: appId(), scope_id: tenant.scope.envId });
    expect(await lifetimeOf()).toBe(3_600);
  });

  it('a limit that an environment sets for sign-ins counts per address, besides the deployment’s', async () => {
    const { publishableKey, scope } = await app.environmentOf(tenant.scope.appId, 'staging');
    const limited: TestTenant = { publishableKey, scope };
    const at = { scope: 'environment', app_id: appId(), scope_id: scope.envId };
    await set('limits.signin', { ...at, value: 2 });
    const tries: number[] = [];
    for (let count = 0; count < 4; count += 1) {
      const body = { email: 'nobody@example.com', password: 'not the password' };
      tries.push((await app.api.post('/v1/signin', { tenant: limited, body, remoteAddress: '203.0.113.50' })).status);
    }
    expect(tries).toEqual([401, 401, 429, 429]);
    await remove('limits.signin', { scope: 'environment', app_id: appId(), scope_id: scope.envId });
  });

  it('a longer password and an earlier lockout are demanded where a tenant sets them', async () => {
    const strict = await app.createTenant();
    const token = await app.operatorOf(strict.scope.appId);
    const at = { scope: 'app', scope_id: strict.scope.appId };
    await set('password.min_length', { ...at, value: 20 }, token);
    await set('lockout.max_attempts', { ...at, value: 2 }, token);
    const weak = { email: 'a@example.com', password: 'nineteen characters' };
    expectProblem(await app.api.post('/v1/signup', { tenant: strict, body: weak }), 400, 'weak_password');
    const person = await app.api.signUp(strict, { password: 'twenty characters, see' });
    const wrong = { email: person.email, password: 'not the password at all' };
    const statuses: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      statuses.push((await app.api.post('/v1/signin', { tenant: strict, body: wrong })).status);
    }
    expect(statuses).toEqual([401, 401, 429]);
  });
});

describe('sensitive values', () => {
  it('R309, R313: are sealed, never shown again, and read back by the code that needs them', async () => {
    const place = { scope: 'app', scope_id: appId() };
    const answer = await set(SECRET.key, { ...place, value: 'a very secret value' });
    expect(answer.body.value).toBe('********');
    const resolved = await resolve(SECRET.key, { app_id: appId() });
    expect(resolved.effective_value).toBe('********');
    expect(resolved.scope_values[0]?.value).toBe('********');
    const history = await app.api.get(`/v1/admin/settings/history/${SECRET.key}`, { token: operator, query: place });
    expect(history.text).not.toContain('a very secret value');
    const rows = await view.query<{ line: string }>(
      `SELECT to_jsonb(t)::text AS line FROM setting_values t UNION ALL SELECT to_jsonb(t)::text FROM setting_changes t
       UNION ALL SELECT to_jsonb(t)::text FROM audit_entries t UNION ALL SELECT to_jsonb(t)::text FROM outbox t`,
    );
    expect(rows.filter(({ line }) => line.includes('a very secret value'))).toEqual([]);
    expect(await app.get(SettingsReader).value(settingPlace.app(tenant.scope), SECRET)).toBe('a very secret value');
  });

  it('R310: do not open when they are moved to another place', async () => {
    const other = await app.createTenant();
    const token = await app.operatorOf(other.scope.appId);
    await set(SECRET.key, { scope: 'app', scope_id: other.scope.appId, value: 'mine' }, token);
    await view.query(
      `UPDATE setting_values SET sealed = (SELECT sealed FROM setting_values WHERE key = $1 AND scope_id = $2)
       WHERE key = $1 AND scope_id = $3`,
      [SECRET.key, appId(), other.scope.appId],
    );
    await expect(app.get(SettingsReader).value(settingPlace.app(other.scope), SECRET)).rejects.toThrow();
  });
});

describe('history', () => {
  it('names every change with who made it, newest first, page by page', async () => {
    const { scope } = await app.createTenant();
    const token = await app.operatorOf(scope.appId);
    const at = { scope: 'app', scope_id: scope.appId };
    for (const value of ['a', 'b', 'c']) await set(LOCALE.key, { ...at, value }, token);
    await set(LOCALE.key, { ...at, value: 'c' }, token);
    await remove(LOCALE.key, at, token);
    const path = `/v1/admin/settings/history/${LOCALE.key}`;
    const first = await app.api.get(path, { token, query: { ...at, limit: '3' } });
    const second = await app.api.get(path, { token, query: { ...at, cursor: first.body.next_cursor as string } });
    const changes = [...(first.body.changes as object[]), ...(second.body.changes as object[])];
    expect(changes).toMatchObject([
      { action: 'deleted', before: 'c' },
      { action: 'set', before: 'b', after: 'c' },
      { action: 'set', before: 'a', after: 'b' },
      { action: 'set', after: 'a', changed_by: expect.stringMatching(/^ausr_/) },
    ]);
    expect(second.body.next_cursor).toBeUndefined();
  });

  it('R175: takes no cursor of another setting', async () => {
    const at = { scope: 'app', scope_id: appId() };
    for (const value of ['x', 'y', 'z']) await set(LOCALE.key, { ...at, value });
    const path = `/v1/admin/settings/history/${LOCALE.key}`;
    const { body } = await app.api.get(path, { token: operator, query: { ...at, limit: '1' } });
    const cursor = body.next_cursor as string;
    const foreign = await app.api.get(`/v1/admin/settings/history/${TTL}`, {
      token: operator,
      query: { ...at, cursor },
    });
    expectProblem(foreign, 400, 'malformed_cursor');
  });
});

describe('who may', () => {
  it('R170: an operator reaches no level of an app that is not theirs, and not the deployment', async () => {
    const other = await app.createTenant();
    const person = await app.api.signUp(other);
    const places: readonly (readonly [object, number])[] = [
      [{ scope: 'global' }, 403],
      [{ scope: 'app', scope_id: other.scope.appId }, 403],
      [{ scope: 'app', app_id: appId(), scope_id: other.scope.appId }, 400],
      [{ scope: 'environment', app_id: other.scope.appId, scope_id: other.scope.envId }, 403],
      [{ scope: 'environment', app_id: appId(), scope_id: other.scope.envId }, 404],
      [{ scope: 'environment', scope_id: tenant.scope.envId }, 400],
      [{ scope: 'user', app_id: other.scope.appId, scope_id: person.userId }, 403],
      [{ scope: 'user', app_id: appId(), scope_id: person.userId }, 404],
      [{ scope: 'user', app_id: appId(), scope_id: 'nonsense' }, 400],
    ];
    const before = await view.rowsOf(other.scope.appId);
    for (const [place, status] of places) {
      expectProblem(await set(LOCALE.key, { ...place, value: 'evil' }), status);
      expectProblem(await enforce(LOCALE.key, { ...place, value: 'evil' }), status);
      const query = place as Record<string, string>;
      expectProblem(await remove(LOCALE.key, query), status);
      expectProblem(await app.api.get(`/v1/admin/settings/history/${LOCALE.key}`, { token: operator, query }), status);
    }
    expect(await view.rowsOf(other.scope.appId)).toEqual(before);
    const query = { app_id: other.scope.appId };
    expectProblem(await app.api.get('/v1/admin/settings/resolve', { token: operator, query }), 403, 'foreign_tenant');
  });

  it('a value goes with what it was set on', async () => {
    const platform = await app.get(AppsService).create({ name: 'Gone', slug: 'gone' }, SYSTEM_ACTOR);
    await set(LOCALE.key, { scope: 'app', scope_id: platform.id, value: 'x' }, owner);
    expect((await app.api.delete(`/v1/admin/apps/${platform.id}`, { token: owner })).status).toBe(200);
    app.clock.advance(60_000);
    await app.drain();
    for (const table of ['setting_values', 'setting_changes']) {
      expect(await view.query(`SELECT id FROM ${table} WHERE app_id = $1`, [platform.id])).toEqual([]);
    }
  });
});
