import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { asOwner } from '../../support/as-owner.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp } from '../../support/test-app.js';
import { RoleDesk } from './role-desk.js';

let app: TestApp;
let desk: RoleDesk;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
});
beforeEach(async () => {
  desk = await RoleDesk.open(app);
});
afterAll(() => app.close());

const move = (id: string, parent: string) => desk.call('PATCH', `/v1/roles/${id}`, { parent_id: parent });
const parentOf = async (id: string) => (await desk.call('GET', `/v1/roles/${id}`)).body.parent_id;

describe('the hierarchy of roles', () => {
  it('R202: a child has what its parent permits, and the parent nothing of the child’s', async () => {
    const parent = await desk.role('reader', { permits: ['read ledgers'] });
    const child = await desk.role('writer', { parent, permits: ['write ledgers'] });
    const [reader, writer] = [await desk.person(), await desk.person()];
    await desk.assign(parent, reader);
    await desk.assign(child, writer);
    const both = async (person: typeof reader) => [
      await desk.may(person, 'read ledgers'),
      await desk.may(person, 'write ledgers'),
    ];
    expect(await both(reader)).toEqual([true, false]);
    expect(await both(writer)).toEqual([true, true]);
  });

  it('R199: nobody stands under themselves, and checks still answer', async () => {
    const a = await desk.role('a', { permits: ['read ledgers'] });
    const b = await desk.role('b', { parent: a });
    const c = await desk.role('c', { parent: b });
    for (const parent of [a, b, c]) expectProblem(await move(a, parent), 409, 'role_cycle');
    expectProblem(await move(a, 'arol_01h2xcejqtf2nbrexx3vqjhp41'), 404, 'role_not_found');
    expect(await parentOf(a)).toBeUndefined();
    const person = await desk.person();
    await desk.assign(c, person);
    expect(await desk.may(person, 'read ledgers')).toBe(true);
  });

  it('R201: chains of 16 are the deepest, however they are built', async () => {
    const top = await desk.role('r1', { permits: ['read depths'] });
    let parent = top;
    for (let level = 2; level <= 16; level += 1) parent = await desk.role(`r${level}`, { parent });
    expectProblem(
      await desk.call('POST', '/v1/roles', { name: 'r17', slug: 'r17', parent_id: parent }),
      409,
      'roles_too_deep',
    );
    const above = await desk.role('above');
    expectProblem(await move(top, above), 409, 'roles_too_deep');
    const person = await desk.person();
    await desk.assign(parent, person);
    expect(await desk.may(person, 'read depths')).toBe(true);
  });

  it('an empty parent takes a role out, absent and null leave it where it is', async () => {
    const parent = await desk.role('above');
    const child = await desk.role('below', { parent });
    await desk.call('PATCH', `/v1/roles/${child}`, { name: 'Renamed', parent_id: null });
    expect(await parentOf(child)).toBe(parent);
    await move(child, '');
    expect(await parentOf(child)).toBeUndefined();
  });

  it('R204: a role of another environment or app is unknown: to read, to change, as a parent, to give', async () => {
    const [elsewhere, besides] = [
      await app.createTenant(),
      await app.environmentOf(desk.tenant.scope.appId, 'staging'),
    ];
    const own = await desk.role('own');
    const person = await desk.person();
    for (const tenant of [elsewhere, besides]) {
      const foreign = await (await RoleDesk.open(app, tenant)).role('foreign');
      expectProblem(await desk.call('GET', `/v1/roles/${foreign}`), 404, 'role_not_found');
      expectProblem(await desk.call('PATCH', `/v1/roles/${foreign}`, { name: 'x' }), 404, 'role_not_found');
      expectProblem(await desk.call('DELETE', `/v1/roles/${foreign}`), 404, 'role_not_found');
      expectProblem(await move(own, foreign), 404, 'role_not_found');
      expectProblem(await desk.assign(foreign, person), 404, 'role_not_found');
      const permission = { action: 'read', resource: 'x' };
      expectProblem(await desk.call('POST', `/v1/roles/${foreign}/permissions`, permission), 404, 'role_not_found');
    }
    const stranger = await app.api.signUp(elsewhere);
    expectProblem(await desk.assign(own, stranger), 404, 'user_not_found');
  });

  it('R206: a role with children stays; without them it goes, and with it what its holders had', async () => {
    const parent = await desk.role('parent');
    const child = await desk.role('child', { parent, permits: ['read ledgers'] });
    const person = await desk.person();
    await desk.assign(child, person);
    expectProblem(await desk.call('DELETE', `/v1/roles/${parent}`), 409, 'role_has_children');
    expect(await desk.may(person, 'read ledgers')).toBe(true);
    expect((await desk.call('DELETE', `/v1/roles/${child}`)).status).toBe(200);
    expect(await desk.may(person, 'read ledgers')).toBe(false);
    expect(await asOwner(app, `SELECT id FROM role_assignments WHERE role_id = '${child}'`)).toEqual([]);
    expect(await asOwner(app, `SELECT id FROM role_permissions WHERE role_id = '${child}'`)).toEqual([]);
    expect((await desk.call('DELETE', `/v1/roles/${parent}`)).status).toBe(200);
  });
});

