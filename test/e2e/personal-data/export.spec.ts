import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { asOwner } from '../../support/as-owner.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';

const MINUTE_MS = 60_000;
const HOME = '203.0.113.7';
const AGENT = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) HomeBrowser/7.7';

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

const exportOf = ({ token }: { token: string }): Promise<Answer> => app.api.get('/v1/me/export', { token });
const fromHome = { remoteAddress: HOME, headers: { 'user-agent': AGENT } };

async function personAtHome(fields: object = {}): Promise<SignedIn> {
  const email = uniqueEmail();
  const body = { email, password: PASSWORD, ...fields };
  const { status, text } = await app.api.post('/v1/signup', { tenant, body, ...fromHome });
  if (status !== 201) throw new Error(text);
  return app.api.signIn(tenant, { email, password: PASSWORD }, { tenant, ...fromHome });
}

describe('the export of a person’s data', () => {
  it('R294: holds every category that is kept on them', async () => {
    const person = await personAtHome({
      name: 'Ada Lovelace',
      username: `ada${uniqueEmail().slice(7, 19)}`,
      metadata: { team: 'engines' },
    });
    const image = 'https://pictures.example/ada.png';
    await app.api.patch('/v1/me', { token: person.token, body: { image }, ...fromHome });
    await app.api.post('/v1/signin', {
      tenant,
      ...fromHome,
      body: { email: person.email, password: 'a wrong password' },
    });

    const { status, body } = await exportOf(person);
    expect(status).toBe(200);
    expect(body.user).toEqual((await app.api.get('/v1/me', { token: person.token })).body);
    expect(body.user).toMatchObject({ email: person.email, first_name: 'Ada', image, metadata: { team: 'engines' } });
    expect(body.auth_methods).toMatchObject([{ type: 'password', provider: 'password' }]);
    expect(body.sessions).toMatchObject([
      { ip_address: HOME, user_agent: AGENT, current: true },
      { ip_address: HOME, user_agent: AGENT, current: false },
    ]);
    expect(body.devices).toMatchObject([{ ip_address: HOME }]);
    const events = body.security_events as { action: string; outcome: string; ip_address?: string }[];
    for (const [action, outcome] of [
      ['user.create', 'success'],
      ['auth.sign_up', 'success'],
      ['auth.sign_in', 'success'],
      ['auth.sign_in', 'failure'],
      ['device.registered', 'success'],
      ['user.updated', 'success'],
    ]) {
      const found = events.find((event) => event.action === action && event.outcome === outcome);
      expect([action, outcome, found?.ip_address]).toEqual([action, outcome, HOME]);
    }
  });

  it('R294: holds no secret, hash or token', async () => {
    const person = await personAtHome();
    await app.api.post('/v1/forgot-password', { tenant, body: { email: person.email } });
    await app.drain();
    const { text } = await exportOf(person);
    const secrets = await asOwner<Record<string, string>>(
      app,
      `SELECT p.password_hash, encode(s.access_hash, 'hex') AS access, encode(s.locator, 'hex') AS locator,
         encode(d.secret_hash, 'hex') AS device, encode(c.token_hash, 'hex') AS challenge, encode(c.code_mac, 'hex') AS code
       FROM user_passwords p JOIN sessions s USING (user_id) JOIN devices d USING (user_id) JOIN challenges c USING (user_id)
       WHERE user_id = $1`,
      [person.userId],
    );
    const values = secrets.flatMap((row) => Object.values(row).filter((value) => value !== null));
    expect(values.length).toBeGreaterThanOrEqual(6);
    for (const secret of [...values, person.token, person.refreshToken, person.deviceToken ?? '', PASSWORD, 'argon2']) {
      expect(secret).not.toBe('');
      expect(text).not.toContain(secret);
    }
  });

  it('R294: holds nothing of anybody else: not of another user, and not where an operator was who dealt with the account', async () => {
    const person = await personAtHome();
    const other = await app.api.post('/v1/signup', {
      tenant,
      remoteAddress: '198.51.100.9',
      headers: { 'user-agent': 'OtherBrowser/1.0' },
      body: { email: uniqueEmail(), password: PASSWORD, name: 'Otherwise Unknown' },
    });
    const operator = await app.operatorOf(tenant.scope.appId);
    for (const action of ['ban', 'unban']) {
      const answer = await app.api.post(`/v1/admin/users/${person.userId}/${action}`, {
        token: operator,
        query: { app_id: tenant.scope.appId },
        headers: { 'x-authsome-environment': 'development', 'user-agent': 'OperatorBrowser/1.0' },
        remoteAddress: '192.0.2.50',
        body: {},
      });
      expect(answer.status).toBe(200);
    }
    const back = await app.api.signIn(tenant, person);
    const { body, text } = await exportOf(back);
    expect((body.security_events as { action: string }[]).map(({ action }) => action)).toEqual(
      expect.arrayContaining(['admin.user.ban', 'admin.user.unban']),
    );
    for (const foreign of ['192.0.2.50', 'OperatorBrowser', '198.51.100.9', 'OtherBrowser', 'Otherwise']) {
      expect(text).not.toContain(foreign);
    }
    expect(text).not.toContain((other.body.user as { id: string }).id);
  });

  it('R294: needs a recent proof of identity, and leaves an entry in the trail', async () => {
    const person = await personAtHome();
    expect((await exportOf(person)).status).toBe(200);
    app.clock.advance(10 * MINUTE_MS + 1);
    expect((await exportOf(person)).body.type).toBe('reauth_required');
    const entries = await asOwner(app, "SELECT id FROM audit_entries WHERE action = 'user.export' AND actor_id = $1", [
      person.userId,
    ]);
    expect(entries).toHaveLength(1);
  });

  it('R294: is the caller’s own, whoever else is named', async () => {
    const person = await personAtHome();
    const victim = await personAtHome();
    const answer = await app.api.get('/v1/me/export', {
      token: person.token,
      query: { user_id: victim.userId, id: victim.userId },
    });
    expect((answer.body.user as { id: string }).id).toBe(person.userId);
    expect(answer.text).not.toContain(victim.userId);
    expect((await app.api.get('/v1/me/export')).status).toBe(401);
  });
});

describe('the ways in to an account', () => {
  it('are listed: today the password, with the time it was set', async () => {
    const person = await app.api.signUp(tenant);
    const { body } = await app.api.get('/v1/me/auth-methods', { token: person.token });
    expect(body.methods).toEqual([
      { type: 'password', provider: 'password', label: 'Password', linked_at: app.clock.now().toISOString() },
    ]);
  });

  it('R143: the last one cannot be removed, and one that is not there is 404', async () => {
    const person = await app.api.signUp(tenant);
    const { token } = person;
    const last = await app.api.delete('/v1/me/auth-methods/password', { token });
    expect([last.status, last.body.type]).toEqual([400, 'last_auth_method']);
    const missing = await app.api.delete('/v1/me/auth-methods/google', { token });
    expect([missing.status, missing.body.type]).toEqual([404, 'auth_method_not_found']);
    expect((await app.api.signIn(tenant, person)).userId).toBe(person.userId);
    app.clock.advance(10 * MINUTE_MS + 1);
    expect((await app.api.delete('/v1/me/auth-methods/password', { token })).body.type).toBe('reauth_required');
  });
});
