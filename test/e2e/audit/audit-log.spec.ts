import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer, SignedIn } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

interface Entry {
  readonly id: string;
  readonly action: string;
  readonly actor_id?: string;
  readonly changes?: object;
}

let app: TestApp;
let tenant: TestTenant;
let operator: string;
let ada: SignedIn;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
  operator = await app.operatorOf(tenant.scope.appId);
  ada = await app.api.signUp(tenant);
  await app.api.patch('/v1/me', { token: ada.token, body: { first_name: 'Ada' } });
  await app.api.post('/v1/signin', { tenant, body: { email: ada.email, password: 'wrong' } });
});
afterAll(() => app.close());

const audit = (query: Record<string, string> = {}, path = '', token = operator): Promise<Answer> =>
  app.api.get(`/v1/admin/audit${path}`, { token, query: { app_id: tenant.scope.appId, ...query } });
const found = async (query: Record<string, string>): Promise<Entry[]> => (await audit(query)).body.entries as Entry[];

describe('the audit log of an app', () => {
  it('says who did what, and which fields changed from what to what', async () => {
    const [entry] = await found({ action: 'user.updated' });
    expect(entry).toMatchObject({
      action: 'user.updated',
      outcome: 'success',
      actor_kind: 'user',
      actor_id: ada.userId,
      target_type: 'user',
      target_id: ada.userId,
      env_id: tenant.scope.envId,
      ip_address: expect.any(String),
      changes: { first_name: { before: '', after: 'Ada' } },
    });
    expect((await audit({}, `/${entry?.id ?? ''}`)).body).toEqual(entry);
  });

  it.each<[string, () => Record<string, string>, RegExp]>([
    ['one action', () => ({ action: 'user.updated' }), /^user\.updated$/],
    ['all actions that begin so', () => ({ action: 'user.' }), /^user\./],
    ['failures', () => ({ outcome: 'failure' }), /^auth\.sign_in$/],
    ['an actor', () => ({ actor_id: ada.userId, action: 'session.' }), /^session\./],
    ['a target', () => ({ target_id: ada.userId, target_type: 'user', action: 'user.' }), /^user\./],
    ['a time', () => ({ from: '2030-01-01T00:00:00Z', to: '2031-01-01T00:00:00Z', action: 'user.' }), /^user\./],
  ])('finds %s', async (_, query, action) => {
    const entries = await found(query());
    expect(entries.length).toBeGreaterThan(0);
    for (const entry of entries) expect(entry.action).toMatch(action);
  });

  it('finds nothing of what is not there, and pages through the rest newest first', async () => {
    expect(await found({ to: '2020-01-01T00:00:00Z' })).toEqual([]);
    expect(await found({ action: 'user' })).toEqual([]);
    expect(await found({ action: "'; DROP TABLE users --" })).toEqual([]);
    const all = await found({ limit: '100' });
    const first = await audit({ limit: '3' });
    const second = await audit({ limit: '3', cursor: first.body.next_cursor as string });
    const paged = [first, second].flatMap(({ body }) => body.entries as Entry[]);
    expect(paged.map(({ id }) => id)).toEqual(all.slice(0, 6).map(({ id }) => id));
    expectProblem(await audit({ cursor: first.body.next_cursor as string, action: 'user.' }), 400, 'malformed_cursor');
  });

  it('R284, R170: is closed to everybody but operators of the app', async () => {
    expectProblem(await audit({}, '', ada.token), 403);
    const stranger = await app.operatorOf((await app.createTenant()).scope.appId);
    expectProblem(await audit({}, '', stranger), 403);
    const [entry] = await found({});
    const other = await app.createTenant();
    const token = await app.operatorOf(other.scope.appId);
    const query = { app_id: other.scope.appId };
    const foreign = await app.api.get(`/v1/admin/audit/${entry?.id ?? ''}`, { token, query });
    expectProblem(foreign, 404, 'audit_entry_not_found');
  });

  it('is exported whole, as JSON lines and as CSV', async () => {
    const all = await found({ limit: '100' });
    const ndjson = await audit({}, '/export');
    const lines = ndjson.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry);
    expect(lines.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    const csv = await audit({ format: 'csv', action: 'user.updated' }, '/export');
    expect(csv.text.split('\r\n')[0]).toMatch(/^id,occurred_at,/);
    expect(csv.text).toContain('user.updated');
  });

  it('R296: forgets what changed about a person who is erased, and keeps that it changed', async () => {
    const person = await app.api.signUp(tenant);
    await app.api.patch('/v1/me', { token: person.token, body: { first_name: 'Secret' } });
    await app.api.delete('/v1/me', { token: person.token });
    await app.drain();
    const entries = await found({ target_id: person.userId, action: 'user.updated' });
    expect(entries).toHaveLength(1);
    expect(entries[0]?.changes).toBeUndefined();
  });
});

describe('the security events of a person', () => {
  it('show what they did and what was done to their account, and nothing of others', async () => {
    const { body } = await app.api.get('/v1/me/security-events', { token: ada.token });
    const events = body.events as { action: string; outcome: string; by_you: boolean }[];
    expect(events.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(
      expect.arrayContaining(['auth.sign_in failure', 'user.updated success', 'auth.sign_up success']),
    );
    const other = await app.api.signUp(tenant);
    const theirs = (await app.api.get('/v1/me/security-events', { token: other.token })).text;
    expect(theirs).not.toContain(ada.userId);
  });

  it('say that an operator acted, and not from where', async () => {
    const person = await app.api.signUp(tenant);
    const query = { app_id: tenant.scope.appId };
    const body = { first_name: 'Changed' };
    await app.api.patch(`/v1/admin/users/${person.userId}`, { token: operator, query, body });
    const answer = await app.api.get('/v1/me/security-events', { token: person.token, query: { limit: '1' } });
    const [event] = answer.body.events as object[];
    expect(event).toEqual({
      id: expect.any(String),
      occurred_at: expect.any(String),
      action: 'user.updated',
      outcome: 'success',
      by_you: false,
    });
  });
});
