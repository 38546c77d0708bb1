import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SignedIn } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { impersonation } from '../../support/impersonate.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp } from '../../support/test-app.js';
import { RoleDesk } from './role-desk.js';

let app: TestApp;
let desk: RoleDesk;
let manager: SignedIn;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
});
beforeEach(async () => {
  desk = await RoleDesk.open(app);
  manager = await desk.person();
  await desk.assign(await desk.systemRole('admin'), manager);
});
afterAll(() => app.close());

const as = ({ token }: Pick<SignedIn, 'token'>, method: string, path: string, body?: object) =>
  app.api.request(method, path, { token, ...(body && { body }) });

describe('who administers roles', () => {
  it('people without the permission are refused on every route', async () => {
    const person = await desk.person();
    const role = await desk.role('clerk');
    const calls = [
      ['GET', '/v1/roles'],
      ['POST', '/v1/roles'],
      ['GET', `/v1/roles/${role}`],
      ['PATCH', `/v1/roles/${role}`],
      ['DELETE', `/v1/roles/${role}`],
      ['GET', `/v1/roles/${role}/permissions`],
      ['POST', `/v1/roles/${role}/permissions`],
      ['DELETE', `/v1/roles/${role}/permissions/aprm_01h2xcejqtf2nbrexx3vqjhp41`],
      ['POST', `/v1/roles/${role}/assign`],
      ['POST', `/v1/roles/${role}/unassign`],
      ['GET', `/v1/users/${person.userId}/roles`],
    ] as const;
    for (const [method, path] of calls) {
      const body = { user_id: person.userId, name: 'x', slug: 'x', action: 'a', resource: 'r' };
      expectProblem(
        await as(person, method, path, method === 'GET' ? undefined : body),
        403,
        'insufficient_permissions',
      );
    }
  });

  it('an admin of the environment may, in that environment, and an operator of another app may not', async () => {
    expect((await as(manager, 'POST', '/v1/roles', { name: 'Clerk', slug: 'clerk' })).status).toBe(201);
    const besides = await app.environmentOf(desk.tenant.scope.appId, 'staging');
    const elsewhere = await app.api.get('/v1/roles', { token: manager.token, query: { env_id: besides.scope.envId } });
    expectProblem(elsewhere, 403);
    const foreign = await app.operatorOf((await app.createTenant()).scope.appId);
    expectProblem(
      await app.api.get('/v1/roles', { token: foreign, query: { app_id: desk.tenant.scope.appId } }),
      [403, 404],
    );
  });

  it('R203: nobody gives, edits, moves or deletes a role that permits more than they may', async () => {
    const strong = await desk.role('strong', { permits: ['delete ledgers'] });
    const weak = await desk.role('weak', { permits: ['read role'] });
    const refused = [
      ['POST', `/v1/roles/${strong}/assign`, { user_id: manager.userId }],
      ['POST', `/v1/roles/${await desk.systemRole('owner')}/assign`, { user_id: manager.userId }],
      ['PATCH', `/v1/roles/${strong}`, { name: 'Mine' }],
      ['PATCH', `/v1/roles/${weak}`, { parent_id: strong }],
      ['DELETE', `/v1/roles/${strong}`, undefined],
      ['POST', `/v1/roles/${weak}/permissions`, { action: 'delete', resource: 'ledgers' }],
      ['POST', `/v1/roles/${weak}/permissions`, { action: '*', resource: 'role' }],
      ['POST', '/v1/roles', { name: 'x', slug: 'x', parent_id: strong }],
    ] as const;
    for (const [method, path, body] of refused) {
      expectProblem(await as(manager, method, path, body), 403, 'permission_above_own');
    }
    expect(await desk.may(manager, 'delete ledgers')).toBe(false);
    const person = await desk.person();
    expect((await as(manager, 'POST', `/v1/roles/${weak}/assign`, { user_id: person.userId })).status).toBe(200);
    const grant = { action: 'assign', resource: 'role' };
    expect((await as(manager, 'POST', `/v1/roles/${weak}/permissions`, grant)).status).toBe(201);
  });

  it('R203: nor takes a role away, or a permission out of one, that they do not have', async () => {
    const strong = await desk.role('strong', { permits: ['delete ledgers'] });
    const person = await desk.person();
    await desk.assign(strong, person);
    const unassign = await as(manager, 'POST', `/v1/roles/${strong}/unassign`, { user_id: person.userId });
    expectProblem(unassign, 403, 'permission_above_own');
    const permission = await desk.permit(strong, 'delete ledgers');
    const remove = await as(manager, 'DELETE', `/v1/roles/${strong}/permissions/${permission}`);
    expectProblem(remove, 403, 'permission_above_own');
    expect(await desk.may(person, 'delete ledgers')).toBe(true);
  });

  it('whoever assigned a role is written down; assigning again changes nothing, taking what is not there says so', async () => {
    const weak = await desk.role('weak');
    const person = await desk.person();
    const assign = () => as(manager, 'POST', `/v1/roles/${weak}/assign`, { user_id: person.userId });
    expect((await assign()).body).toEqual({ status: 'assigned' });
    expect((await assign()).status).toBe(200);
    const { body } = await desk.call('GET', `/v1/users/${person.userId}/roles`);
    expect(body.roles).toMatchObject([{ id: weak, slug: 'weak', assigned_by: manager.userId }]);
    expect((await desk.unassign(weak, person)).body).toEqual({ status: 'unassigned' });
    expectProblem(await desk.unassign(weak, person), 404, 'role_not_assigned');
  });

  it('R205: what is taken away counts no longer at the very next call', async () => {
    expect((await as(manager, 'GET', '/v1/roles')).status).toBe(200);
    await desk.unassign(await desk.systemRole('admin'), manager);
    expectProblem(await as(manager, 'GET', '/v1/roles'), 403, 'insufficient_permissions');
  });

  it('R209: others may be asked about by operators and by whoever may read roles, and by nobody else', async () => {
    const [person, other] = [await desk.person(), await desk.person()];
    const body = { action: 'read', resource: 'ledgers', user_id: other.userId };
    expectProblem(await as(person, 'POST', '/v1/permissions/check', body), 403, 'insufficient_permissions');
    const among = { checks: [{ action: 'a', resource: 'r' }, body] };
    expectProblem(await as(person, 'POST', '/v1/permissions/check', among), 403, 'insufficient_permissions');
    expect((await as(person, 'POST', '/v1/permissions/check', { ...body, user_id: person.userId })).status).toBe(200);
    expect((await as(manager, 'POST', '/v1/permissions/check', body)).body).toEqual({ allowed: false });
    expect((await desk.call('POST', '/v1/permissions/check', body)).body).toEqual({ allowed: false });
  });

  it('R289: an impersonator administers nothing as the person', async () => {
    const { token } = await impersonation(app, desk.operator, desk.tenant, manager);
    expectProblem(await as({ token }, 'GET', '/v1/roles'), 403, 'impersonation_not_allowed');
  });
});

