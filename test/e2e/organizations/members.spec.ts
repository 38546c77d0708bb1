import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SignedIn } from '../../support/api-client.js';
import { asOwner } from '../../support/as-owner.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp } from '../../support/test-app.js';
import { type Founded, Office } from './office.js';

let app: TestApp;
let office: Office;
let founded: Founded;
let owner: SignedIn;
let path: string;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
});
beforeEach(async () => {
  office = await Office.open(app);
  founded = await office.found();
  ({ owner } = founded);
  path = `/v1/orgs/${founded.orgId}`;
});
afterAll(() => app.close());

const setRole = (by: SignedIn, memberId: string, role: string) =>
  office.as(by, 'PATCH', `${path}/members/${memberId}`, { role });
const remove = (by: SignedIn, memberId: string) => office.as(by, 'DELETE', `${path}/members/${memberId}`);
const rolesOf = async () => {
  const { body } = await office.as(owner, 'GET', `${path}/members`);
  return (body.members as { role: string }[]).map(({ role }) => role).sort();
};

describe('the roles of members', () => {
  it.each(['viewer', 'Owner', '', 'owner,admin', null, ['owner'], 1])(
    'R185: %j is none: added, changed or invited with it is refused',
    async (role) => {
      const { memberId } = await office.member(founded);
      const { userId } = await office.person();
      const calls = [
        ['POST', `${path}/members`, { user_id: userId, role }],
        ['POST', `${path}/invitations`, { email: 'ada@example.com', role }],
      ] as const;
      // Absent and null mean the least role where a new member begins.
      if (role !== null) {
        for (const [method, to, body] of calls) expectProblem(await office.as(owner, method, to, body), 400);
      }
      expectProblem(await office.as(owner, 'PATCH', `${path}/members/${memberId}`, { role }), 400);
      expect(await rolesOf()).not.toContain(role);
    },
  );

  it('R186: members change nobody, and admins nobody above them, not themselves either', async () => {
    const member = await office.member(founded);
    const admin = await office.member(founded, 'admin');
    const other = await office.member(founded);
    const ownerId = await office.memberIdOf(founded, owner, owner);
    const newcomer = await office.person();
    for (const role of ['member', 'admin', 'owner']) {
      expectProblem(await setRole(member.person, member.memberId, role), 403, 'insufficient_organization_role');
      expectProblem(await office.add({ ...founded, owner: member.person }, newcomer, role), 403);
    }
    expectProblem(await remove(member.person, other.memberId), 403, 'insufficient_organization_role');
    expectProblem(await setRole(admin.person, admin.memberId, 'owner'), 403, 'role_above_own');
    expectProblem(await setRole(admin.person, other.memberId, 'owner'), 403, 'role_above_own');
    expectProblem(await setRole(admin.person, ownerId, 'member'), 403, 'role_above_own');
    expectProblem(await remove(admin.person, ownerId), 403, 'role_above_own');
    expectProblem(await office.add({ ...founded, owner: admin.person }, newcomer, 'owner'), 403, 'role_above_own');
    expectProblem(
      await office.invite(founded, { email: 'a@example.com', role: 'owner' }, admin.person),
      403,
      'role_above_own',
    );
    expectProblem(await office.as(admin.person, 'POST', `${path}/transfer`, { member_id: admin.memberId }), 403);
    expect((await setRole(admin.person, other.memberId, 'admin')).body.role).toBe('admin');
    expect(await rolesOf()).toEqual(['admin', 'admin', 'member', 'owner']);
  });

  it('what a member sees needs membership: to everybody else the organization is not there', async () => {
    const stranger = await office.person();
    const foreign = await (await Office.open(app)).person();
    const { memberId } = await office.member(founded);
    const routes = [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['GET', '/members'],
      ['POST', '/members'],
      ['GET', `/members/${memberId}`],
      ['PATCH', `/members/${memberId}`],
      ['DELETE', `/members/${memberId}`],
      ['POST', '/leave'],
      ['POST', '/transfer'],
      ['GET', '/domains'],
      ['POST', '/join'],
      ['GET', '/invitations'],
      ['POST', '/invitations'],
      ['POST', '/invitations/bulk'],
      ['GET', '/teams'],
      ['POST', '/teams'],
    ] as const;
    for (const asker of [stranger, foreign]) {
      for (const [method, route] of routes) {
        const answer = await office.as(asker, method, path + route, method === 'GET' ? undefined : {});
        expectProblem(answer, 404, 'organization_not_found');
      }
    }
  });

  it('a member of one organization is unknown in another', async () => {
    const other = await office.found();
    const { memberId } = await office.member(other);
    expectProblem(await office.as(owner, 'GET', `${path}/members/${memberId}`), 404, 'member_not_found');
    expectProblem(await setRole(owner, memberId, 'admin'), 404, 'member_not_found');
    expectProblem(await remove(owner, memberId), 404, 'member_not_found');
    expectProblem(await office.add(founded, await (await Office.open(app)).person()), 404, 'user_not_found');
  });

  it('nobody belongs twice, and the number of members is right after every change', async () => {
    const { person, memberId } = await office.member(founded);
    expectProblem(await office.add(founded, person), 409, 'already_member');
    const count = async () => (await office.as(owner, 'GET', path)).body.member_count;
    expect(await count()).toBe(2);
    await remove(owner, memberId);
    expect(await count()).toBe(1);
    const gone = await office.member(founded);
    expect((await office.as(gone.person, 'DELETE', '/v1/me')).status).toBe(200);
    expect(await count()).toBe(1);
    expect(await asOwner(app, `SELECT id FROM members WHERE id = '${gone.memberId}'`)).toEqual([]);
  });

  it('lists page in the order they came, by role and by how an address begins', async () => {
    const people = [];
    for (let n = 0; n < 5; n += 1) people.push((await office.member(founded, n % 2 === 0 ? 'member' : 'admin')).person);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = `?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`;
      const { body } = await office.as(owner, 'GET', `${path}/members${query}`);
      seen.push(...(body.members as { user_id: string }[]).map((member) => member.user_id));
      cursor = body.next_cursor as string | undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual([owner, ...people].map(({ userId }) => userId));
    const admins = await office.as(owner, 'GET', `${path}/members?role=admin`);
    expect(admins.body.members).toHaveLength(2);
    const [first] = people;
    const found = await office.as(
      owner,
      'GET',
      `${path}/members?q=${encodeURIComponent(first?.email.slice(0, 15) ?? '')}`,
    );
    expect(found.body.members).toMatchObject([{ user_id: first?.userId, email: first?.email }]);
  });

  it('who was deleted and can be restored is not seen, and has the place again afterwards', async () => {
    const { person, memberId } = await office.member(founded, 'admin');
    await office.asOperator('DELETE', `/v1/admin/users/${person.userId}`);
    expect(await rolesOf()).toEqual(['owner']);
    expectProblem(await office.as(owner, 'GET', `${path}/members/${memberId}`), 404, 'member_not_found');
    await office.asOperator('POST', `/v1/admin/users/${person.userId}/restore`, {});
    expect(await rolesOf()).toEqual(['admin', 'owner']);
  });
});