describe('the roles of an environment', () => {
  it('begin with six that stay where they are, and keep what they were made with', async () => {
    const { body } = await desk.call('GET', '/v1/roles');
    const roles = body.roles as { id: string; slug: string; system: boolean; parent_id?: string }[];
    expect(roles.map(({ slug }) => slug)).toEqual(['user', 'admin', 'owner', 'org-member', 'org-admin', 'org-owner']);
    for (const { id, system } of roles) {
      expect(system).toBe(true);
      expectProblem(await desk.call('DELETE', `/v1/roles/${id}`), 409, 'system_role');
      const elsewhere = await desk.role(`under-${id.slice(-8)}`);
      expectProblem(await move(id, elsewhere), 409, 'system_role');
    }
    const owner = await desk.systemRole('owner');
    const list = await desk.call('GET', `/v1/roles/${owner}/permissions`);
    const [everything] = list.body.permissions as { id: string }[];
    const path = `/v1/roles/${owner}/permissions/${everything?.id ?? ''}`;
    expectProblem(await desk.call('DELETE', path), 409, 'system_role');
  });

  it('what is added to a system role can be taken away again', async () => {
    const everybody = await desk.systemRole('user');
    const person = await desk.person();
    expect(await desk.may(person, 'read news')).toBe(false);
    const permission = await desk.permit(everybody, 'read news');
    expect(await desk.may(person, 'read news')).toBe(true);
    expect((await desk.call('DELETE', `/v1/roles/${everybody}/permissions/${permission}`)).status).toBe(200);
    expect(await desk.may(person, 'read news')).toBe(false);
  });

  it('have slugs of which there is one each, also when two are taken at once', async () => {
    const make = () => desk.call('POST', '/v1/roles', { name: 'Clerk', slug: 'clerk' });
    const answers = await Promise.all([make(), make(), make(), make()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    expectProblem(await make(), 409, 'role_slug_taken');
  });

  it('a permission is added once however often it is asked for, and its id is the one that removes it', async () => {
    const role = await desk.role('clerk');
    const first = await desk.permit(role, 'read ledgers');
    expect(await desk.permit(role, 'read ledgers')).toBe(first);
    expect(first).toMatch(/^aprm_/);
    const removed = await desk.call('DELETE', `/v1/roles/${role}/permissions/${first}`);
    expect(removed.body).toEqual({ status: 'removed' });
    expectProblem(await desk.call('DELETE', `/v1/roles/${role}/permissions/${first}`), 404, 'permission_not_found');
  });

  it.each([
    [{ action: 'read,write', resource: 'ledgers' }],
    [{ action: 'Read', resource: 'ledgers' }],
    [{ action: 'read', resource: 'led*' }],
    [{ action: 'read', resource: '*:ledgers' }],
    [{ action: '', resource: 'ledgers' }],
    [{ action: 'read' }],
    [{ action: ['read'], resource: 'ledgers' }],
  ])('R207: no permission is written as %j', async (body) => {
    const role = await desk.role('clerk');
    expectProblem(await desk.call('POST', `/v1/roles/${role}/permissions`, body), 400, 'validation_failed');
  });

  it('a change that rests on another version is refused', async () => {
    const role = await desk.role('clerk');
    const options = { token: desk.operator, query: { app_id: desk.tenant.scope.appId }, body: { name: 'x' } };
    const stale = await app.api.patch(`/v1/roles/${role}`, { ...options, headers: { 'if-match': '"7"' } });
    expectProblem(stale, 412, 'precondition_failed');
  });

  it('are cloned with their tree and promoted with what they permit; the plan is empty afterwards', async () => {
    const top = await desk.role('top', { permits: ['read ledgers'] });
    await desk.role('below', { parent: top, permits: ['write ledgers', 'delete ledgers'] });
    await desk.permit(await desk.systemRole('user'), 'read news');
    const { envId } = desk.tenant.scope;
    const copy = { name: 'Copy', slug: 'copy', type: 'development' };
    const cloned = await desk.call('POST', `/v1/environments/${envId}/clone`, copy);
    expect(cloned.body).toMatchObject({ roles_cloned: 8, permissions_cloned: 4 });
    const map = cloned.body.role_id_map as Record<string, string>;
    expect(Object.keys(map)).toHaveLength(8);
    const newTop = (cloned.body.environment as { id: string }).id;
    const [below] = await asOwner<{ parent_id: string }>(
      app,
      `SELECT parent_id FROM roles WHERE env_id = '${newTop}' AND slug = 'below'`,
    );
    expect(below?.parent_id).toBe(map[top]);

    const target = (await app.environmentOf(desk.tenant.scope.appId, 'production')).scope.envId;
    const plan = () => desk.call('POST', `/v1/environments/${envId}/plan`, { target_env_id: target });
    const first = await plan();
    const changes = first.body.changes as { kind: string; key: string }[];
    expect(changes.filter(({ kind }) => kind === 'role').map(({ key }) => key)).toEqual(['top', 'user', 'below']);
    const body = { target_env_id: target, plan_id: first.body.plan_id };
    expect((await desk.call('POST', `/v1/environments/${envId}/promote`, body)).status).toBe(200);
    expect((await plan()).body.changes).toEqual([]);
  });
});
