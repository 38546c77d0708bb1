import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Database } from '../../../src/kernel/persistence/database.js';
import { type Answer, type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const DAY_MS = 86_400_000;
const PASSWORD = 'correct horse battery staple';

let app: TestApp;
let view: OwnerView;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  view = await OwnerView.open(app.database);
});
afterAll(async () => {
  await view.close();
  await app.close();
});

/** An operator at work in one environment. */
class Administration {
  private constructor(
    readonly tenant: TestTenant,
    private readonly token: string,
  ) {}

  static async ofNewApp(): Promise<Administration> {
    const tenant = await app.createTenant();
    return new Administration(tenant, await app.operatorOf(tenant.scope.appId));
  }

  /** The same, with a token that is good after the clock was moved. */
  async later(): Promise<Administration> {
    return new Administration(this.tenant, await app.operatorOf(this.tenant.scope.appId));
  }

  call(
    method: string,
    path: string,
    body?: object,
    { query = {}, headers }: { query?: Record<string, string>; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    return app.api.request(method, `/v1/admin/users${path}`, {
      token: this.token,
      query: { app_id: this.tenant.scope.appId, ...query },
      ...(body && { body }),
      ...(headers && { headers }),
    });
  }

  async create(input: object = {}): Promise<Record<string, unknown> & { id: string; email: string }> {
    const created = await this.call('POST', '/create', { email: uniqueEmail(), ...input });
    if (created.status !== 200) throw new Error(created.text);
    return created.body as Record<string, unknown> & { id: string; email: string };
  }

  async found(query: Record<string, string>): Promise<string[]> {
    const { body, status, text } = await this.call('GET', '', undefined, { query });
    if (status !== 200) throw new Error(text);
    return (body.users as { id: string }[]).map(({ id }) => id);
  }

  signIn(email: string, password = PASSWORD): Promise<Answer> {
    return app.api.post('/v1/signin', { tenant: this.tenant, body: { email, password } });
  }

  signUp(): Promise<SignedIn> {
    return app.api.signUp(this.tenant);
  }
}

describe('users are found', () => {
  let admin: Administration;
  let ada: { id: string; email: string };
  let ben: { id: string; email: string };
  let cleo: { id: string; email: string };

  beforeAll(async () => {
    admin = await Administration.ofNewApp();
    ada = await admin.create({ email: 'ada@example.com', username: 'Countess', metadata: { plan: 'pro', seats: 3 } });
    ben = await admin.create({ email: 'ben_1@example.com', phone: '+44 20 7946 0958', external_id: 'crm-7' });
    cleo = await admin.create({ email: 'cleo@example.org', email_verified: true, metadata: { plan: 'pro' } });
    await admin.call('POST', `/${cleo.id}/ban`, { reason: 'spam' });
  });

  it.each<[string, Record<string, string>, () => string[]]>([
    ['all, newest first', {}, () => [cleo.id, ben.id, ada.id]],
    ['all, oldest first', { order: 'oldest' }, () => [ada.id, ben.id, cleo.id]],
    ['by address, whatever its case', { email: 'ADA@example.com' }, () => [ada.id]],
    ['by no part of an address', { email: 'da@example.com' }, () => []],
    ['by number, however it is written', { phone: '+44 (20) 7946-0958' }, () => [ben.id]],
    ['by username, whatever its case', { username: 'countess' }, () => [ada.id]],
    ['by external id', { external_id: 'crm-7' }, () => [ben.id]],
    ['by how the address begins', { q: 'cle' }, () => [cleo.id]],
    ['by how the username begins', { q: 'COUNT' }, () => [ada.id]],
    ['by a prefix that looks like a pattern', { q: 'b%' }, () => []],
    ['by a prefix with an underscore', { q: 'ben_' }, () => [ben.id]],
    ['by an underscore that stands for itself alone', { q: 'cle_' }, () => []],
    ['by metadata', { metadata: '{"plan":"pro"}' }, () => [cleo.id, ada.id]],
    ['by metadata beside an address', { metadata: '{"plan":"pro"}', email: 'cleo@example.org' }, () => [cleo.id]],
    ['by metadata that an address does not have', { metadata: '{"plan":"free"}', q: 'cleo' }, () => []],
    ['by all the metadata that is named', { metadata: '{"plan":"pro","seats":3}' }, () => [ada.id]],
    ['by being banned', { banned: 'true' }, () => [cleo.id]],
    ['by not being banned', { banned: 'false' }, () => [ben.id, ada.id]],
    ['by a verified address', { verified: 'true' }, () => [cleo.id]],
    ['by several conditions at once', { verified: 'false', metadata: '{"plan":"pro"}' }, () => [ada.id]],
    ['by the time they were created', { created_from: '2030-01-01T00:00:00Z' }, () => [cleo.id, ben.id, ada.id]],
    ['by the time before which they were created', { created_to: '2030-01-01T00:00:00Z' }, () => []],
  ])('%s', async (_, query, expected) => {
    expect(await admin.found(query)).toEqual(expected());
  });

  it('with a count, page by page, in an order that does not change', async () => {
    const first = await admin.call('GET', '', undefined, { query: { limit: '2' } });
    expect(first.body).toMatchObject({ total: 3 });
    const cursor = first.body.next_cursor as string;
    expect(await admin.found({ limit: '2', cursor })).toEqual([ada.id]);
    const foreign = await Administration.ofNewApp();
    expectProblem(await foreign.call('GET', '', undefined, { query: { cursor } }), 400, 'malformed_cursor');
    expectProblem(
      await admin.call('GET', '', undefined, { query: { cursor, verified: 'true' } }),
      400,
      'malformed_cursor',
    );
  });

  it('R170: in the environment that is named, and in no other', async () => {
    const staging = await app.environmentOf(admin.tenant.scope.appId, 'staging');
    const answer = await admin.call('GET', '', undefined, {
      headers: { 'x-authsome-environment': staging.scope.envId },
    });
    expect(answer.body).toMatchObject({ users: [], total: 0 });
  });

  it.each<[string, Record<string, string>]>([
    ['a number without its country', { phone: '020 7946 0958' }],
    ['metadata that is no object', { metadata: '[1]' }],
    ['metadata that is no JSON', { metadata: '{plan' }],
    ['a day that no calendar has', { created_from: '2030-02-31T25:00:00Z' }],
    ['a prefix of one letter', { q: 'a' }],
    ['an unknown order', { order: 'best' }],
  ])('by nothing when %s is asked for', async (_, query) => {
    expectProblem(await admin.call('GET', '', undefined, { query }), 400, 'validation_failed');
  });
});

describe('a user who is made by an operator', () => {
  it('signs in with the password that was given, without a sign-up of their own', async () => {
    const admin = await Administration.ofNewApp();
    const { email } = await admin.create({ password: PASSWORD, email_verified: true, first_name: 'Ada' });
    expect((await admin.signIn(email)).status).toBe(200);
    await app.drain();
    const stats = await view.query(
      `SELECT metric FROM stat_counters WHERE env_id = '${admin.tenant.scope.envId}' AND metric = 'sign_ups'`,
    );
    expect(stats).toEqual([]);
  });

  it('without a password sets one by mail, and cannot sign in before', async () => {
    const admin = await Administration.ofNewApp();
    const { email } = await admin.create();
    expectProblem(await admin.signIn(email), 401, 'invalid_credentials');
    await app.api.post('/v1/forgot-password', { tenant: admin.tenant, body: { email } });
    await app.drain();
    const token = tokenOf(app.mailer.last(email, 'reset_password'));
    await app.api.post('/v1/reset-password', { body: { token, new_password: PASSWORD } });
    expect((await admin.signIn(email)).status).toBe(200);
  });

  it('has an address, a username and an external id that nobody else has', async () => {
    const admin = await Administration.ofNewApp();
    const { email } = await admin.create({ username: 'ada', external_id: 'x' });
    const again = (input: object): Promise<Answer> => admin.call('POST', '/create', { email: uniqueEmail(), ...input });
    expectProblem(await again({ email }), 409, 'email_taken');
    expectProblem(await again({ username: 'ADA' }), 409, 'username_taken');
    expectProblem(await again({ external_id: 'x' }), 409, 'external_id_taken');
    expectProblem(await again({ password: 'short' }), 400);
    expectProblem(await again({ phone: '123' }), 400, 'validation_failed');
    expectProblem(await again({ metadata: { a: {} } }), 400, 'validation_failed');
  });
});

describe('what is known of a user', () => {
  it('is changed member by member, and not over somebody else’s change', async () => {
    const admin = await Administration.ofNewApp();
    const { id } = await admin.create({ metadata: { plan: 'pro', seats: 2 }, external_id: 'x' });
    const read = await admin.call('GET', `/${id}`);
    const headers = { 'if-match': read.headers.etag as string };
    const body = { first_name: 'Ada', email_verified: true, phone: '+442079460958', metadata: { seats: 3, plan: '' } };
    const changed = await admin.call('PATCH', `/${id}`, body, { headers });
    expect(changed.body).toMatchObject({
      first_name: 'Ada',
      email_verified: true,
      phone: '+442079460958',
      phone_verified: false,
      external_id: 'x',
      metadata: { seats: 3 },
    });
    expectProblem(await admin.call('PATCH', `/${id}`, { first_name: 'Eve' }, { headers }), 412);
    const cleared = await admin.call('PATCH', `/${id}`, { external_id: '', phone: '' });
    expect([cleared.body.external_id, cleared.body.phone]).toEqual([undefined, undefined]);
  });
});

describe('an address that an operator vouches for', () => {
  it('R116: makes no password good of which it is open whose it is', async () => {
    const admin = await Administration.ofNewApp();
    const { userId, email } = await admin.signUp();
    await app.api.post('/v1/signup', { tenant: admin.tenant, body: { email, password: 'somebody else’s passphrase' } });
    expect((await admin.call('PATCH', `/${userId}`, { email_verified: true })).body.email_verified).toBe(true);
    expectProblem(await admin.signIn(email), 401, 'invalid_credentials');
  });
});

describe('a deleted user', () => {
  it('is out at once, is found by operators alone, and comes back as they were', async () => {
    const admin = await Administration.ofNewApp();
    const { userId, email, token } = await admin.signUp();
    expect((await admin.call('DELETE', `/${userId}`)).status).toBe(200);
    expectProblem(await app.api.get('/v1/me', { token }), 401);
    expectProblem(await admin.signIn(email), 401, 'invalid_credentials');
    expect(await admin.found({})).toEqual([]);
    expect(await admin.found({ deleted: 'true' })).toEqual([userId]);
    expect((await admin.call('GET', `/${userId}`)).body.deleted_at).toBeDefined();
    expectProblem(await admin.call('DELETE', `/${userId}`), 404, 'user_not_found');
    expectProblem(await admin.call('PATCH', `/${userId}`, { first_name: 'A' }), 404, 'user_not_found');
    expect((await admin.call('POST', `/${userId}/restore`)).body.deleted_at).toBeUndefined();
    expect((await admin.signIn(email)).status).toBe(200);
    expectProblem(await admin.call('POST', `/${userId}/restore`), 404, 'user_not_found');
  });

  it('keeps the address: nobody else takes it, and nobody is told', async () => {
    const admin = await Administration.ofNewApp();
    const { userId, email } = await admin.signUp();
    await admin.call('DELETE', `/${userId}`);
    const answer = await app.api.post('/v1/signup', { tenant: admin.tenant, body: { email, password: PASSWORD } });
    expect(answer.status).toBe(201);
    expectProblem(await app.api.get('/v1/me', { token: answer.body.session_token as string }), 401);
    expect(await view.query(`SELECT id FROM users WHERE email = '${email}'`)).toEqual([{ id: userId }]);
    expectProblem(await admin.call('POST', '/create', { email }), 409, 'email_taken');
  });

  it('R296: is erased when retention ends, and not before', async () => {
    const admin = await Administration.ofNewApp();
    const { userId } = await admin.signUp();
    await admin.call('DELETE', `/${userId}`);
    const erased = async (): Promise<boolean> =>
      (await view.query<{ email: string | null }>(`SELECT email FROM users WHERE id = '${userId}'`))[0]?.email === null;
    app.clock.advance(29 * DAY_MS);
    await app.drain();
    expect(await erased()).toBe(false);
    app.clock.advance(1 * DAY_MS + 1);
    await app.drain();
    expect(await erased()).toBe(true);
    expectProblem(await (await admin.later()).call('POST', `/${userId}/restore`), 404, 'user_not_found');
  });

  it('counts no more, counts again when restored, and counts once when erased', async () => {
    const admin = await Administration.ofNewApp();
    const total = async (): Promise<number> => {
      await app.drain();
      const sql = `SELECT users::integer FROM user_totals WHERE env_id = '${admin.tenant.scope.envId}'`;
      return (await view.query<{ users: number }>(sql))[0]?.users ?? 0;
    };
    const { id } = await admin.create();
    await admin.create();
    expect(await total()).toBe(2);
    await admin.call('DELETE', `/${id}`);
    expect(await total()).toBe(1);
    await admin.call('POST', `/${id}/restore`);
    expect(await total()).toBe(2);
    await admin.call('DELETE', `/${id}`);
    await admin.call('POST', `/${id}/erase`);
    expect(await total()).toBe(1);
  });

  it('is never the operator who asks', async () => {
    const platform = await app.platformOwner();
    const me = await app.api.get('/v1/me', { token: platform });
    const { id, app_id } = me.body as { id: string; app_id: string };
    for (const [method, path] of [
      ['DELETE', `/v1/admin/users/${id}`],
      ['POST', `/v1/admin/users/${id}/erase`],
    ] as const) {
      const answer = await app.api.request(method, path, { token: platform, query: { app_id } });
      expectProblem(answer, 400, 'cannot_delete_self');
    }
  });
});

describe('a platform owner', () => {
  it.each([
    ['ban', 'POST', '/ban'],
    ['delete', 'DELETE', ''],
    ['erase', 'POST', '/erase'],
  ])('is nobody whom an operator of the platform app alone may %s', async (_, method, path) => {
    const owner = await app.platformOwner();
    const me = await app.api.get('/v1/me', { token: owner });
    const { id, app_id } = me.body as { id: string; app_id: TestTenant['scope']['appId'] };
    // With a second owner, so that the first is not protected as the last one.
    const made = await app.api.post('/v1/admin/users/create', {
      token: owner,
      query: { app_id },
      body: { email: uniqueEmail() },
    });
    const second = { token: owner, body: { user_id: made.body.id as string } };
    expect((await app.api.post('/v1/admin/platform/owners', second)).status).toBe(200);
    const token = await app.operatorOf(app_id);
    const answer = await app.api.request(method, `/v1/admin/users/${id}${path}`, { token, query: { app_id } });
    expectProblem(answer, 403, 'platform_owner_protected');
    expect((await app.api.get('/v1/me', { token: await app.platformOwner() })).status).toBe(200);
  });
});

describe('an erased user', () => {
  it('R296: is nobody any more, for operators too', async () => {
    const admin = await Administration.ofNewApp();
    const { userId, email } = await admin.signUp();
    expect((await admin.call('POST', `/${userId}/erase`)).status).toBe(200);
    expectProblem(await admin.call('GET', `/${userId}`), 404, 'user_not_found');
    expect(await admin.found({ deleted: 'true' })).toEqual([]);
    expect((await admin.call('POST', '/create', { email })).status).toBe(200);
  });
});

async function copyElsewhere(userId: string): Promise<TestTenant> {
  const target = await app.createTenant();
  const body = { source_user_id: userId, target_app_id: target.scope.appId };
  const copied = await app.api.post('/v1/admin/users/copy', { token: await app.platformOwner(), body });
  expect(copied.status).toBe(200);
  return target;
}

function signInAt(tenant: TestTenant, email: string): Promise<Answer> {
  return app.api.post('/v1/signin', { tenant, body: { email, password: PASSWORD } });
}

describe('a copy', () => {
  it('has profile and password in another app, and nothing else', async () => {
    const admin = await Administration.ofNewApp();
    const { userId, email } = await admin.signUp();
    await admin.call('PATCH', `/${userId}`, { first_name: 'Ada', metadata: { plan: 'pro' } });
    const owner = await app.platformOwner();
    const target = await app.createTenant();
    const copied = await app.api.post('/v1/admin/users/copy', {
      token: owner,
      body: { source_user_id: userId, target_app_id: target.scope.appId },
    });
    expect(copied.body).toMatchObject({
      app_id: target.scope.appId,
      email,
      first_name: 'Ada',
      metadata: { plan: 'pro' },
    });
    expect(copied.body.id).not.toBe(userId);
    const signedIn = await app.api.post('/v1/signin', { tenant: target, body: { email, password: PASSWORD } });
    expect(signedIn.status).toBe(200);
  });

  it('has to be given a new password where the original has to', async () => {
    const admin = await Administration.ofNewApp();
    const { userId, email } = await admin.signUp();
    await admin.call('POST', `/${userId}/force-password-reset`);
    const target = await copyElsewhere(userId);
    expectProblem(await signInAt(target, email), 401, 'invalid_credentials');
  });

  it('R116: has no password of which it is open whose it is', async () => {
    const admin = await Administration.ofNewApp();
    const { userId, email } = await admin.signUp();
    const rival = await app.api.post('/v1/signup', {
      tenant: admin.tenant,
      body: { email, password: 'the password of somebody else' },
    });
    expect(rival.status).toBe(201);
    const target = await copyElsewhere(userId);
    expectProblem(await signInAt(target, email), 401, 'invalid_credentials');
  });

  it('R181: goes nowhere that the operator does not reach', async () => {
    const admin = await Administration.ofNewApp();
    const { userId } = await admin.signUp();
    const { scope } = await app.createTenant();
    const body = { source_user_id: userId, target_app_id: scope.appId };
    expectProblem(await admin.call('POST', '/copy', body), 403, 'foreign_tenant');
    const foreign = await Administration.ofNewApp();
    const mine = { ...body, target_app_id: foreign.tenant.scope.appId };
    expectProblem(await foreign.call('POST', '/copy', mine), 404, 'user_not_found');
    const same = { ...body, target_app_id: admin.tenant.scope.appId, env_id: scope.envId };
    expectProblem(await admin.call('POST', '/copy', same), 404, 'environment_not_found');
  });
});

describe('a demanded password', () => {
  it('ends what the old one opened, and opens nothing until it is there', async () => {
    const admin = await Administration.ofNewApp();
    const { userId, email, token } = await admin.signUp();
    expect((await admin.call('POST', `/${userId}/force-password-reset`)).status).toBe(200);
    expectProblem(await app.api.get('/v1/me', { token }), 401);
    expectProblem(await admin.signIn(email, 'wrong password'), 401, 'invalid_credentials');
    expectProblem(await admin.signIn(email), 403, 'password_reset_required');
    await app.drain();
    const reset = tokenOf(app.mailer.last(email, 'reset_password'));
    const next = 'another long passphrase';
    await app.api.post('/v1/reset-password', { body: { token: reset, new_password: next } });
    expect((await admin.signIn(email, next)).status).toBe(200);
  });
});

describe('a locked account', () => {
  it('shows its state and is unlocked', async () => {
    const admin = await Administration.ofNewApp();
    const { userId, email } = await admin.signUp();
    expect((await admin.call('GET', `/${userId}/lockout`)).body).toEqual({ locked: false, failures: 0 });
    for (let failure = 0; failure < 10; failure += 1) await admin.signIn(email, 'wrong password');
    expectProblem(await admin.signIn(email), 429);
    expect((await admin.call('GET', `/${userId}/lockout`)).body).toMatchObject({
      locked: true,
      failures: 10,
      locked_until: expect.any(String),
    });
    expect((await admin.call('DELETE', `/${userId}/lockout`)).status).toBe(200);
    expect((await admin.signIn(email)).status).toBe(200);
  });
});

describe('sessions and devices of a user', () => {
  it('are listed, and ended one by one or all', async () => {
    const admin = await Administration.ofNewApp();
    const { userId, email, token } = await admin.signUp();
    await admin.signIn(email);
    const listed = (await admin.call('GET', `/${userId}/sessions`)).body.sessions as { id: string }[];
    expect(listed).toHaveLength(2);
    expect((await admin.call('GET', `/${userId}/devices`)).body.devices).toHaveLength(1);
    expect((await admin.call('DELETE', `/${userId}/sessions/${listed[1]?.id}`)).status).toBe(200);
    expectProblem(await app.api.get('/v1/me', { token }), 401);
    expect((await admin.call('DELETE', `/${userId}/sessions`)).body).toMatchObject({ revoked: 1 });
  });
});

describe('a list of users', () => {
  it('costs the same statements however many it shows', async () => {
    const admin = await Administration.ofNewApp();
    const statements = async (): Promise<string[]> => {
      const queries = jest.spyOn(app.get(Database), 'query');
      await admin.found({ limit: '50' });
      const names = queries.mock.calls
        .map(([, { name }]) => name)
        .filter((name) => /^users\.(newest|count)$/.test(name));
      queries.mockRestore();
      return names;
    };
    const few = await statements();
    for (let made = 0; made < 5; made += 1) await admin.create();
    expect(await statements()).toEqual(few);
    expect([...new Set(few)]).toEqual(['users.newest', 'users.count']);
  });
});
