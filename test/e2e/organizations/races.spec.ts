import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { asOwner } from '../../support/as-owner.js';
import { eventually } from '../../support/eventually.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp } from '../../support/test-app.js';
import { Office } from './office.js';

let first: TestApp;
let second: TestApp;
let office: Office;

beforeAll(async () => {
  const env = { ...RAISED_LIMITS, AUTHSOME_LIMIT_INVITATIONS_PER_ORGANIZATION: '100000/1m' };
  first = await TestApp.start({ env });
  second = await TestApp.start({ env, database: first.database, app: { kernel: { clock: first.clock } } });
  office = await Office.open(first);
});
afterAll(async () => {
  await second.close();
  await first.close();
});

type Deed = (by: SignedIn, own: string, other: string, orgId: string, on: TestApp) => Promise<Answer>;

/** What an owner may do about owners. */
const DEEDS: Readonly<Record<string, Deed>> = {
  demote: (by, _own, other, orgId, on) =>
    office.as(by, 'PATCH', `/v1/orgs/${orgId}/members/${other}`, { role: 'member' }, on),
  remove: (by, _own, other, orgId, on) => office.as(by, 'DELETE', `/v1/orgs/${orgId}/members/${other}`, undefined, on),
  leave: (by, _own, _other, orgId, on) => office.as(by, 'POST', `/v1/orgs/${orgId}/leave`, {}, on),
  transfer: (by, _own, other, orgId, on) =>
    office.as(by, 'POST', `/v1/orgs/${orgId}/transfer`, { member_id: other }, on),
  erase: (by, _own, _other, _orgId, on) => office.as(by, 'DELETE', '/v1/me', undefined, on),
};
const PAIRS = Object.keys(DEEDS).flatMap((a) => Object.keys(DEEDS).map((b) => [a, b] as const));

describe('R187: two owners who act at the same moment on two replicas', () => {
  it.each(PAIRS)('%s and %s: always an owner, and never an error of the service', async (a, b) => {
    for (let trial = 0; trial < 2; trial += 1) {
      const founded = await office.found();
      const { person, memberId } = await office.member(founded, 'owner');
      const ownerId = await office.memberIdOf(founded, founded.owner, founded.owner);
      const { orgId } = founded;
      const answers = await Promise.all([
        DEEDS[a]?.(founded.owner, ownerId, memberId, orgId, first),
        DEEDS[b]?.(person, memberId, ownerId, orgId, second),
      ]);
      for (const answer of answers) expect([a, b, (answer?.status ?? 500) < 500]).toEqual([a, b, true]);
      const owners = await asOwner(
        first,
        `SELECT m.id FROM members m JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL
         WHERE m.org_id = '${orgId}' AND m.role = 'owner'`,
      );
      expect(owners.length).toBeGreaterThanOrEqual(1);
    }
  });
});

describe('on two replicas at once', () => {
  const everyOther = (index: number) => (index % 2 === 0 ? first : second);
  const tally = (answers: readonly Answer[]) => {
    const counts: Record<string, number> = {};
    for (const { status, body } of answers) {
      const what = status < 300 ? String(status) : `${status} ${String(body.type)}`;
      counts[what] = (counts[what] ?? 0) + 1;
    }
    return counts;
  };

  it('R189: one invitation accepted 20 times is one membership', async () => {
    const founded = await office.found();
    const person = await office.verified();
    const { token } = await office.invited(founded, person.email);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => office.accept(person, token, {}, everyOther(index))),
    );
    expect(tally(answers)).toEqual({ '201': 1, '400 invalid_invitation': 19 });
    const { body } = await office.as(founded.owner, 'GET', `/v1/orgs/${founded.orgId}`);
    expect(body.member_count).toBe(2);
  });

  it('a slug taken 20 times is one organization', async () => {
    const person = await office.person();
    const body = { name: 'Race', slug: `race-${uniqueEmail().slice(7, 15)}` };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => office.as(person, 'POST', '/v1/orgs', body, everyOther(index))),
    );
    expect(tally(answers)).toEqual({ '201': 1, '409 organization_slug_taken': 19 });
  });

  it('R195: of 20 who take the one free seat, by invitation or as added, exactly one joins', async () => {
    const founded = await office.found();
    const guests = [];
    for (let n = 0; n < 20; n += 1) {
      const person = await office.verified();
      guests.push({ person, ...(n % 2 === 0 ? await office.invited(founded, person.email) : { token: undefined }) });
    }
    await office.set(founded, 'organizations.max_members', 2);
    const answers = await Promise.all(
      guests.map(({ person, token }, index) => {
        const on = everyOther(Math.floor(index / 2));
        if (token !== undefined) return office.accept(person, token, {}, on);
        const body = { user_id: person.userId };
        return office.as(founded.owner, 'POST', `/v1/orgs/${founded.orgId}/members`, body, on);
      }),
    );
    expect(tally(answers)).toEqual({ '201': 1, '409 organization_full': 19 });
  });

  it('R196: a removal on one replica refuses the member on the other within 100 ms, whatever their session acts for', async () => {
    const founded = await office.found();
    const { person, memberId } = await office.member(founded);
    await office.as(person, 'POST', '/v1/me/switch-org', { org_id: founded.orgId });
    const path = `/v1/orgs/${founded.orgId}`;
    await eventually(
      'the second replica lets them in',
      async () => (await office.as(person, 'GET', path, undefined, second)).status === 200,
    );
    await office.as(founded.owner, 'DELETE', `${path}/members/${memberId}`);
    await eventually(
      'the second replica refuses them',
      async () => (await office.as(person, 'GET', '/v1/me', undefined, second)).status === 403,
      100,
    );
  });

  it('a demotion on one replica takes the right on the other within 100 ms', async () => {
    const founded = await office.found();
    const { person, memberId } = await office.member(founded, 'admin');
    const path = `/v1/orgs/${founded.orgId}`;
    const list = async () => (await office.as(person, 'GET', `${path}/invitations`, undefined, second)).status;
    expect(await list()).toBe(200);
    await office.as(founded.owner, 'PATCH', `${path}/members/${memberId}`, { role: 'member' });
    await eventually('the second replica refuses', async () => (await list()) === 403, 100);
  });
});
