import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, PASSWORD, type SignedIn, uniqueEmail } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { linkToken } from '../support/mail-sink.js';
import type { Replica } from '../support/replica.js';
import { Replicas, WITH_OWNER } from '../support/replicas.js';

const SEATS = 10;
const INVITED = 200;
const NOTIFIED_WITHIN_MS = 100;

let replicas: Replicas;
let operator: string;

beforeAll(async () => {
  replicas = await Replicas.start({
    ...WITH_OWNER,
    AUTHSOME_LIMIT_INVITATIONS_PER_ORGANIZATION: '100000/1h',
    // How long a crowd waits for its turn is not the subject.
    AUTHSOME_DATABASE_LOCK_TIMEOUT: '30s',
    AUTHSOME_DATABASE_CONNECT_TIMEOUT: '30s',
    AUTHSOME_DATABASE_STATEMENT_TIMEOUT: '30s',
  });
  operator = await replicas.platformOwner();
});
afterAll(() => replicas.stop());

const billing = async (method: string, path: string, body?: object, on: Replica = replicas.first): Promise<Answer> => {
  const { appId, envId } = replicas.tenant.scope;
  const headers = { 'x-authsome-environment': envId };
  return on.request(method, `/v1/billing${path}`, {
    token: operator,
    query: { app_id: appId },
    headers,
    ...(body && { body }),
  });
};
const must = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
  const answer = await billing(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
  return answer.body;
};
const plan = async (features: readonly object[]): Promise<string> => {
  const slug = `plan-${uniqueEmail().slice(7, 19)}`;
  return (await must('POST', '/plans', { name: slug, slug, features })).id as string;
};
const subscribe = async (tenantId: string, features: readonly object[]): Promise<string> =>
  (await must('POST', '/subscriptions', { tenant_id: tenantId, plan_id: await plan(features) })).id as string;
const organization = async (owner: SignedIn): Promise<string> => {
  const answer = await replicas.first.post('/v1/orgs', { token: owner.token, body: { name: 'Engines' } });
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body.id as string;
};

describe('billing over two replicas', () => {
  it('R357: 200 who accept at once for 10 seats end with exactly 10 members', async () => {
    const owner = await replicas.signUp();
    const orgId = await organization(owner);
    const emails = Array.from({ length: INVITED }, () => uniqueEmail());
    for (let n = 0; n < INVITED; n += 100) {
      const invitations = emails.slice(n, n + 100).map((email) => ({ email }));
      const asked = await replicas.first.post(`/v1/orgs/${orgId}/invitations/bulk`, {
        token: owner.token,
        body: { invitations },
      });
      if (asked.status >= 300) throw new Error(asked.text);
    }
    await eventually(
      'every invitation in a mailbox',
      () => emails.every((email) => replicas.mails.to(email).length > 0),
      60_000,
    );
    await subscribe(orgId, [{ key: 'authsome.orgs.members', type: 'seat', limit: SEATS }]);
    const answers = await replicas.race(INVITED, (replica, index) => {
      const email = emails[index] as string;
      const [mail] = replicas.mails.to(email);
      if (mail === undefined) throw new Error('nobody was invited');
      const token = linkToken(mail);
      return replica.post('/v1/signup', {
        tenant: replicas.tenant,
        body: { email, password: PASSWORD, invitation_token: token },
      });
    });
    const members = await replicas.count('SELECT count(*) FROM members WHERE org_id = $1', [orgId]);
    const count = await replicas.count('SELECT member_count AS count FROM organizations WHERE id = $1', [orgId]);
    expect([members, count]).toEqual([SEATS, SEATS]);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(SEATS - 1);
    expect(answers.filter(({ body }) => body.type === 'quota_exceeded')).toHaveLength(INVITED - SEATS + 1);
  });

  it('B36: a change of plan is seen by the other replica within 100 ms', async () => {
    const { appId } = replicas.tenant.scope;
    const owner = await replicas.signUp();
    const orgId = await organization(owner);
    const allowed = async (replica: Replica): Promise<unknown> => {
      const answer = await replica.get('/v1/billing/entitlements/reports', {
        token: owner.token,
        query: { tenant_id: orgId },
      });
      return answer.body.allowed;
    };
    const id = await subscribe(orgId, []);
    const [without, having] = [await plan([]), await plan([{ key: 'reports' }])];
    for (let trial = 0; trial < 10; trial += 1) {
      const hold = trial % 2 === 0;
      for (const replica of [replicas.first, replicas.second]) await allowed(replica);
      await must('POST', `/subscriptions/${id}/change-plan`, { new_plan_id: hold ? having : without });
      await delay(NOTIFIED_WITHIN_MS);
      expect([trial, await allowed(replicas.second)]).toEqual([trial, hold]);
    }
    expect(appId).toMatch(/^aapp_/);
  });

  it('B34: reservations over two processes never exceed a limit', async () => {
    const owner = await replicas.signUp();
    const orgId = await organization(owner);
    await must('POST', '/meters', { key: 'api.calls', aggregation: 'sum' });
    await subscribe(orgId, [{ key: 'api.calls', type: 'metered', limit: 10 }]);
    const body = { tenant_id: orgId, feature: 'api.calls' };
    const answers = await replicas.race(50, (replica) => billing('POST', '/reservations', body, replica));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
  });

  it('B16, R360, F18: usage of every acknowledged sign-up is counted once, although a replica is killed before it was metered', async () => {
    const { appId, envId } = replicas.tenant.scope;
    const acknowledged: string[] = [];
    let killed = false;
    const client = async (_: unknown, index: number): Promise<void> => {
      while (!killed) {
        try {
          const body = { email: uniqueEmail(), password: PASSWORD };
          const answer = await replicas.at(index).post('/v1/signup', { tenant: replicas.tenant, body });
          if (answer.status !== 201) throw new Error(`sign-up answered ${answer.status}`);
          acknowledged.push((answer.body.user as { id: string }).id);
          if (acknowledged.length === 60) {
            killed = true;
            replicas.first.signal('SIGKILL');
          }
        } catch (error) {
          if (!killed || index % 2 === 1) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 6 }, client));
    await replicas.first.kill();
    const facts = 'SELECT count(*) FROM outbox WHERE name = $2 AND env_id = $1';
    const counted = `SELECT coalesce(sum(total), 0) AS count FROM billing_usage_rollups WHERE env_id = $1 AND meter_key = $2 AND subject_key = 'app:${appId}'`;
    for (const [fact, meter] of [
      ['user.created', 'authsome.users.created'],
      ['session.created', 'authsome.sessions.created'],
    ] as const) {
      const committed = await replicas.count(facts, [envId, fact]);
      await eventually(
        `all of ${meter}`,
        async () => (await replicas.count(counted, [envId, meter])) === committed,
        30_000,
      );
    }
    const known = await replicas.view.query<{ key: string }>(
      `SELECT dedupe_key AS key FROM billing_usage_events WHERE env_id = $1 AND feature_key = 'authsome.users.created'`,
      [envId],
    );
    const keys = new Set(known.map(({ key }) => key));
    expect(acknowledged.filter((id) => !keys.has(`user:${id}`))).toEqual([]);
    await replicas.replaceFirst();
    await delay(1_500);
    expect(await replicas.count(counted, [envId, 'authsome.users.created'])).toBe(
      await replicas.count(facts, [envId, 'user.created']),
    );
  });
});
