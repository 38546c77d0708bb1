import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Events } from '../../../src/kernel/events/events.js';
import type { SignedIn } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp } from '../../support/test-app.js';
import { type Founded, Office } from './office.js';

let app: TestApp;
let view: OwnerView;
let office: Office;
let person: SignedIn;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  view = await OwnerView.open(app.database);
});
beforeEach(async () => {
  office = await Office.open(app);
  person = await office.person();
});
afterAll(async () => {
  await view.close();
  await app.close();
});

const create = (body: object, by = person) => office.as(by, 'POST', '/v1/orgs', body);

describe('an organization', () => {
  it('is its creator’s, who finds it in the list of their own', async () => {
    const metadata = { plan: 'pro', seats: 5 };
    const made = await create({ name: 'Analytical Engines', slug: 'engines', metadata, description: 'Wheels' });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      slug: 'engines',
      metadata,
      active: true,
      member_count: 1,
      created_by: person.userId,
    });
    const { body } = await office.as(person, 'GET', '/v1/orgs');
    expect(body.organizations).toMatchObject([{ id: made.body.id, role: 'owner' }]);
    expect((await office.as(await office.person(), 'GET', '/v1/orgs')).body.organizations).toEqual([]);
  });

  it('gets a slug of its name, and another one where that is taken', async () => {
    expect((await create({ name: 'Ünïversal  Façade & Co.' })).body.slug).toBe('universal-facade-co');
    expect((await create({ name: 'Universal Façade Co' })).body.slug).toMatch(/^universal-facade-co-[0-9a-f]{10}$/);
    expect((await create({ name: '株式会社' })).body.slug).toMatch(/^org-[0-9a-f]{8}$/);
    expect((await create({ name: 'x'.repeat(100) })).body.slug).toBe('x'.repeat(48));
  });

  it('does not get the slug of another one, of which the same environment has one', async () => {
    await create({ name: 'Engines', slug: 'engines' });
    expectProblem(await create({ name: 'Others', slug: 'engines' }), 409, 'organization_slug_taken');
    const other = await create({ name: 'Others', slug: 'others' });
    const taken = await office.as(person, 'PATCH', `/v1/orgs/${other.body.id as string}`, { slug: 'engines' });
    expectProblem(taken, 409, 'organization_slug_taken');
    const check = async (slug: string) => (await office.as(person, 'GET', `/v1/orgs/check-slug?slug=${slug}`)).body;
    expect([await check('engines'), await check('free')]).toEqual([{ available: false }, { available: true }]);
    const besides = await Office.open(app);
    const neighbour = await besides.person();
    expect((await besides.as(neighbour, 'GET', '/v1/orgs/check-slug?slug=engines')).body).toEqual({ available: true });
  });

  it('R198: is deleted with everything in it, or, when that fails half-way, not at all and untold', async () => {
    const founded = await office.found();
    await office.member(founded);
    await office.invited(founded, 'guest@example.com');
    const path = `/v1/orgs/${founded.orgId}`;
    await office.as(founded.owner, 'POST', `${path}/teams`, { name: 'Research', slug: 'research' });
    const rows = async () => {
      const counts = [];
      for (const table of ['members', 'invitations', 'teams'])
        counts.push((await view.query(`SELECT id FROM ${table} WHERE org_id = $1`, [founded.orgId])).length);
      return counts;
    };
    let veto = true;
    app.get(Events).within('org.deleted', () => (veto ? Promise.reject(new Error('no')) : Promise.resolve()));
    const refused = await office.as(founded.owner, 'DELETE', path);
    expect(refused.status).toBe(500);
    expect(await rows()).toEqual([2, 1, 1]);
    const facts = () =>
      view.query("SELECT id FROM outbox WHERE name = 'org.deleted' AND subject_id = $1", [founded.orgId]);
    expect(await facts()).toEqual([]);
    veto = false;
    expect((await office.as(founded.owner, 'DELETE', path)).body).toEqual({ status: 'deleted' });
    expect(await rows()).toEqual([0, 0, 0]);
    expect(await facts()).toHaveLength(1);
    expectProblem(await office.as(founded.owner, 'GET', path), 404, 'organization_not_found');
  });

  it('takes no changes for another version, nor metadata that is none', async () => {
    const { orgId, owner } = await office.found();
    const path = `/v1/orgs/${orgId}`;
    const patch = (body: object, match: string) =>
      app.api.patch(path, { token: owner.token, body, headers: { 'if-match': match } });
    expect((await patch({ name: 'Renamed' }, '"1"')).body.name).toBe('Renamed');
    expectProblem(await patch({ name: 'Again' }, '"1"'), 412, 'precondition_failed');
    expectProblem(await patch({ metadata: { nested: { deep: 1 } } }, '*'), 400, 'validation_failed');
    expect((await patch({ description: '', logo: null, active: false }, '*')).body).toMatchObject({ active: true });
  });

  it('is made by people only where that is allowed, and no more than they may', async () => {
    const set = (key: string, value: unknown) =>
      office.asOperator('PUT', `/v1/admin/settings/values/${key}`, {
        scope: 'environment',
        scope_id: office.tenant.scope.envId,
        app_id: office.tenant.scope.appId,
        value,
      });
    await set('organizations.max_per_user', 2);
    const answers = await Promise.all(Array.from({ length: 5 }, () => create({ name: 'Many' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409, 409]);
    expectProblem(await create({ name: 'Many' }), 409, 'too_many_organizations');
    await set('organizations.creation_enabled', false);
    expectProblem(await create({ name: 'One' }, await office.person()), 403, 'organization_creation_disabled');
    const made = await office.asOperator('POST', '/v1/admin/orgs', { name: 'One', owner_id: person.userId });
    expect(made.body).toMatchObject({ name: 'One', created_by: '' });
    const members = await office.as(person, 'GET', `/v1/orgs/${made.body.id as string}/members`);
    expect(members.body.members).toMatchObject([{ user_id: person.userId, role: 'owner' }]);
  });

  it('switched off takes nobody in and lets nobody act', async () => {
    const founded: Founded = await office.found();
    const guest = await office.verified();
    const { token } = await office.invited(founded, guest.email);
    await office.asOperator('PATCH', `/v1/admin/orgs/${founded.orgId}`, { active: false });
    expectProblem(await office.accept(guest, token), 403, 'invitation_lapsed');
    expectProblem(await office.as(founded.owner, 'GET', `/v1/orgs/${founded.orgId}`), 404, 'organization_not_found');
    expect((await office.as(founded.owner, 'GET', '/v1/orgs')).body.organizations).toEqual([]);
    const add = await office.asOperator('POST', `/v1/orgs/${founded.orgId}/members`, { user_id: guest.userId });
    expectProblem(add, 409, 'organization_inactive');
    const off = await office.asOperator('GET', '/v1/admin/orgs');
    expect(off.body.organizations).toMatchObject([{ id: founded.orgId, active: false }]);
  });

  it('is open to whoever has proved an address in one of its domains', async () => {
    const founded = await office.found();
    const put = (domains: unknown, orgId = founded.orgId) =>
      office.asOperator('PUT', `/v1/admin/orgs/${orgId}/domains`, { domains });
    expect((await put(['Engines.Example'])).body).toEqual({ domains: ['engines.example'] });
    expectProblem(await put(['engines.example'], (await office.found()).orgId), 409, 'organization_domain_taken');
    for (const wrong of [['no domain'], ['a@b.example'], 'engines.example', ['a.example', 'a.example'], [1]]) {
      expectProblem(await put(wrong), 400, 'validation_failed');
    }
    const join = (by: SignedIn) => office.as(by, 'POST', `/v1/orgs/${founded.orgId}/join`, {});
    expectProblem(await join(await office.verified('ada@sub.engines.example')), 404, 'organization_not_found');
    expectProblem(await join(await office.person('bob@engines.example')), 403, 'organization_domain_not_proved');
    const ada = await office.verified('ada@engines.example');
    expect((await join(ada)).body).toMatchObject({ user_id: ada.userId, role: 'member' });
    expectProblem(await join(ada), 409, 'already_member');
  });
});

