import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SYSTEM_ACTOR } from '../../../src/kernel/audit/audit-trail.js';
import type { Id } from '../../../src/kernel/ids/id.js';
import { OperatorsService } from '../../../src/operators/operators.service.js';
import { asOwner } from '../../support/as-owner.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { me } from '../../support/session-checks.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

let app: TestApp;
let tenant: TestTenant;
let owner: string;
let ownerId: Id<'user'>;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
  owner = await app.platformOwner();
  ownerId = (await me(app, owner)).body.id as Id<'user'>;
});
afterAll(() => app.close());

/** An operator of an app that nobody else uses. */
async function somebody(): Promise<{ userId: Id<'user'>; email: string; token: string }> {
  const token = await app.operatorOf((await app.createTenant()).scope.appId);
  const { body } = await me(app, token);
  return { userId: body.id as Id<'user'>, email: body.email as string, token };
}

const grantOwner = (body: object, token = owner) => app.api.post('/v1/admin/platform/owners', { token, body });
const revokeOwner = (userId: string, token = owner) => app.api.delete(`/v1/admin/platform/owners/${userId}`, { token });
const owners = async () =>
  (await asOwner<{ user_id: string }>(app, 'SELECT user_id FROM operators WHERE every_app')).map(
    ({ user_id }) => user_id,
  );
const reaches = async (token: string) =>
  (await app.api.get(`/v1/admin/apps/${tenant.scope.appId}`, { token })).status === 200;

describe('platform owners', () => {
  it('one makes another by e-mail or id, who reaches every app at once, and takes it back at once', async () => {
    const { userId, email, token } = await somebody();
    expect(await reaches(token)).toBe(false);
    expect((await grantOwner({ email })).body).toEqual({
      role_id: 'platform_owner',
      status: 'granted',
      user_id: userId,
    });
    expect((await grantOwner({ user_id: userId })).status).toBe(200);
    expect(await reaches(token)).toBe(true);
    expect((await revokeOwner(userId)).body).toEqual({ role_id: 'platform_owner', status: 'revoked', user_id: userId });
    expect(await reaches(token)).toBe(false);
    expectProblem(await revokeOwner(userId), 404, 'operator_not_found');
  });

  it('nobody else may, and only users of the platform app are named', async () => {
    const { userId, token } = await somebody();
    expectProblem(await grantOwner({ user_id: userId }, token), 403);
    expectProblem(await revokeOwner(ownerId, token), 403);
    const stranger = await app.api.signUp(tenant);
    expectProblem(await grantOwner({ user_id: stranger.userId }), 404, 'user_not_found');
    expectProblem(await grantOwner({ email: stranger.email }), 404, 'user_not_found');
    expectProblem(await grantOwner({}), 400);
    expectProblem(await grantOwner({ email: stranger.email, user_id: userId }), 400);
  });

  it('the last one stays', async () => {
    expectProblem(await revokeOwner(ownerId), 409, 'last_owner');
    expectProblem(await app.api.delete(`/v1/admin/operators/${ownerId}`, { token: owner }), 409, 'last_owner');
    expect(await owners()).toEqual([ownerId]);
  });

  it('of two owners who are revoked at the same moment one stays', async () => {
    const operators = app.get(OperatorsService);
    for (let trial = 0; trial < 10; trial += 1) {
      const { userId } = await somebody();
      await operators.grant({ userId }, 'every_app', SYSTEM_ACTOR);
      const outcomes = await Promise.allSettled([
        operators.revoke({ userId }, 'every_app', SYSTEM_ACTOR),
        operators.revoke({ userId: ownerId }, 'every_app', SYSTEM_ACTOR),
      ]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await owners()).toHaveLength(1);
      await operators.grant({ userId: ownerId }, 'every_app', SYSTEM_ACTOR);
      if ((await owners()).includes(userId)) await operators.revoke({ userId }, 'every_app', SYSTEM_ACTOR);
    }
  });
});