describe('R187: the last owner', () => {
  it('cannot leave, be demoted, be removed or erase the account; with another owner each is possible', async () => {
    const ownerId = await office.memberIdOf(founded, owner, owner);
    const refusals = [
      await office.as(owner, 'POST', `${path}/leave`, {}),
      await setRole(owner, ownerId, 'admin'),
      await remove(owner, ownerId),
      await office.as(owner, 'DELETE', '/v1/me'),
      await office.asOperator('DELETE', `/v1/admin/users/${owner.userId}`),
      await office.asOperator('POST', `/v1/admin/users/${owner.userId}/erase`, {}),
      await office.asOperator('PATCH', `${path}/members/${ownerId}`, { role: 'member' }),
      await office.asOperator('DELETE', `${path}/members/${ownerId}`),
    ];
    for (const answer of refusals) expectProblem(answer, 409, 'last_organization_owner');
    expect(await rolesOf()).toEqual(['owner']);
    const second = await office.member(founded, 'owner');
    expect((await office.as(owner, 'POST', `${path}/leave`, {})).body).toEqual({ status: 'left' });
    expectProblem(await office.as(second.person, 'POST', `${path}/leave`, {}), 409, 'last_organization_owner');
  });

  it('an owner who was deleted and may come back does not count', async () => {
    const second = await office.member(founded, 'owner');
    await office.asOperator('DELETE', `/v1/admin/users/${second.person.userId}`);
    expectProblem(await office.as(owner, 'POST', `${path}/leave`, {}), 409, 'last_organization_owner');
  });

  it('can be banned, which is reported', async () => {
    const second = await office.member(founded, 'owner');
    await office.asOperator('POST', `/v1/admin/users/${second.person.userId}/ban`, {});
    const reports = () =>
      asOwner(
        app,
        `SELECT payload FROM outbox WHERE name = 'org.ownerless' AND payload ->> 'org_id' = '${founded.orgId}'`,
      );
    expect(await reports()).toEqual([]);
    expect((await office.asOperator('POST', `/v1/admin/users/${owner.userId}/ban`, {})).status).toBe(200);
    expect(await reports()).toEqual([{ payload: { org_id: founded.orgId, user_id: owner.userId } }]);
  });

  it('hands over to a member, and is admin then', async () => {
    const heir = await office.member(founded);
    const answer = await office.as(owner, 'POST', `${path}/transfer`, { member_id: heir.memberId });
    expect(answer.body).toMatchObject({ user_id: heir.person.userId, role: 'owner' });
    expect(await rolesOf()).toEqual(['admin', 'owner']);
    expectProblem(await office.as(owner, 'POST', `${path}/transfer`, { member_id: heir.memberId }), 403);
  });
});

