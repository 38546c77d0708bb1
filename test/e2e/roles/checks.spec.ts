import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ServiceUnavailable } from '../../../src/kernel/errors/common-problems.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import { asOwner } from '../../support/as-owner.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp } from '../../support/test-app.js';
import { RoleDesk } from './role-desk.js';

let app: TestApp;
let desk: RoleDesk;

beforeAll(async () => {
  // Without row policies a statement is one call, so that calls can be counted.
  app = await TestApp.start({ env: { ...RAISED_LIMITS, AUTHSOME_ROW_POLICIES: 'false' } });
  desk = await RoleDesk.open(app);
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => app.close());

describe('an explanation', () => {
  it('names the permission, the role that has it, the role the person has, and the way between', async () => {
    const top = await desk.role('auditor', { permits: ['read ledgers:*'] });
    const middle = await desk.role('controller', { parent: top });
    const below = await desk.role('treasurer', { parent: middle, permits: ['write ledgers'] });
    const person = await desk.person();
    await desk.assign(below, person);
    const { body } = await desk.ask(person, 'read ledgers:2026');
    expect(body).toEqual({
      allowed: true,
      explanation: {
        reason: 'granted',
        permission: { id: expect.stringMatching(/^aprm_/), action: 'read', resource: 'ledgers:*' },
        role: { id: top, slug: 'auditor' },
        held_role: { id: below, slug: 'treasurer' },
        path: ['treasurer', 'controller', 'auditor'],
        source: 'assignment',
        roles: expect.arrayContaining([
          { id: below, slug: 'treasurer', source: 'assignment' },
          expect.objectContaining({ slug: 'user', source: 'everyone' }),
        ]),
      },
    });
  });

  it('says how the person came by it: everywhere, in the organization, by their place in it', async () => {
    const role = await desk.role('packer', { permits: ['pack boxes'] });
    const [owner, person] = [await desk.person(), await desk.person()];
    const orgId = await desk.organization(owner);
    await desk.addMember(owner, orgId, person);
    await desk.assign(role, person, orgId);
    const sourceOf = async (asker: typeof person, text: string) =>
      ((await desk.ask(asker, text, orgId)).body.explanation as { source?: string }).source;
    expect(await sourceOf(person, 'pack boxes')).toBe('organization_assignment');
    expect(await sourceOf(owner, 'assign role')).toBe('member_role');
    await desk.permit(await desk.systemRole('user'), 'look around');
    expect(await sourceOf(person, 'look around')).toBe('everyone');
  });

  it('of a refusal lists what was looked at, and tells a missing permission from a missing person', async () => {
    const person = await desk.person();
    const denied = (await desk.ask(person, 'launch rockets')).body;
    expect(denied).toMatchObject({ allowed: false, explanation: { reason: 'no_matching_permission' } });
    const body = { action: 'a', resource: 'r', user_id: 'ausr_01h2xcejqtf2nbrexx3vqjhp41', explain: true };
    const nobody = await desk.call('POST', '/v1/permissions/check', body);
    expect(nobody.body).toEqual({ allowed: false, explanation: { reason: 'no_such_user', roles: [] } });
  });

  it('is left out unless it is asked for; several questions are answered in their order', async () => {
    const role = await desk.role('caller', { permits: ['call home'] });
    const person = await desk.person();
    await desk.assign(role, person);
    const checks = [
      { action: 'call', resource: 'home' },
      { action: 'call', resource: 'mars' },
    ];
    const answer = await app.api.post('/v1/permissions/check', { token: person.token, body: { checks } });
    expect(answer.body).toEqual({ results: [{ allowed: true }, { allowed: false }] });
  });

  it.each([
    [{}],
    [{ action: 'read' }],
    [{ checks: [] }],
    [{ checks: 'read' }],
    [{ checks: ['read ledgers'] }],
    [{ checks: [{ action: 'read' }] }],
    [{ checks: Array.from({ length: 101 }, () => ({ action: 'a', resource: 'r' })) }],
    [{ action: 'read', resource: 'ledgers', user_id: 'ada' }],
  ])('%j is no question', async (body) => {
    const { token } = await desk.person();
    expectProblem(await app.api.post('/v1/permissions/check', { token, body }), 400, 'validation_failed');
  });

  it.each(['*', 'READ', 'read,write', '%2a', 'rea', 'read '])(
    'R207: the action %j is taken literally',
    async (action) => {
      const role = await desk.role(`r${Buffer.from(action).toString('hex')}`, { permits: ['read files'] });
      const person = await desk.person();
      await desk.assign(role, person);
      const body = { action, resource: 'files' };
      const answer = await app.api.post('/v1/permissions/check', { token: person.token, body });
      expect(answer.body).toEqual({ allowed: false });
    },
  );

  it('of one’s own shows every role and permission', async () => {
    const role = await desk.role('singer', { permits: ['sing songs'] });
    const person = await desk.person();
    await desk.assign(role, person);
    const { body } = await app.api.get('/v1/me/permissions', { token: person.token });
    expect(body.permissions).toContainEqual({
      action: 'sing',
      resource: 'songs',
      role: 'singer',
      source: 'assignment',
    });
    expect(body.roles).toContainEqual({ id: role, slug: 'singer', source: 'assignment' });
  });
});

describe('a check', () => {
  it('asks the database once when it is cold, and not at all when it is warm', async () => {
    const role = await desk.role('runner', { permits: ['run races'] });
    const person = await desk.person();
    await desk.assign(role, person);
    const statements: string[] = [];
    const database = app.get(Database);
    const query = database.query.bind(database);
    await app.api.get('/v1/me', { token: person.token });
    jest.spyOn(database, 'query').mockImplementation((scope, statement, values) => {
      statements.push(statement.name);
      return query(scope, statement, values);
    });
    expect(await desk.may(person, 'run races')).toBe(true);
    expect(statements).toEqual(['role_assignments.access']);
    expect(await desk.may(person, 'run races')).toBe(true);
    expect(statements).toHaveLength(1);
  });

  it('R208: is never answered yes while the database cannot be asked', async () => {
    const role = await desk.role('climber', { permits: ['climb walls'] });
    const person = await desk.person();
    await desk.assign(role, person);
    await app.api.get('/v1/me', { token: person.token });
    const database = app.get(Database);
    const query = database.query.bind(database);
    jest.spyOn(database, 'query').mockImplementation((scope, statement, values) => {
      if (statement.name === 'role_assignments.access') return Promise.reject(new ServiceUnavailable());
      return query(scope, statement, values);
    });
    expectProblem(await desk.ask(person, 'climb walls'), 503);
    expectProblem(await app.api.get('/v1/roles', { token: person.token }), 503);
  });

  it('of somebody who is banned or deleted says no, and yes again once that is undone', async () => {
    const role = await desk.role('skater', { permits: ['skate ice'] });
    const person = await desk.person();
    await desk.assign(role, person);
    const ask = async () => {
      const body = { action: 'skate', resource: 'ice', user_id: person.userId };
      return (await desk.call('POST', '/v1/permissions/check', body)).body.allowed;
    };
    const admin = (method: string, action: string) =>
      desk.call(method, `/v1/admin/users/${person.userId}${action}`, {});
    expect(await ask()).toBe(true);
    await admin('POST', '/ban');
    expect(await ask()).toBe(false);
    await admin('POST', '/unban');
    expect(await ask()).toBe(true);
    await admin('DELETE', '');
    expect(await ask()).toBe(false);
    await admin('POST', '/restore');
    expect(await ask()).toBe(true);
  });

  it('R296: of somebody who erased the account nothing is left', async () => {
    const role = await desk.role('diver', { permits: ['dive deep'] });
    const person = await desk.person();
    await desk.assign(role, person);
    expect((await app.api.delete('/v1/me', { token: person.token })).status).toBe(200);
    expect(await asOwner(app, `SELECT id FROM role_assignments WHERE user_id = '${person.userId}'`)).toEqual([]);
  });
});
