import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AppConfigsService } from '../../../src/apps/app-configs.service.js';
import { scopeTo } from '../../../src/kernel/context/scope.js';
import { type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { asOwner } from '../../support/as-owner.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { SYSTEM_AUTHOR, TestApp } from '../../support/test-app.js';
import { DatabaseDump } from '../personal-data/database-dump.js';
import { type Founded, Office } from './office.js';

const DAY_MS = 86_400_000;
const PASSWORD = 'correct horse battery staple';

let app: TestApp;
let office: Office;
let founded: Founded;
let owner: SignedIn;
let path: string;
const log: string[] = [];

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS, log });
});
beforeEach(async () => {
  office = await Office.open(app);
  founded = await office.found();
  ({ owner } = founded);
  path = `/v1/orgs/${founded.orgId}`;
});
afterAll(() => app.close());

const signUp = (email: string, invitation_token: string, more: object = {}) =>
  app.api.post('/v1/signup', { tenant: office.tenant, body: { email, password: PASSWORD, invitation_token, ...more } });
const lookUp = (token: string) => app.api.post('/v1/orgs/invitations/lookup', { body: { token } });

describe('an invitation', () => {
  it('makes the invited person a member, with the role offered and whatever else the body says (R190)', async () => {
    const person = await office.verified();
    const { id, token } = await office.invited(founded, person.email, { role: 'admin' });
    const accepted = await office.accept(person, token, { role: 'owner', org_id: 'aorg_x', organization_id: 'aorg_x' });
    expect(accepted.status).toBe(201);
    expect(accepted.body).toMatchObject({ org_id: founded.orgId, user_id: person.userId, role: 'admin' });
    expect(await office.stateOf(founded, id)).toBe('accepted');
    expectProblem(await office.accept(person, token), 400, 'invalid_invitation');
  });

  it('R190: is refused when any byte of its token differs', async () => {
    const person = await office.verified();
    const { token } = await office.invited(founded, person.email);
    for (const index of [0, 31, 63]) {
      const changed = token.slice(0, index) + (token[index] === 'a' ? 'b' : 'a') + token.slice(index + 1);
      expectProblem(await office.accept(person, changed), 400, 'invalid_invitation');
    }
    expect((await office.accept(person, token)).status).toBe(201);
  });

  it('W2: its token is in its mail alone: in no answer, log line or row', async () => {
    const email = uniqueEmail();
    const answer = await office.invite(founded, { email });
    const token = await office.mailed(email);
    const list = await office.as(owner, 'GET', `${path}/invitations`);
    const shown = await lookUp(token);
    expect(answer.text + list.text + shown.text).not.toContain(token);
    expect((await DatabaseDump.of(app)).rowsWith(token)).toEqual([]);
    expect(log.join('\n')).not.toContain(token);
  });

  it('R188: is for the invited, verified address only, and goes on waiting otherwise', async () => {
    const unverified = await office.person();
    const { id, token } = await office.invited(founded, unverified.email);
    const other = await office.verified();
    expectProblem(await office.accept(unverified, token), 403, 'invitation_of_another');
    expectProblem(await office.accept(other, token), 403, 'invitation_of_another');
    expect(await office.stateOf(founded, id)).toBe('pending');
    const elsewhere = await (await Office.open(app)).verified();
    expectProblem(await office.accept(elsewhere, token), 400, 'invalid_invitation');
    expectProblem(await app.api.post('/v1/orgs/invitations/accept', { body: { token } }), 401);
  });

  it('R191: taken back it is void', async () => {
    const person = await office.verified();
    const { id, token } = await office.invited(founded, person.email);
    expect((await office.as(owner, 'DELETE', `${path}/invitations/${id}`)).body).toEqual({ status: 'revoked' });
    expectProblem(await office.accept(person, token), 400, 'invalid_invitation');
    expectProblem(await lookUp(token), 400, 'invalid_invitation');
    expectProblem(await office.as(owner, 'DELETE', `${path}/invitations/${id}`), 409, 'invitation_answered');
    expectProblem(await office.as(owner, 'POST', `${path}/invitations/${id}/resend`, {}), 409, 'invitation_answered');
  });

  it('R191: mailed again the link before is void, and the new one works', async () => {
    const person = await office.verified();
    const { id, token } = await office.invited(founded, person.email);
    expect((await office.as(owner, 'POST', `${path}/invitations/${id}/resend`, {})).status).toBe(200);
    const renewed = await office.mailed(person.email);
    expect(renewed).not.toBe(token);
    expectProblem(await office.accept(person, token), 400, 'invalid_invitation');
    expect((await office.accept(person, renewed)).status).toBe(201);
  });

  it('R191: expires after the days that are set, for the organization too, and can be mailed again', async () => {
    await office.set(founded, 'organizations.invitation_days', 2);
    const email = uniqueEmail();
    const { id, token } = await office.invited(founded, email);
    app.clock.advance(2 * DAY_MS);
    expectProblem(await signUp(email, token), 400, 'invalid_invitation');
    expectProblem(await lookUp(token), 400, 'invalid_invitation');
    const again = await app.api.post('/v1/signin', {
      tenant: office.tenant,
      body: { email: owner.email, password: owner.password },
    });
    owner = { ...owner, token: again.body.session_token as string };
    founded = { ...founded, owner };
    expect(await office.stateOf(founded, id)).toBe('expired');
    expect((await office.as(owner, 'GET', `${path}/invitations?status=expired`)).body.invitations).toHaveLength(1);
    const renewed = await office.invited(founded, email);
    expect((await signUp(email, renewed.token)).status).toBe(201);
  });

  it('can be declined by whoever holds its link, and is void then', async () => {
    const person = await office.verified();
    const { id, token } = await office.invited(founded, person.email);
    const decline = () => app.api.post('/v1/orgs/invitations/decline', { body: { token } });
    expect((await decline()).body).toEqual({ status: 'declined' });
    expectProblem(await decline(), 400, 'invalid_invitation');
    expectProblem(await office.accept(person, token), 400, 'invalid_invitation');
    expect(await office.stateOf(founded, id)).toBe('declined');
  });

  it('is shown to whoever holds its link, and not in another environment', async () => {
    const email = uniqueEmail();
    const { token } = await office.invited(founded, email, { role: 'admin' });
    expect((await lookUp(token)).body).toMatchObject({
      org_name: 'Engines',
      email,
      role: 'admin',
      publishable_key: office.tenant.publishableKey,
    });
    const tenant = await app.createTenant();
    const elsewhere = await app.api.post('/v1/orgs/invitations/lookup', { tenant, body: { token } });
    expectProblem(elsewhere, 400, 'invalid_invitation');
  });

  it('waits once per address; a member is not invited', async () => {
    const { person } = await office.member(founded);
    expectProblem(await office.invite(founded, { email: person.email }), 409, 'already_member');
    const email = uniqueEmail();
    expect((await office.invite(founded, { email })).status).toBe(201);
    expectProblem(await office.invite(founded, { email: email.toUpperCase() }), 409, 'invitation_pending');
  });

  it('R194: an address with an account and one without are invited alike', async () => {
    const known = await office.person();
    const answers = [
      await office.invite(founded, { email: known.email }),
      await office.invite(founded, { email: uniqueEmail() }),
    ];
    const shape = ({ status, body }: (typeof answers)[number]) => [status, Object.keys(body), body.status, body.role];
    expect(answers.map(shape)[0]).toEqual(answers.map(shape)[1]);
  });

  it('R192: of an inviter who left, lost the right or was banned grants nothing; of one demoted, no more than they could', async () => {
    const offers = async (role: string, by: string) => {
      const inviter = await office.member(founded, by);
      const guest = await office.verified();
      const { token } = await office.invited(founded, guest.email, { role }, inviter.person);
      return { inviter, guest, token };
    };
    const left = await offers('member', 'admin');
    await office.as(left.inviter.person, 'POST', `${path}/leave`, {});
    const demoted = await offers('member', 'admin');
    await office.as(owner, 'PATCH', `${path}/members/${demoted.inviter.memberId}`, { role: 'member' });
    const banned = await offers('member', 'admin');
    await office.asOperator('POST', `/v1/admin/users/${banned.inviter.person.userId}/ban`, {});
    for (const { guest, token } of [left, demoted, banned]) {
      expectProblem(await office.accept(guest, token), 403, 'invitation_lapsed');
    }
    const capped = await offers('owner', 'owner');
    await office.as(owner, 'PATCH', `${path}/members/${capped.inviter.memberId}`, { role: 'admin' });
    expect((await office.accept(capped.guest, capped.token)).body.role).toBe('admin');
  });

  it('R193: brings into teams of the organization, and names no others', async () => {
    const other = await office.found();
    const team = await office.as(owner, 'POST', `${path}/teams`, { name: 'Research', slug: 'research' });
    const foreign = await office.as(other.owner, 'POST', `/v1/orgs/${other.orgId}/teams`, { name: 'x', slug: 'x' });
    const email = uniqueEmail();
    const refused = await office.invite(founded, { email, team_ids: [team.body.id, foreign.body.id] });
    expectProblem(refused, 400, 'validation_failed');
    const person = await office.verified(email);
    const { token } = await office.invited(founded, email, { team_ids: [team.body.id] });
    await office.accept(person, token);
    const members = await office.as(owner, 'GET', `${path}/teams/${team.body.id as string}/members`);
    expect(members.body.members).toMatchObject([{ user_id: person.userId }]);
  });

  it('of many says for each what became of it', async () => {
    const { person } = await office.member(founded);
    const email = uniqueEmail();
    const invitations = [{ email }, { email: person.email }, { email, role: 'admin' }];
    const answer = await office.as(owner, 'POST', `${path}/invitations/bulk`, { invitations });
    expect(answer.body).toMatchObject({
      invited: 1,
      refused: 2,
      results: [
        { email, status: 'invited' },
        { status: 'refused', type: 'already_member' },
        { status: 'refused', type: 'invitation_pending' },
      ],
    });
    const broken = { invitations: [{ email: 'a@example.com' }, { email: 'no address' }] };
    expectProblem(await office.as(owner, 'POST', `${path}/invitations/bulk`, broken), 400, 'validation_failed');
  });

  it('no more than are allowed wait at once', async () => {
    await office.set(founded, 'organizations.max_pending_invitations', 2);
    for (let n = 0; n < 2; n += 1) expect((await office.invite(founded, { email: uniqueEmail() })).status).toBe(201);
    const refused = await office.invite(founded, { email: uniqueEmail() });
    expectProblem(refused, 409, 'too_many_invitations');
    expect(refused.body).toMatchObject({ limit: 2, used: 2 });
  });

  it('answered ones are deleted when they have been kept long enough, and with the person who accepted', async () => {
    const person = await office.verified();
    const { id, token } = await office.invited(founded, person.email);
    await office.accept(person, token);
    const rows = () => asOwner(app, `SELECT id FROM invitations WHERE id = '${id}'`);
    expect(await rows()).toHaveLength(1);
    await office.as(person, 'DELETE', '/v1/me');
    expect(await rows()).toEqual([]);
    const { id: other } = await office.invited(founded, uniqueEmail());
    app.clock.advance(100 * DAY_MS);
    await app.drain();
    expect(await asOwner(app, `SELECT id FROM invitations WHERE id = '${other}'`)).toEqual([]);
  });
});

