import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD } from '../../support/api-client.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { DatabaseDump } from './database-dump.js';

const MINUTE_MS = 60_000;

let app: TestApp;
let tenant: TestTenant;
const log: string[] = [];

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS, log });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

const erase = ({ token }: { token: string }): Promise<Answer> => app.api.delete('/v1/me', { token });

/** Runs what is due now and what has run out two minutes later, such as the counts of rate limits. */
async function settle(): Promise<void> {
  await app.drain();
  app.clock.advance(2 * MINUTE_MS);
  await app.drain();
}

describe('an account that its owner erases', () => {
  it('R296: leaves nothing in the database but a pseudonym', async () => {
    const mark = randomBytes(6).toString('hex');
    const [first, second] = [`canary.${mark}@first.example`, `canary.${mark}@second.example`];
    const pending = `pending.${mark}@third.example`;
    const [home, elsewhere] = ['203.0.113.211', '2001:db8:77aa:1::99'];
    const agents = [`CanaryBrowser/${mark}`, `CanaryPhone/${mark}`];
    const at = (place: number) => ({
      remoteAddress: [home, elsewhere][place] ?? '',
      headers: { 'user-agent': agents[place] ?? '' },
    });
    const canaries: readonly string[] = [
      first,
      second,
      pending,
      home,
      elsewhere,
      ...agents,
      `Forename${mark}`,
      `Surname${mark}`,
      `nick${mark}`,
      `metadata-${mark}`,
      `https://pictures.example/${mark}.png`,
      `my laptop ${mark}`,
      `banned because ${mark}`,
    ];

    const body = {
      email: first,
      password: PASSWORD,
      name: `Forename${mark} Surname${mark}`,
      username: `Nick${mark}`,
      metadata: { note: `metadata-${mark}` },
    };
    const signedUp = await app.api.post('/v1/signup', { tenant, body, ...at(0) });
    const { id } = signedUp.body.user as { id: string };
    let token = signedUp.body.session_token as string;
    const keyed = { ...at(0).headers, 'idempotency-key': `canary-${mark}` };
    await app.api.post('/v1/signin', {
      tenant,
      remoteAddress: home,
      headers: keyed,
      body: { email: first, password: PASSWORD },
    });
    await app.api.patch('/v1/me', { token, ...at(0), body: { image: `https://pictures.example/${mark}.png` } });
    const devices = await app.api.get('/v1/devices', { token, ...at(0) });
    const [device] = devices.body.devices as { id: string }[];
    await app.api.patch(`/v1/devices/${device?.id ?? ''}`, { token, ...at(0), body: { name: `my laptop ${mark}` } });
    await app.api.post('/v1/signin', { tenant, ...at(1), body: { email: first, password: 'a wrong password' } });

    // Somebody replays a rotated refresh token from another place.
    const refreshed = { refresh_token: signedUp.body.refresh_token };
    await app.api.post('/v1/refresh', { ...at(0), body: refreshed });
    app.clock.advance(MINUTE_MS);
    const replayed = await app.api.post('/v1/refresh', { ...at(1), body: refreshed });
    expect(replayed.status).toBe(401);

    const operator = await app.operatorOf(tenant.scope.appId);
    for (const action of ['ban', 'unban']) {
      await app.api.post(`/v1/admin/users/${id}/${action}`, {
        token: operator,
        query: { app_id: tenant.scope.appId },
        headers: { 'x-authsome-environment': 'development' },
        body: { reason: `banned because ${mark}` },
      });
    }
    const back = await app.api.post('/v1/signin', { tenant, ...at(1), body: { email: first, password: PASSWORD } });
    token = back.body.session_token as string;
    await app.api.post('/v1/me/change-email', { token, ...at(1), body: { email: second } });
    await app.drain();
    const confirm = tokenOf(app.mailer.last(second, 'change_email'));
    await app.api.post('/v1/change-email/confirm', { ...at(1), body: { token: confirm } });
    await app.api.post('/v1/me/change-email', { token, ...at(1), body: { email: pending } });
    await app.api.post('/v1/signup', { tenant, ...at(0), body: { email: second, password: PASSWORD } });
    await app.api.get('/v1/me/export', { token, ...at(1) });
    const full = await DatabaseDump.of(app);
    for (const canary of canaries.filter((value) => !value.startsWith('banned because'))) {
      expect([canary, full.rowsWith(canary).length > 0]).toEqual([canary, true]);
    }
    expect(full.rowsWith(`banned because ${mark}`)).not.toEqual([]);

    const gone = await app.api.delete('/v1/me', { token, ...at(1) });
    expect(gone.status).toBe(200);
    await settle();
    const empty = await DatabaseDump.of(app);
    for (const canary of canaries) expect(empty.rowsWith(canary)).toEqual([]);
    expect(empty.rowsWith(id).length).toBeGreaterThan(0);
    for (const canary of canaries) expect(log.filter((line) => line.includes(canary))).toEqual([]);
  });

  it('R296: so does an operator, whose work in many apps is on record', async () => {
    const where = '198.51.100.233';
    const agent = `OperatorBrowser/${randomBytes(6).toString('hex')}`;
    const owner = await app.platformOwner();
    const operator = await app.operatorOf(tenant.scope.appId);
    const victim = await app.api.signUp(tenant);
    const from = { remoteAddress: where, headers: { 'user-agent': agent, 'x-authsome-environment': 'development' } };
    const query = { app_id: tenant.scope.appId };
    const banned = await app.api.post(`/v1/admin/users/${victim.userId}/ban`, {
      token: operator,
      query,
      body: {},
      ...from,
    });
    expect(banned.status).toBe(200);
    const { headers, remoteAddress } = from;
    const config = `/v1/admin/apps/${tenant.scope.appId}/client-config`;
    const agentOnly = { remoteAddress, headers: { 'user-agent': headers['user-agent'] } };
    expect((await app.api.put(config, { token: operator, body: { app_name: 'Acme' }, ...agentOnly })).status).toBe(200);
    expect((await DatabaseDump.of(app)).rowsWith(where).length).toBeGreaterThanOrEqual(2);

    expect((await app.api.delete('/v1/me', { token: operator, ...agentOnly })).status).toBe(200);
    await settle();
    const dump = await DatabaseDump.of(app);
    expect([dump.rowsWith(where), dump.rowsWith(agent)]).toEqual([[], []]);
    expect((await app.api.get('/v1/me', { token: owner })).status).toBe(200);
  });

  it('R296: keeps what others did and were, word for word', async () => {
    const person = await app.api.signUp(tenant);
    const other = await app.api.signUp(tenant, { name: 'Grace Hopper' });
    const before = await app.api.get('/v1/me/export', { token: other.token });
    await erase(person);
    await settle();
    const after = await app.api.get('/v1/me/export', { token: other.token });
    expect(after.body.user).toEqual(before.body.user);
    const events = after.body.security_events as { id: string }[];
    expect(events.slice(-(before.body.security_events as object[]).length)).toEqual(before.body.security_events);
  });
});