describe('operators', () => {
  it('of the app stand above every role, and others see nothing', async () => {
    const { memberId } = await office.member(founded);
    expect((await office.asOperator('PATCH', `${path}/members/${memberId}`, { role: 'owner' })).body.role).toBe(
      'owner',
    );
    expect((await office.asOperator('GET', `${path}/members`)).body.members).toHaveLength(2);
    const stranger = await app.operatorOf((await app.createTenant()).scope.appId);
    const query = { app_id: office.tenant.scope.appId };
    expectProblem(await app.api.get(path, { token: stranger, query }), [403, 404]);
    expectProblem(await app.api.get(path, { token: stranger }), 404, 'organization_not_found');
    const unknown = 'aorg_01h2xcejqtf2nbrexx3vqjhp41';
    expectProblem(await office.asOperator('GET', `/v1/orgs/${unknown}/members`), 404, 'organization_not_found');
  });
});

describe('whoever manages every organization of the environment', () => {
  it('stands where an operator does, in that environment alone', async () => {
    const manager = await office.person();
    const roles = (await office.asOperator('GET', '/v1/roles')).body.roles as { id: string; slug: string }[];
    const admin = roles.find(({ slug }) => slug === 'admin')?.id ?? '';
    expectProblem(await office.as(manager, 'GET', '/v1/admin/orgs'), 403, 'insufficient_permissions');
    await office.asOperator('POST', `/v1/roles/${admin}/assign`, { user_id: manager.userId });
    const list = await office.as(manager, 'GET', '/v1/admin/orgs');
    expect(list.body.organizations).toMatchObject([{ id: founded.orgId }]);
    const { memberId } = await office.member(founded);
    expect((await setRole(manager, memberId, 'owner')).body.role).toBe('owner');
    expectProblem(await remove(manager, 'amem_01h2xcejqtf2nbrexx3vqjhp41'), 404, 'member_not_found');
    const elsewhere = await (await Office.open(app)).found();
    expectProblem(await office.as(manager, 'GET', `/v1/orgs/${elsewhere.orgId}`), 404, 'organization_not_found');
  });
});

describe('the organization a session acts for', () => {
  const switchTo = (person: SignedIn, orgId: string) =>
    office.as(person, 'POST', '/v1/me/switch-org', { org_id: orgId });

  it('is switched and cleared, shows in introspection with the role, and rides in a JWT from the next refresh on', async () => {
    const { person } = await office.member(founded, 'admin');
    const introspect = async () => (await app.api.post('/v1/introspect', { body: { token: person.token } })).body;
    expect((await switchTo(person, founded.orgId)).body).toMatchObject({ org_id: founded.orgId });
    expect(await introspect()).toMatchObject({ active: true, org_id: founded.orgId, org_role: 'admin' });
    expect((await switchTo(person, '')).body).not.toHaveProperty('org_id');
    expect(await introspect()).not.toHaveProperty('org_id');
  });

  it('R197: an organization of others is as unknown as none', async () => {
    const { orgId } = await office.found();
    const { person } = await office.member(founded);
    const foreign = await switchTo(person, orgId);
    const unknown = await switchTo(person, 'aorg_01h2xcejqtf2nbrexx3vqjhp41');
    expectProblem(foreign, 404, 'organization_not_found');
    const comparable = ({ body }: typeof foreign) => ({ ...body, request_id: '' });
    expect(comparable(foreign)).toEqual(comparable(unknown));
  });

  it('R196: refuses its session everywhere but on the way out once the membership is gone', async () => {
    const { person, memberId } = await office.member(founded);
    await switchTo(person, founded.orgId);
    expect((await office.as(person, 'GET', '/v1/me')).status).toBe(200);
    await remove(owner, memberId);
    for (const [method, to] of [
      ['GET', '/v1/me'],
      ['GET', '/v1/sessions'],
      ['GET', '/v1/orgs'],
      ['POST', '/v1/orgs'],
    ] as const) {
      const body = method === 'POST' ? { name: 'Mine' } : undefined;
      expectProblem(await office.as(person, method, to, body), 403, 'organization_access_lost');
    }
    const { body } = await app.api.post('/v1/introspect', { body: { token: person.token } });
    expect(body).toEqual({ active: false });
    expect((await switchTo(person, '')).status).toBe(200);
    expect((await office.as(person, 'GET', '/v1/me')).status).toBe(200);
  });

  it('R196: switched off or deleted, it refuses its sessions too', async () => {
    const { person } = await office.member(founded);
    await switchTo(person, founded.orgId);
    await office.asOperator('PATCH', `/v1/admin/orgs/${founded.orgId}`, { active: false });
    expectProblem(await office.as(person, 'GET', '/v1/me'), 403, 'organization_access_lost');
    await office.asOperator('PATCH', `/v1/admin/orgs/${founded.orgId}`, { active: true });
    expect((await office.as(person, 'GET', '/v1/me')).status).toBe(200);
    expect((await office.as(owner, 'DELETE', path)).status).toBe(200);
    expectProblem(await office.as(person, 'GET', '/v1/me'), 403, 'organization_access_lost');
    expect((await office.as(person, 'POST', '/v1/signout')).status).toBe(200);
  });
});