describe('accepting while signing up', () => {
  it('R023: works where sign-up is closed, verifies the address and joins, in one step', async () => {
    const scope = scopeTo.app(office.tenant.scope.appId);
    await app.get(AppConfigsService).putClientConfig(scope, { signup_enabled: false }, SYSTEM_AUTHOR(scope));
    const email = uniqueEmail();
    const { token } = await office.invited(founded, email);
    expectProblem(
      await app.api.post('/v1/signup', { tenant: office.tenant, body: { email, password: PASSWORD } }),
      403,
    );
    expectProblem(await signUp(email, 'f'.repeat(64)), 400, 'invalid_invitation');
    const answer = await signUp(email, token);
    expect(answer.status).toBe(201);
    expect(answer.body.user).toMatchObject({ email, email_verified: true });
    const mine = await app.api.get('/v1/orgs', { token: answer.body.session_token as string });
    expect(mine.body.organizations).toMatchObject([{ id: founded.orgId, role: 'member' }]);
  });

  it('with another address is refused, makes no account and leaves the invitation waiting', async () => {
    const email = uniqueEmail();
    const { id, token } = await office.invited(founded, email);
    const other = uniqueEmail();
    expectProblem(await signUp(other, token), 403, 'invitation_of_another');
    expect(await asOwner(app, `SELECT id FROM users WHERE email = '${other}'`)).toEqual([]);
    expect(await office.stateOf(founded, id)).toBe('pending');
  });

  it('tells who has the mailbox that the address has an account already', async () => {
    const person = await office.person();
    const { token } = await office.invited(founded, person.email);
    expectProblem(await signUp(person.email, token), 409, 'email_taken');
  });

  it('makes no account when the seat is gone', async () => {
    const email = uniqueEmail();
    const { token } = await office.invited(founded, email);
    await office.set(founded, 'organizations.max_members', 1);
    expectProblem(await signUp(email, token), 409, 'organization_full');
    expect(await asOwner(app, `SELECT id FROM users WHERE email = '${email}'`)).toEqual([]);
  });
});

