import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsersService } from '../../../src/users/users.service.js';
import { type Answer, type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { isDead } from '../../support/session-checks.js';
import { tenantWith } from '../../support/session-policy.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { Stage, UNLIMITED } from '../sweep/stage.js';

let app: TestApp;
let stage: Stage;
let view: OwnerView;

beforeAll(async () => {
  app = await TestApp.start({ env: UNLIMITED });
  stage = await Stage.set(app);
  view = await OwnerView.open(app.database);
});
afterAll(async () => {
  await view.close();
  await app.close();
});

describe('people of two environments', () => {
  it('R176: share nothing but an address: password, session, ban and deletion of one leave the other alone', async () => {
    const email = uniqueEmail();
    const here = await app.api.signUp(stage.a.first, { email, password: 'the passphrase used here' });
    const there = await app.api.signUp(stage.a.second, { email, password: 'the passphrase used there' });
    const untouched = async (): Promise<void> => {
      expect((await app.api.get('/v1/me', { token: there.token })).body).toMatchObject({
        id: there.userId,
        banned: false,
      });
      await app.api.signIn(stage.a.second, there);
    };
    const crossed = { email, password: here.password };
    expectProblem(await app.api.post('/v1/signin', { tenant: stage.a.second, body: crossed }), 401);

    const change = { current_password: here.password, new_password: 'another passphrase here' };
    expect((await app.api.post('/v1/change-password', { token: here.token, body: change })).status).toBe(200);
    await untouched();

    const { userId } = here;
    const query = { app_id: stage.a.appId };
    const ban = await app.api.post(`/v1/admin/users/${userId}/ban`, { token: stage.a.operator, query, body: {} });
    expect(ban.status).toBe(200);
    await untouched();

    await app.get(UsersService).erase(stage.a.first.scope, userId as never, { kind: 'system' });
    await app.drain();
    await untouched();
  });

  it('R176: the reset link of one opens nothing in the other', async () => {
    const email = uniqueEmail();
    await app.api.signUp(stage.a.first, { email });
    const there = await app.api.signUp(stage.a.second, { email });
    await app.api.post('/v1/forgot-password', { tenant: stage.a.first, body: { email } });
    await app.drain();
    const { link } = app.mailer.last(email, 'reset_password');
    const token = new URLSearchParams(new URL(link ?? '').hash.slice(1)).get('token') ?? '';
    const body = { token, new_password: 'another long passphrase' };
    expectProblem(await app.api.post('/v1/reset-password', { tenant: stage.a.second, body }), 401, 'invalid_code');
    expect((await app.api.post('/v1/reset-password', { tenant: stage.a.first, body })).status).toBe(200);
    await app.api.signIn(stage.a.second, there);
  });

  it('R173: user_id, org_id and tenant_id of somebody else are not obeyed', async () => {
    const ada = await app.api.signUp(stage.a.first);
    const victim = await app.api.signUp(stage.a.first);
    const foreign = {
      user_id: victim.userId,
      id: victim.userId,
      org_id: 'aorg_01jd3v3x6pe0p9m2s5f7q8w9ab',
      tenant_id: 'x',
      email: victim.email,
    };
    const before = await view.query('SELECT * FROM users WHERE id = $1', [victim.userId]);
    const changed = await app.api.patch('/v1/me', {
      token: ada.token,
      query: foreign,
      body: { ...foreign, first_name: 'Eve' },
    });
    expect(changed.body).toMatchObject({ id: ada.userId, email: ada.email, first_name: 'Eve' });
    const listed = await app.api.get('/v1/sessions', { token: ada.token, query: foreign });
    expect((listed.body.sessions as { user_id: string }[]).map(({ user_id }) => user_id)).toEqual([ada.userId]);
    expect((await app.api.get('/v1/me', { token: ada.token, query: foreign })).body.id).toBe(ada.userId);
    expect(await view.query('SELECT * FROM users WHERE id = $1', [victim.userId])).toEqual(before);
  });

  it('R175: a cursor of another person, environment or list is refused', async () => {
    const cursorOf = async ({ token }: SignedIn, list: string): Promise<string> => {
      const { body } = await app.api.get(`/v1/${list}`, { token, query: { limit: '1' } });
      return String(body.next_cursor);
    };
    const twice = async (tenant: TestTenant): Promise<SignedIn> => {
      const person = await app.api.signUp(tenant);
      return app.api.signIn(tenant, person, { headers: { 'x-device-fingerprint': 'another-device' } });
    };
    const ada = await twice(stage.a.first);
    const [neighbour, second, other] = [
      await twice(stage.a.first),
      await twice(stage.a.second),
      await twice(stage.b.first),
    ];
    for (const list of ['sessions', 'devices']) {
      const own = await cursorOf(ada, list);
      expect((await app.api.get(`/v1/${list}`, { token: ada.token, query: { cursor: own } })).status).toBe(200);
      for (const person of [neighbour, second, other]) {
        const cursor = await cursorOf(person, list);
        expectProblem(
          await app.api.get(`/v1/${list}`, { token: ada.token, query: { cursor } }),
          400,
          'malformed_cursor',
        );
      }
      const wrongList = list === 'sessions' ? 'devices' : 'sessions';
      const answer = await app.api.get(`/v1/${wrongList}`, { token: ada.token, query: { cursor: own } });
      expectProblem(answer, 400, 'malformed_cursor');
    }
  });
});

describe('tokens', () => {
  it('R178: a JWT of one app opens nothing in another, and nothing that was changed about it holds', async () => {
    const a = await tenantWith(app, { token_format: 'jwt' });
    const b = await tenantWith(app, { token_format: 'jwt' });
    const [ada, bob] = [await app.api.signUp(a), await app.api.signUp(b)];
    expect((await app.api.get('/v1/me', { token: ada.token, tenant: a })).status).toBe(200);
    expectProblem(await app.api.get('/v1/me', { token: ada.token, tenant: b }), 401);
    const seen = await app.api.post('/v1/introspect', { tenant: b, body: { token: ada.token } });
    expect(seen.body).toEqual({ active: false });
    const [header, , signature] = ada.token.split('.');
    const [, foreign] = bob.token.split('.');
    const claims = JSON.parse(Buffer.from(ada.token.split('.')[1] ?? '', 'base64url').toString()) as object;
    const moved = Buffer.from(JSON.stringify({ ...claims, aud: b.scope.appId, env_id: b.scope.envId })).toString(
      'base64url',
    );
    for (const payload of [foreign, moved]) {
      expectProblem(await app.api.get('/v1/me', { token: `${header}.${payload}.${signature}` }), 401);
    }
  });

  it('R177: of a deleted app or environment are dead, and no rows of it remain', async () => {
    const staged = await stage.anotherApp();
    const [ada, bob] = [await stage.person(staged.first), await stage.person(staged.second)];
    await app.api.post('/v1/forgot-password', { tenant: staged.first, body: { email: ada.email } });
    await app.api.post('/v1/signin', { tenant: staged.first, body: { email: ada.email, password: 'wrong' } });
    await app.drain();

    await view.query('DELETE FROM environments WHERE id = $1', [staged.second.scope.envId]);
    await view.query(`SELECT pg_notify('authsome', 'tenant:' || $1)`, [staged.appId]);
    await eventually(async () => (await app.api.get('/v1/me', { token: bob.token })).status === 401);
    expect(await isDead(app, bob)).toBe(true);
    expect((await app.api.get('/v1/me', { token: ada.token })).status).toBe(200);

    await view.query('DELETE FROM apps WHERE id = $1', [staged.appId]);
    await view.query(`SELECT pg_notify('authsome', 'tenant:' || $1)`, [staged.appId]);
    await eventually(async () => (await app.api.get('/v1/me', { token: ada.token })).status === 401);
    expect(await isDead(app, ada)).toBe(true);
    expect((await app.api.post('/v1/introspect', { body: { token: ada.token } })).body).toEqual({ active: false });
    for (const tenant of [staged.first, staged.second]) {
      const body = { email: ada.email, password: ada.password };
      expectProblem(await app.api.post('/v1/signin', { tenant, body }), 400, 'unknown_tenant');
    }
    const query = { app_id: staged.appId };
    expectProblem(await app.api.get('/v1/environments', { token: stage.owner, query }), 403);
    // What happened stays on record; nothing else does.
    const left = (await view.rowsOf(staged.appId)).filter((row) => !row.startsWith('audit_entries'));
    expect(left).toEqual([]);
  });

  it('R177: of an app that was switched off are dead until it is switched on', async () => {
    const staged = await stage.anotherApp();
    const ada = await stage.person(staged.first);
    const setActive = async (active: boolean): Promise<void> => {
      await view.query('UPDATE apps SET active = $2 WHERE id = $1', [staged.appId, active]);
      await view.query(`SELECT pg_notify('authsome', 'tenant:' || $1)`, [staged.appId]);
    };
    await setActive(false);
    await eventually(async () => (await app.api.get('/v1/me', { token: ada.token })).status === 401);
    expectProblem(await app.api.post('/v1/refresh', { body: { refresh_token: ada.refreshToken } }), 401);
    await setActive(true);
    await eventually(async () => (await app.api.get('/v1/me', { token: ada.token })).status === 200);
  });
});

describe('answers to many tenants at once', () => {
  it('R180: never hold anything of another one, failures included', async () => {
    const sides = await Promise.all(
      [stage.a.first, stage.b.first].map(async (tenant) => ({ tenant, person: await stage.person(tenant) })),
    );
    const calls = sides.flatMap(({ tenant, person }, side) => {
      const { token, email, password, sessionId, deviceId } = person;
      const other = sides[1 - side]?.person;
      const send: (() => Promise<Answer>)[] = [
        () => app.api.get('/v1/me', { token }),
        () => app.api.get('/v1/sessions', { token }),
        () => app.api.get(`/v1/devices/${deviceId}`, { token }),
        () => app.api.get(`/v1/sessions/${other?.sessionId}`, { token }),
        () => app.api.patch('/v1/me', { token, body: { first_name: 7 } }),
        () => app.api.post('/v1/signin', { tenant, body: { email, password } }),
        () => app.api.post('/v1/signin', { tenant, body: { email, password: 'wrong' } }),
        () => app.api.post('/v1/signin', { tenant, body: { email: other?.email, password: other?.password } }),
        () => app.api.post('/v1/introspect', { tenant, body: { token } }),
        () => app.api.get(`/v1/sessions/${sessionId}`, { token }),
      ];
      return send.map((call) => ({ side, call }));
    });
    const foreign = sides.map(({ tenant, person }) => [
      person.userId,
      person.email,
      person.sessionId,
      person.deviceId,
      tenant.scope.appId,
      tenant.scope.envId,
    ]);
    for (let round = 0; round < 25; round += 1) {
      const answers = await Promise.all(calls.map(async ({ side, call }) => ({ side, answer: await call() })));
      for (const { side, answer } of answers) {
        const text = answer.text + JSON.stringify(answer.headers);
        for (const id of foreign[1 - side] ?? []) expect([id, text.includes(id)]).toEqual([id, false]);
      }
    }
  });
});

/** Waits for what a notification brings about: it travels on a connection of its own. */
async function eventually(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not come about');
}