describe('operators of single apps', () => {
  it('are granted an app, listed with it, and lose it at once', async () => {
    const { userId, email, token } = await somebody();
    const { appId } = tenant.scope;
    const granted = await app.api.post('/v1/admin/operators', { token: owner, body: { email, app_id: appId } });
    expect(granted.status).toBe(201);
    expect(granted.body).toMatchObject({ user_id: userId, platform_owner: false });
    expect(granted.body.app_ids).toContain(appId);
    expect(await reaches(token)).toBe(true);
    const listed = await app.api.get('/v1/admin/operators', { token, query: { app_id: appId } });
    expect(listed.body.operators).toContainEqual(granted.body);
    expectProblem(await app.api.get('/v1/admin/operators', { token }), 403);
    await app.api.delete(`/v1/admin/operators/${userId}`, { token: owner, query: { app_id: appId } });
    expect(await reaches(token)).toBe(false);
    expectProblem(await app.api.get('/v1/admin/operators', { token, query: { app_id: appId } }), 403);
  });

  it('who lost everything is no operator any more', async () => {
    const { userId, token } = await somebody();
    expect((await app.api.delete(`/v1/admin/operators/${userId}`, { token: owner })).status).toBe(200);
    expectProblem(await app.api.get('/v1/admin/apps', { token }), 403);
    expectProblem(await app.api.delete(`/v1/admin/operators/${userId}`, { token: owner }), 404, 'operator_not_found');
  });

  it('an operator of one app grants nothing', async () => {
    const token = await app.operatorOf(tenant.scope.appId);
    const { userId } = await somebody();
    const body = { user_id: userId, app_id: tenant.scope.appId };
    expectProblem(await app.api.post('/v1/admin/operators', { token, body }), 403);
    expectProblem(await app.api.delete(`/v1/admin/operators/${userId}`, { token }), 403);
  });
});

describe('service accounts', () => {
  const path = '/v1/admin/service-accounts';
  const query = () => ({ app_id: tenant.scope.appId });
  const name = () => `machine-${randomBytes(4).toString('hex')}`;

  it('are created, read, listed, changed and deleted', async () => {
    const token = await app.operatorOf(tenant.scope.appId);
    const body = { ...query(), name: name(), description: 'Nightly', scopes: ['users:read'] };
    const created = await app.api.post(path, { token, body });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ ...body, active: true, id: expect.stringMatching(/^svc_/) });
    const one = `${path}/${String(created.body.id)}`;
    const read = await app.api.get(one, { token, query: query() });
    expect(read.body).toEqual(created.body);
    const list = await app.api.get(path, { token, query: query() });
    expect(list.body.service_accounts).toContainEqual(created.body);
    const changes = { description: '', active: false };
    const headers = { 'if-match': String(read.headers.etag) };
    const changed = await app.api.patch(one, { token, query: query(), body: changes, headers });
    expect(changed.body).toMatchObject({ name: body.name, active: false, scopes: ['users:read'] });
    expect(changed.body).not.toHaveProperty('description');
    expectProblem(await app.api.patch(one, { token, query: query(), body: changes, headers }), 412);
    expect((await app.api.delete(one, { token, query: query() })).body).toEqual({ status: 'deleted' });
    expectProblem(await app.api.get(one, { token, query: query() }), 404, 'service_account_not_found');
  });

  it('a name is taken once in an app, and free in another', async () => {
    const other = await app.createTenant();
    const body = { ...query(), name: name() };
    expect((await app.api.post(path, { token: owner, body })).status).toBe(201);
    expectProblem(await app.api.post(path, { token: owner, body }), 409, 'service_account_name_taken');
    const elsewhere = { ...body, app_id: other.scope.appId };
    expect((await app.api.post(path, { token: owner, body: elsewhere })).status).toBe(201);
  });

  it('are out of reach for operators of other apps', async () => {
    const { body } = await app.api.post(path, { token: owner, body: { ...query(), name: name() } });
    const other = await app.createTenant();
    const token = await app.operatorOf(other.scope.appId);
    const one = `${path}/${String(body.id)}`;
    expectProblem(await app.api.get(one, { token, query: query() }), 403);
    expectProblem(await app.api.get(one, { token, query: { app_id: other.scope.appId } }), 404);
    expectProblem(await app.api.delete(one, { token, query: { app_id: other.scope.appId } }), 404);
  });
});