describe('R194: bursts', () => {
  it('past the limit of the organization and of the address are refused, and nothing is mailed', async () => {
    const limits = {
      AUTHSOME_LIMIT_INVITATIONS_PER_ORGANIZATION: '3/1h',
      AUTHSOME_LIMIT_INVITATIONS_PER_ADDRESS: '2/1h',
    };
    const limited = await TestApp.start({ env: { ...RAISED_LIMITS, ...limits } });
    try {
      const desk = await Office.open(limited);
      const [first, second] = [await desk.found('One'), await desk.found('Two')];
      const email = uniqueEmail();
      const { id } = await desk.invited(first, email);
      expect((await desk.as(first.owner, 'POST', `/v1/orgs/${first.orgId}/invitations/${id}/resend`, {})).status).toBe(
        200,
      );
      expectProblem(await desk.invite(second, { email }), 429, 'rate_limited');
      await limited.drain();
      expect(limited.mailer.to(email, 'organization_invitation')).toHaveLength(2);
      expect((await desk.invite(first, { email: uniqueEmail() })).status).toBe(201);
      const past = uniqueEmail();
      expectProblem(await desk.invite(first, { email: past }), 429, 'rate_limited');
      await limited.drain();
      expect(limited.mailer.to(past)).toEqual([]);
    } finally {
      await limited.close();
    }
  });
});