describe('teams', () => {
  let founded: Founded;
  let path: string;
  beforeEach(async () => {
    founded = await office.found();
    path = `/v1/orgs/${founded.orgId}/teams`;
  });
  const team = async (slug: string, parent?: string): Promise<string> => {
    const body = { name: slug, slug, ...(parent && { parent_id: parent }) };
    const made = await office.as(founded.owner, 'POST', path, body);
    if (made.status !== 201) throw new Error(made.text);
    return made.body.id as string;
  };
  const move = (id: string, parent: string) =>
    office.as(founded.owner, 'PATCH', `${path}/${id}`, { parent_id: parent });

  it('lie in each other 8 levels deep, never in a ring, and are not deleted from around others', async () => {
    const ids: string[] = [];
    for (let level = 1; level <= 8; level += 1) ids.push(await team(`t${level}`, ids.at(-1)));
    const [top = '', second = ''] = ids;
    const tooDeep = { name: 'x', slug: 'x', parent_id: ids.at(-1) };
    expectProblem(await office.as(founded.owner, 'POST', path, tooDeep), 409, 'teams_too_deep');
    expectProblem(await move(top, top), 409);
    expectProblem(await move(second, ids[2] ?? ''), 409);
    const [a, b] = [await team('a'), await team('b')];
    expect((await move(b, a)).body.parent_id).toBe(a);
    expectProblem(await move(a, b), 409, 'team_cycle');
    expectProblem(await office.as(founded.owner, 'DELETE', `${path}/${a}`), 409, 'team_has_teams');
    expect((await move(b, '')).body).not.toHaveProperty('parent_id');
    expect((await office.as(founded.owner, 'DELETE', `${path}/${a}`)).status).toBe(200);
    const inside = await office.as(founded.owner, 'GET', `${path}?parent_id=${top}`);
    expect(inside.body.teams).toMatchObject([{ id: second }]);
  });

  it('hold members of their organization, who leave them with it', async () => {
    const id = await team('research');
    const { memberId } = await office.member(founded);
    const stranger = await office.member(await office.found());
    const put = (member_id: string) => office.as(founded.owner, 'POST', `${path}/${id}/members`, { member_id });
    expect((await put(memberId)).body).toMatchObject({ id: memberId });
    expect((await put(memberId)).status).toBe(200);
    expectProblem(await put(stranger.memberId), 404, 'member_not_found');
    const list = async () => (await office.as(founded.owner, 'GET', `${path}/${id}/members`)).body.members;
    expect(await list()).toHaveLength(1);
    await office.as(founded.owner, 'DELETE', `/v1/orgs/${founded.orgId}/members/${memberId}`);
    expect(await list()).toEqual([]);
    expectProblem(await office.as(founded.owner, 'DELETE', `${path}/${id}/members/${memberId}`), 404, 'not_in_team');
  });

  it('of another organization are unknown, and slugs are each organization’s own', async () => {
    const id = await team('research');
    const other = await office.found();
    const there = `/v1/orgs/${other.orgId}/teams`;
    expectProblem(await office.as(other.owner, 'GET', `${there}/${id}`), 404, 'team_not_found');
    expectProblem(await office.as(other.owner, 'PATCH', `${there}/${id}`, { name: 'x' }), 404, 'team_not_found');
    expectProblem(await office.as(other.owner, 'DELETE', `${there}/${id}`), 404, 'team_not_found');
    const under = { name: 'x', slug: 'x', parent_id: id };
    expectProblem(await office.as(other.owner, 'POST', there, under), 404, 'team_not_found');
    expect((await office.as(other.owner, 'POST', there, { name: 'x', slug: 'research' })).status).toBe(201);
    expectProblem(
      await office.as(founded.owner, 'POST', path, { name: 'x', slug: 'research' }),
      409,
      'team_slug_taken',
    );
  });

  it('are changed by admins, and seen by members', async () => {
    const { person: member } = await office.member(founded);
    expect((await office.as(member, 'GET', path)).status).toBe(200);
    const refused = await office.as(member, 'POST', path, { name: 'x', slug: 'x' });
    expectProblem(refused, 403, 'insufficient_organization_role');
  });
});

