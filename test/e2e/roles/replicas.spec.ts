import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp } from '../../support/test-app.js';
import { RoleDesk } from './role-desk.js';

let first: TestApp;
let second: TestApp;
let desk: RoleDesk;

beforeAll(async () => {
  first = await TestApp.start({ env: RAISED_LIMITS });
  second = await TestApp.start({
    env: RAISED_LIMITS,
    database: first.database,
    app: { kernel: { clock: first.clock } },
  });
  desk = await RoleDesk.open(first);
});
afterAll(async () => {
  await second.close();
  await first.close();
});

describe('roles on two replicas', () => {
  it('R200: A under B and B under A at the same moment, 50 times: never both, and checks still answer', async () => {
    const [a, b] = [await desk.role('ring-a', { permits: ['read rings'] }), await desk.role('ring-b')];
    const person = await desk.person();
    await desk.assign(b, person);
    for (let round = 0; round < 50; round += 1) {
      const answers = await Promise.all([
        desk.call('PATCH', `/v1/roles/${a}`, { parent_id: b }, first),
        desk.call('PATCH', `/v1/roles/${b}`, { parent_id: a }, second),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      expect(await desk.may(person, 'read rings')).toBe(answers[1]?.status === 200);
      await desk.call('PATCH', `/v1/roles/${a}`, { parent_id: '' });
      await desk.call('PATCH', `/v1/roles/${b}`, { parent_id: '' });
    }
  });

  it.each([
    ['a role is taken from the person', (role: string, person: { userId: string }) => desk.unassign(role, person)],
    ['the role is deleted', (role: string) => desk.call('DELETE', `/v1/roles/${role}`)],
  ])('R205: what somebody may do ends on the other replica within 100 ms after %s', async (what, take) => {
    const role = await desk.role(`lost-${what.length}`, { permits: ['read losses'] });
    const person = await desk.person();
    await desk.assign(role, person);
    await eventually(
      'the second replica knows',
      async () => (await desk.may(person, 'read losses', undefined, second)) === true,
    );
    expect((await take(role, person)).status).toBe(200);
    await eventually(
      'the second replica refuses',
      async () => (await desk.may(person, 'read losses', undefined, second)) === false,
      100,
    );
  });

  it('one role assigned 20 times at once over both is held once', async () => {
    const role = await desk.role('twenty');
    const person = await desk.person();
    const body = { user_id: person.userId };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        desk.call('POST', `/v1/roles/${role}/assign`, body, index % 2 === 0 ? first : second),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const { body: held } = await desk.call('GET', `/v1/users/${person.userId}/roles`);
    expect(held.roles).toHaveLength(1);
  });
});