describe('within an organization', () => {
  it('a role holds there and nowhere else, and ends with the membership', async () => {
    const role = await desk.role('accountant', { permits: ['approve invoices'] });
    const [owner, person] = [await desk.person(), await desk.person()];
    const [orgId, otherOrg] = [await desk.organization(owner), await desk.organization(owner)];
    expectProblem(await desk.assign(role, person, orgId), 404, 'member_not_found');
    const memberId = await desk.addMember(owner, orgId, person);
    await desk.addMember(owner, otherOrg, person);
    expect((await desk.assign(role, person, orgId)).status).toBe(200);
    const everywhere = async () => [
      await desk.may(person, 'approve invoices', orgId),
      await desk.may(person, 'approve invoices', otherOrg),
      await desk.may(person, 'approve invoices'),
    ];
    expect(await everywhere()).toEqual([true, false, false]);
    await app.api.delete(`/v1/orgs/${orgId}/members/${memberId}`, { token: owner.token });
    expect(await everywhere()).toEqual([false, false, false]);
    await desk.addMember(owner, orgId, person);
    expect(await everywhere()).toEqual([false, false, false]);
  });

  it('the place of a member permits what the role of that place does, for that organization', async () => {
    const [owner, admin, member] = [await desk.person(), await desk.person(), await desk.person()];
    const orgId = await desk.organization(owner);
    await desk.addMember(owner, orgId, admin, 'admin');
    await desk.addMember(owner, orgId, member);
    await desk.permit(await desk.systemRole('org-admin'), 'manage billing');
    const may = (text: string) => Promise.all([owner, admin, member].map((person) => desk.may(person, text, orgId)));
    expect(await may('manage billing')).toEqual([true, true, false]);
    expect(await desk.may(owner, 'manage billing')).toBe(false);
  });

  it('R203: an owner gives roles there that permit no more than they have there', async () => {
    const [owner, person] = [await desk.person(), await desk.person()];
    const orgId = await desk.organization(owner);
    await desk.addMember(owner, orgId, person);
    await desk.permit(await desk.systemRole('org-owner'), 'manage billing');
    const fits = await desk.role('biller', { permits: ['manage billing'] });
    const tooMuch = await desk.role('buyer', { permits: ['buy company'] });
    const give = (role: string, within: object) =>
      as(owner, 'POST', `/v1/roles/${role}/assign`, { user_id: person.userId, ...within });
    expect((await give(fits, { org_id: orgId })).status).toBe(200);
    expect(await desk.may(person, 'manage billing', orgId)).toBe(true);
    expectProblem(await give(tooMuch, { org_id: orgId }), 403, 'permission_above_own');
    expectProblem(await give(fits, {}), 403, 'insufficient_permissions');
    const foreign = await desk.organization(await desk.person());
    expectProblem(await give(fits, { org_id: foreign }), 403, 'insufficient_permissions');
  });

  it('an organization that is switched off permits nothing', async () => {
    const owner = await desk.person();
    const orgId = await desk.organization(owner);
    expect(await desk.may(owner, 'assign role', orgId)).toBe(true);
    await desk.call('PATCH', `/v1/admin/orgs/${orgId}`, { active: false });
    expect(await desk.may(owner, 'assign role', orgId)).toBe(false);
  });
});