describe('settings of an organization', () => {
  it('hold for it alone, are explained, and go with it', async () => {
    const [one, other] = [await office.found(), await office.found()];
    await office.set(one, 'organizations.max_members', 1);
    const guest = await office.person();
    expectProblem(await office.add(one, guest), 409, 'organization_full');
    expect((await office.add(other, guest)).status).toBe(201);
    const query = `app_id=${office.tenant.scope.appId}&org_id=${one.orgId}`;
    const token = await app.operatorOf(office.tenant.scope.appId);
    const resolved = await app.api.get(`/v1/admin/settings/resolve/organizations.max_members?${query}`, { token });
    expect(resolved.body).toMatchObject({ setting: { effective_value: 1, source: 'organization' } });
    await office.as(one.owner, 'DELETE', `/v1/orgs/${one.orgId}`);
    expect(await view.query('SELECT id FROM setting_values WHERE org_id = $1', [one.orgId])).toEqual([]);
  });

  it('of another app are out of reach', async () => {
    const { orgId } = await office.found();
    const foreign = await Office.open(app);
    const body = { scope: 'organization', scope_id: orgId, app_id: foreign.tenant.scope.appId, value: 1 };
    const answer = await foreign.asOperator('PUT', '/v1/admin/settings/values/organizations.max_members', body);
    expectProblem(answer, 404);
  });
});
