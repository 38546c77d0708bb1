// Members who come by bulk invitations: what a hundred more cost the ten thousandth against the first, and what pages of them cost.
import { SYSTEM_ACTOR } from '../dist/src/kernel/audit/audit-trail.js';
import { JobRunner } from '../dist/src/kernel/jobs/job-runner.js';
import { Mailer } from '../dist/src/messaging/mailer.js';
import { InvitationAnswersService } from '../dist/src/organizations/invitations/invitation-answers.service.js';
import { InvitationsService } from '../dist/src/organizations/invitations/invitations.service.js';
import { MembersService } from '../dist/src/organizations/members/members.service.js';
import { OrganizationsService } from '../dist/src/organizations/organizations.service.js';
import { UsersService } from '../dist/src/users/users.service.js';
import { startInProcess } from './lib/in-process.mjs';

export const name = 'members';

const AT_ONCE = 100;
const PER_PAGE = 100;
const MOST_GROWTH = 2;
const RUNS_OF_A_PAGE = 7;

class Tokens extends Mailer {
  name = 'bench';
  byAddress = new Map();
  send({ to, link }) {
    this.byAddress.set(to, new URLSearchParams(new URL(link).hash.slice(1)).get('token'));
    return Promise.resolve();
  }
}

const round = (number) => Math.round(number * 100) / 100;
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

export async function run({ database, seconds }) {
  const members = seconds < 3 ? 2_000 : 10_000;
  const mailer = new Tokens();
  const limits = {
    AUTHSOME_LIMIT_INVITATIONS_PER_ORGANIZATION: '100000000/1h',
    AUTHSOME_LIMIT_INVITATIONS_PER_ADDRESS: '100000000/1h',
  };
  const service = await startInProcess(database, { env: limits, mailer });
  const scope = await service.tenant();
  const users = service.get(UsersService);
  const newUser = (email) =>
    users.create(scope, { email, emailVerified: true, firstName: 'P', lastName: '', metadata: {} }, SYSTEM_ACTOR);
  const { id: ownerId } = await newUser('owner@example.com');
  const owner = { kind: 'user', id: ownerId };
  const named = { name: 'Bench', logo: null, description: null, metadata: {} };
  const { id: orgId } = await service.get(OrganizationsService).createOwn(scope, named, ownerId, owner);
  const by = { userId: ownerId, standing: 'owner', actor: owner };

  const invitedMs = [];
  const acceptedMs = [];
  for (let first = 0; first < members; first += AT_ONCE) {
    const people = [];
    for (let n = first; n < first + AT_ONCE; n += 1) people.push(await newUser(`person${n}@example.com`));
    const inputs = people.map(({ email }) => ({ email, role: 'member', teamIds: [] }));
    const invitedAt = performance.now();
    const outcomes = await service.get(InvitationsService).createMany(scope, orgId, inputs, by);
    invitedMs.push(performance.now() - invitedAt);
    if (outcomes.some(({ refused }) => refused)) throw outcomes.find(({ refused }) => refused).refused;
    await service.get(JobRunner).drain();
    const acceptedAt = performance.now();
    for (const user of people) {
      const token = mailer.byAddress.get(user.email);
      await service.get(InvitationAnswersService).accept(scope, token, user, { kind: 'user', id: user.id });
    }
    acceptedMs.push(performance.now() - acceptedAt);
  }

  await database.query('VACUUM ANALYZE members');
  const pages = [];
  let cursor;
  do {
    const times = [];
    let page;
    for (let done = 0; done < RUNS_OF_A_PAGE; done += 1) {
      const startedAt = performance.now();
      page = await service
        .get(MembersService)
        .list(scope, orgId, {}, { limit: PER_PAGE, ...(cursor !== undefined && { cursor }) });
      times.push(performance.now() - startedAt);
    }
    pages.push(median(times));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  await service.stop();

  const tenth = Math.ceil(acceptedMs.length / 10);
  const growth = (times) => median(times.slice(-tenth)) / median(times.slice(0, tenth));
  const perMember = (times) => round(times.reduce((sum, ms) => sum + ms, 0) / members);
  return [
    {
      bench: `accepting as the last tenth of ${members} members, against the first (${perMember(acceptedMs)} ms each)`,
      value: round(growth(acceptedMs)),
      unit: 'times',
      atMost: MOST_GROWTH,
    },
    {
      bench: `inviting the last tenth of ${members} members, against the first (${perMember(invitedMs)} ms each)`,
      value: round(growth(invitedMs)),
      unit: 'times',
      atMost: MOST_GROWTH,
    },
    {
      bench: `the slowest of ${pages.length} pages of members, against the first (${round(pages[0])} ms)`,
      value: round(Math.max(...pages) / pages[0]),
      unit: 'times',
      atMost: MOST_GROWTH,
    },
  ];
}
